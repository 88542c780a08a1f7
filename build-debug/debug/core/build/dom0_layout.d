build-debug/debug/core/build/dom0_layout.o: core/build/dom0_layout.c \
 lib/hidden.h arch/arch.h lib/types.h abi/xen.h lib/errno.h \
 core/build/dom0.h core/build/image.h core/build/kernel.h \
 core/build/elf.h lib/bitops.h core/build/why.h
lib/hidden.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
core/build/dom0.h:
core/build/image.h:
core/build/kernel.h:
core/build/elf.h:
lib/bitops.h:
core/build/why.h:
