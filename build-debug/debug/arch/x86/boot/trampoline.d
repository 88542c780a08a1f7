build-debug/debug/arch/x86/boot/trampoline.o: arch/x86/boot/trampoline.S
