build-debug/debug/arch/x86/boot/head.o: arch/x86/boot/head.S \
 build-debug/debug/offsets.h
build-debug/debug/offsets.h:
