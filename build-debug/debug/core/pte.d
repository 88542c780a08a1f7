build-debug/debug/core/pte.o: core/pte.c lib/hidden.h arch/arch.h \
 lib/types.h abi/xen.h lib/errno.h core/pte_inline.h core/frame_inline.h \
 core/frame.h core/lock.h core/lockorder.def core/mmu_internal.h \
 core/domain.h core/timer.h lib/pqueue.h lib/bitops.h core/mmu.h \
 core/guest.h core/reject.h lib/rangeset.h
lib/hidden.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
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
core/guest.h:
core/reject.h:
lib/rangeset.h:
