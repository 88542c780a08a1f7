build-debug/debug/core/vcpu_timer.o: core/vcpu_timer.c lib/hidden.h \
 core/vcpu_timer.h core/vcpu.h abi/xen.h lib/types.h lib/errno.h \
 core/timer.h lib/pqueue.h core/lock.h core/lockorder.def core/guest.h \
 core/hypercall.h abi/hypercalls.def core/domain.h core/frame.h \
 lib/bitops.h arch/arch.h core/event.h core/reject.h core/sched.h
lib/hidden.h:
core/vcpu_timer.h:
core/vcpu.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
core/timer.h:
lib/pqueue.h:
core/lock.h:
core/lockorder.def:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/domain.h:
core/frame.h:
lib/bitops.h:
arch/arch.h:
core/event.h:
core/reject.h:
core/sched.h:
