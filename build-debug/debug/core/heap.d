build-debug/debug/core/heap.o: core/heap.c lib/hidden.h core/heap.h \
 lib/types.h arch/arch.h abi/xen.h lib/errno.h core/frame.h core/lock.h \
 core/lockorder.def lib/bitops.h lib/print.h
lib/hidden.h:
core/heap.h:
lib/types.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
core/frame.h:
core/lock.h:
core/lockorder.def:
lib/bitops.h:
lib/print.h:
