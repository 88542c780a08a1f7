build-debug/debug/core/build/image.o: core/build/image.c lib/hidden.h \
 arch/arch.h lib/types.h abi/xen.h lib/errno.h core/build/image.h \
 core/domain.h core/lock.h core/lockorder.def core/frame.h core/timer.h \
 lib/pqueue.h lib/bitops.h core/heap.h core/mmu.h core/guest.h \
 lib/print.h lib/string.h
lib/hidden.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
core/build/image.h:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/heap.h:
core/mmu.h:
core/guest.h:
lib/print.h:
lib/string.h:
