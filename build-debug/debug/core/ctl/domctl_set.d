build-debug/debug/core/ctl/domctl_set.o: core/ctl/domctl_set.c \
 lib/hidden.h arch/arch.h lib/types.h abi/xen.h lib/errno.h \
 core/ctl/ctl.h core/guest.h core/ctl/domctl.def core/domain.h \
 core/lock.h core/lockorder.def core/frame.h core/timer.h lib/pqueue.h \
 lib/bitops.h core/event.h core/vcpu.h core/hypercall.h \
 abi/hypercalls.def core/reject.h core/sched.h lib/rangeset.h \
 lib/string.h
lib/hidden.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
core/ctl/ctl.h:
core/guest.h:
core/ctl/domctl.def:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/event.h:
core/vcpu.h:
core/hypercall.h:
abi/hypercalls.def:
core/reject.h:
core/sched.h:
lib/rangeset.h:
lib/string.h:
