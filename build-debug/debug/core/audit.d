build-debug/debug/core/audit.o: core/audit.c lib/hidden.h arch/arch.h \
 lib/types.h abi/xen.h lib/errno.h core/event.h core/vcpu.h core/timer.h \
 lib/pqueue.h core/lock.h core/lockorder.def core/guest.h \
 core/hypercall.h abi/hypercalls.def core/domain.h core/frame.h \
 lib/bitops.h core/grant.h core/heap.h core/mmu_internal.h core/mmu.h \
 lib/print.h
lib/hidden.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
core/event.h:
core/vcpu.h:
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
core/grant.h:
core/heap.h:
core/mmu_internal.h:
core/mmu.h:
lib/print.h:
