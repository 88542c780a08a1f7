build-debug/debug/arch/x86/ioapic.o: arch/x86/ioapic.c lib/hidden.h \
 arch/x86/ioapic.h lib/types.h arch/arch.h abi/xen.h lib/errno.h \
 arch/x86/acpi.h arch/x86/asm.h arch/x86/vectors.h lib/print.h
lib/hidden.h:
arch/x86/ioapic.h:
lib/types.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
arch/x86/acpi.h:
arch/x86/asm.h:
arch/x86/vectors.h:
lib/print.h:
