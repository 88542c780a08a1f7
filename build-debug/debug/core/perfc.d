build-debug/debug/core/perfc.o: core/perfc.c lib/hidden.h core/perfc.h \
 lib/types.h core/perfc.def abi/xen.h lib/errno.h arch/arch.h \
 core/guest.h core/reject.h lib/print.h lib/string.h
lib/hidden.h:
core/perfc.h:
lib/types.h:
core/perfc.def:
abi/xen.h:
lib/errno.h:
arch/arch.h:
core/guest.h:
core/reject.h:
lib/print.h:
lib/string.h:
