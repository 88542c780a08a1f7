build-debug/debug/arch/x86/uart.o: arch/x86/uart.c lib/hidden.h \
 arch/x86/uart.h lib/types.h arch/arch.h abi/xen.h lib/errno.h \
 arch/x86/acpi.h arch/x86/asm.h arch/x86/irq.h arch/x86/pci.h core/lock.h \
 core/lockorder.def lib/string.h
lib/hidden.h:
arch/x86/uart.h:
lib/types.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
arch/x86/acpi.h:
arch/x86/asm.h:
arch/x86/irq.h:
arch/x86/pci.h:
core/lock.h:
core/lockorder.def:
lib/string.h:
