build-debug/debug/core/ctl/domctl_save.o: core/ctl/domctl_save.c \
 lib/hidden.h core/ctl/ctl.h abi/xen.h lib/types.h lib/errno.h \
 core/guest.h core/ctl/domctl.def core/domain.h core/lock.h \
 core/lockorder.def core/frame.h core/timer.h lib/pqueue.h lib/bitops.h \
 core/hypercall.h abi/hypercalls.def core/reject.h
lib/hidden.h:
core/ctl/ctl.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
core/guest.h:
core/ctl/domctl.def:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/hypercall.h:
abi/hypercalls.def:
core/reject.h:
