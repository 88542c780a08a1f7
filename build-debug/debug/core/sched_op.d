build-debug/debug/core/sched_op.o: core/sched_op.c lib/hidden.h \
 core/domain.h abi/xen.h lib/types.h lib/errno.h core/lock.h \
 core/lockorder.def core/frame.h core/timer.h lib/pqueue.h lib/bitops.h \
 core/event.h core/vcpu.h core/guest.h core/hypercall.h \
 abi/hypercalls.def core/reject.h core/sched.h core/sched_internal.h \
 arch/arch.h core/vcpu_timer.h
lib/hidden.h:
core/domain.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/event.h:
core/vcpu.h:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/reject.h:
core/sched.h:
core/sched_internal.h:
arch/arch.h:
core/vcpu_timer.h:
