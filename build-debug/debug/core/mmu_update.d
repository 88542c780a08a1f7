build-debug/debug/core/mmu_update.o: core/mmu_update.c lib/hidden.h \
 abi/xen.h lib/types.h lib/errno.h arch/arch.h core/guest.h \
 core/hypercall.h abi/hypercalls.def core/pte_inline.h \
 core/frame_inline.h core/frame.h core/lock.h core/lockorder.def \
 core/mmu_internal.h core/domain.h core/timer.h lib/pqueue.h lib/bitops.h \
 core/mmu.h core/reject.h core/vcpu.h
lib/hidden.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
arch/arch.h:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/pte_inline.h:
core/frame_inline.h:
core/frame.h:
core/lock.h:
core/lockorder.def:
core/mmu_internal.h:
core/domain.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/mmu.h:
core/reject.h:
core/vcpu.h:
