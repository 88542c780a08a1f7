build-debug/debug/core/vcpu.o: core/vcpu.c lib/hidden.h core/vcpu.h \
 abi/xen.h lib/types.h lib/errno.h core/timer.h lib/pqueue.h core/lock.h \
 core/lockorder.def core/guest.h core/hypercall.h abi/hypercalls.def \
 core/domain.h core/frame.h lib/bitops.h arch/arch.h core/event.h \
 core/heap.h core/reject.h core/sched.h core/vcpu_timer.h lib/print.h \
 lib/string.h
lib/hidden.h:
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
core/heap.h:
core/reject.h:
core/sched.h:
core/vcpu_timer.h:
lib/print.h:
lib/string.h:
