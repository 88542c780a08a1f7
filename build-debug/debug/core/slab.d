build-debug/debug/core/slab.o: core/slab.c lib/hidden.h arch/arch.h \
 lib/types.h abi/xen.h lib/errno.h core/domain.h core/lock.h \
 core/lockorder.def core/frame.h core/timer.h lib/pqueue.h lib/bitops.h \
 core/heap.h core/reject.h lib/print.h lib/string.h
lib/hidden.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/heap.h:
core/reject.h:
lib/print.h:
lib/string.h:
