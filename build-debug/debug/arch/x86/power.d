build-debug/debug/arch/x86/power.o: arch/x86/power.c lib/hidden.h \
 arch/x86/power.h lib/types.h arch/arch.h abi/xen.h lib/errno.h \
 arch/x86/acpi.h arch/x86/asm.h arch/x86/clock.h arch/x86/smp.h \
 core/reject.h lib/print.h
lib/hidden.h:
arch/x86/power.h:
lib/types.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
arch/x86/acpi.h:
arch/x86/asm.h:
arch/x86/clock.h:
arch/x86/smp.h:
core/reject.h:
lib/print.h:
