build-debug/debug/core/build/elf.o: core/build/elf.c lib/hidden.h \
 abi/xen.h lib/types.h lib/errno.h core/build/elf.h lib/bitops.h \
 core/build/why.h lib/string.h
lib/hidden.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
core/build/elf.h:
lib/bitops.h:
core/build/why.h:
lib/string.h:
