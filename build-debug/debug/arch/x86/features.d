build-debug/debug/arch/x86/features.o: arch/x86/features.c lib/hidden.h \
 arch/x86/features.h arch/x86/asm.h lib/types.h arch/x86/cpu.h \
 arch/arch.h abi/xen.h lib/errno.h core/options.h core/options.def \
 lib/print.h lib/string.h
lib/hidden.h:
arch/x86/features.h:
arch/x86/asm.h:
lib/types.h:
arch/x86/cpu.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
core/options.h:
core/options.def:
lib/print.h:
lib/string.h:
