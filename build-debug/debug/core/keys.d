build-debug/debug/core/keys.o: core/keys.c lib/hidden.h core/keys.h \
 lib/types.h core/console.h lib/print.h core/domain.h abi/xen.h \
 lib/errno.h core/lock.h core/lockorder.def core/frame.h core/timer.h \
 lib/pqueue.h lib/bitops.h core/event.h core/vcpu.h core/guest.h \
 core/hypercall.h abi/hypercalls.def core/grant.h core/heap.h core/mmu.h \
 core/reject.h core/sched.h arch/arch.h core/keys.def
lib/hidden.h:
core/keys.h:
lib/types.h:
core/console.h:
lib/print.h:
core/domain.h:
abi/xen.h:
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
core/grant.h:
core/heap.h:
core/mmu.h:
core/reject.h:
core/sched.h:
arch/arch.h:
core/keys.def:
