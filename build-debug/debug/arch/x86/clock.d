build-debug/debug/arch/x86/clock.o: arch/x86/clock.c lib/hidden.h \
 arch/x86/clock.h arch/arch.h lib/types.h abi/xen.h lib/errno.h \
 arch/x86/acpi.h arch/x86/apic.h arch/x86/asm.h arch/x86/cmos.h \
 arch/x86/cpu.h lib/print.h
lib/hidden.h:
arch/x86/clock.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
arch/x86/acpi.h:
arch/x86/apic.h:
arch/x86/asm.h:
arch/x86/cmos.h:
arch/x86/cpu.h:
lib/print.h:
