build-debug/debug/core/domain_kill.o: core/domain_kill.c lib/hidden.h \
 core/domain.h abi/xen.h lib/types.h lib/errno.h core/lock.h \
 core/lockorder.def core/frame.h core/timer.h lib/pqueue.h lib/bitops.h \
 arch/arch.h core/event.h core/vcpu.h core/guest.h core/hypercall.h \
 abi/hypercalls.def core/grant.h core/heap.h core/mmu.h core/reject.h \
 lib/print.h
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
arch/arch.h:
core/event.h:
core/vcpu.h:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/grant.h:
core/heap.h:
core/mmu.h:
core/reject.h:
lib/print.h:
