build-debug/debug/core/frame.o: core/frame.c lib/hidden.h core/frame.h \
 lib/types.h core/lock.h core/lockorder.def abi/xen.h lib/errno.h \
 arch/arch.h core/domain.h core/timer.h lib/pqueue.h lib/bitops.h \
 core/heap.h core/mmu.h core/guest.h core/reject.h lib/print.h
lib/hidden.h:
core/frame.h:
lib/types.h:
core/lock.h:
core/lockorder.def:
abi/xen.h:
lib/errno.h:
arch/arch.h:
core/domain.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/heap.h:
core/mmu.h:
core/guest.h:
core/reject.h:
lib/print.h:
