build-debug/debug/arch/x86/boot/multiboot.o: arch/x86/boot/multiboot.c \
 lib/hidden.h arch/x86/boot/multiboot.h core/build/bootinfo.h lib/types.h \
 arch/x86/boot/boot.h lib/bitops.h lib/print.h lib/string.h
lib/hidden.h:
arch/x86/boot/multiboot.h:
core/build/bootinfo.h:
lib/types.h:
arch/x86/boot/boot.h:
lib/bitops.h:
lib/print.h:
lib/string.h:
