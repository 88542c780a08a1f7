build-debug/debug/arch/x86/cmos.o: arch/x86/cmos.c lib/hidden.h \
 arch/x86/cmos.h lib/types.h arch/arch.h abi/xen.h lib/errno.h \
 arch/x86/acpi.h arch/x86/asm.h lib/print.h
lib/hidden.h:
arch/x86/cmos.h:
lib/types.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
arch/x86/acpi.h:
arch/x86/asm.h:
lib/print.h:
