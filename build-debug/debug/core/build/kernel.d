build-debug/debug/core/build/kernel.o: core/build/kernel.c lib/hidden.h \
 abi/xen.h lib/types.h lib/errno.h arch/arch.h core/build/bzimage.h \
 core/build/why.h core/build/decompress.h core/build/kernel.h \
 core/build/elf.h lib/bitops.h core/heap.h lib/print.h lib/string.h
lib/hidden.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
arch/arch.h:
core/build/bzimage.h:
core/build/why.h:
core/build/decompress.h:
core/build/kernel.h:
core/build/elf.h:
lib/bitops.h:
core/heap.h:
lib/print.h:
lib/string.h:
