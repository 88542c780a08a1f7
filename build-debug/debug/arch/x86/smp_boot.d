build-debug/debug/arch/x86/smp_boot.o: arch/x86/smp_boot.c lib/hidden.h \
 arch/x86/smp.h arch/arch.h lib/types.h abi/xen.h lib/errno.h \
 arch/x86/mm/paging.h core/build/bootinfo.h arch/x86/acpi.h \
 arch/x86/apic.h arch/x86/asm.h arch/x86/clock.h arch/x86/cpu.h \
 core/heap.h lib/bitops.h lib/print.h lib/string.h
lib/hidden.h:
arch/x86/smp.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
arch/x86/mm/paging.h:
core/build/bootinfo.h:
arch/x86/acpi.h:
arch/x86/apic.h:
arch/x86/asm.h:
arch/x86/clock.h:
arch/x86/cpu.h:
core/heap.h:
lib/bitops.h:
lib/print.h:
lib/string.h:
