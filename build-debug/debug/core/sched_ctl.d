build-debug/debug/core/sched_ctl.o: core/sched_ctl.c lib/hidden.h \
 core/sched_internal.h arch/arch.h lib/types.h abi/xen.h lib/errno.h \
 core/domain.h core/lock.h core/lockorder.def core/frame.h core/timer.h \
 lib/pqueue.h lib/bitops.h core/sched.h core/vcpu.h core/guest.h \
 core/hypercall.h abi/hypercalls.def core/reject.h lib/print.h
lib/hidden.h:
core/sched_internal.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/sched.h:
core/vcpu.h:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/reject.h:
lib/print.h:
