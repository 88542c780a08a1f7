build-debug/debug/core/ctl/bitmap.o: core/ctl/bitmap.c lib/hidden.h \
 core/ctl/ctl.h abi/xen.h lib/types.h lib/errno.h core/guest.h \
 core/ctl/domctl.def core/reject.h lib/bitops.h
lib/hidden.h:
core/ctl/ctl.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
core/guest.h:
core/ctl/domctl.def:
core/reject.h:
lib/bitops.h:
