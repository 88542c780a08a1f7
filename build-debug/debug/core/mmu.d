build-debug/debug/core/mmu.o: core/mmu.c lib/hidden.h core/mmu.h \
 lib/types.h core/frame.h core/lock.h core/lockorder.def core/guest.h \
 arch/arch.h abi/xen.h lib/errno.h core/frame_inline.h \
 core/mmu_internal.h core/domain.h core/timer.h lib/pqueue.h lib/bitops.h \
 core/reject.h core/vcpu.h core/hypercall.h abi/hypercalls.def \
 lib/print.h
lib/hidden.h:
core/mmu.h:
lib/types.h:
core/frame.h:
core/lock.h:
core/lockorder.def:
core/guest.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
core/frame_inline.h:
core/mmu_internal.h:
core/domain.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/reject.h:
core/vcpu.h:
core/hypercall.h:
abi/hypercalls.def:
lib/print.h:
