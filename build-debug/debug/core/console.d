build-debug/debug/core/console.o: core/console.c lib/hidden.h \
 core/console.h lib/types.h lib/print.h core/lock.h core/lockorder.def \
 core/options.h core/options.def core/heap.h lib/bitops.h lib/string.h \
 arch/arch.h abi/xen.h lib/errno.h
lib/hidden.h:
core/console.h:
lib/types.h:
lib/print.h:
core/lock.h:
core/lockorder.def:
core/options.h:
core/options.def:
core/heap.h:
lib/bitops.h:
lib/string.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
