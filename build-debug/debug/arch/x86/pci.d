build-debug/debug/arch/x86/pci.o: arch/x86/pci.c lib/hidden.h \
 arch/x86/pci.h lib/types.h arch/arch.h abi/xen.h lib/errno.h \
 arch/x86/acpi.h arch/x86/asm.h arch/x86/irq.h core/lock.h \
 core/lockorder.def core/heap.h core/reject.h lib/print.h
lib/hidden.h:
arch/x86/pci.h:
lib/types.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
arch/x86/acpi.h:
arch/x86/asm.h:
arch/x86/irq.h:
core/lock.h:
core/lockorder.def:
core/heap.h:
core/reject.h:
lib/print.h:
