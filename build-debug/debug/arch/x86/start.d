build-debug/debug/arch/x86/start.o: arch/x86/start.c lib/hidden.h \
 arch/arch.h lib/types.h abi/xen.h lib/errno.h arch/x86/acpi.h \
 arch/x86/apic.h arch/x86/asm.h arch/x86/boot/boot.h \
 arch/x86/boot/multiboot.h core/build/bootinfo.h arch/x86/clock.h \
 arch/x86/cpu.h arch/x86/entry/entry.h arch/x86/features.h \
 arch/x86/ioapic.h arch/x86/irq.h arch/x86/pci.h core/lock.h \
 core/lockorder.def arch/x86/mm/paging.h arch/x86/record.h \
 arch/x86/pv/cpuid.h core/guest.h arch/x86/pv/descriptor.h \
 arch/x86/pv/firmware.h arch/x86/pv/fpu.h arch/x86/smp.h \
 arch/x86/switch.h arch/x86/uart.h core/console.h lib/print.h core/e820.h \
 core/options.h core/options.def core/sched.h core/vcpu.h core/timer.h \
 lib/pqueue.h core/hypercall.h abi/hypercalls.def core/domain.h \
 core/frame.h lib/bitops.h core/version.h lib/string.h
lib/hidden.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
arch/x86/acpi.h:
arch/x86/apic.h:
arch/x86/asm.h:
arch/x86/boot/boot.h:
arch/x86/boot/multiboot.h:
core/build/bootinfo.h:
arch/x86/clock.h:
arch/x86/cpu.h:
arch/x86/entry/entry.h:
arch/x86/features.h:
arch/x86/ioapic.h:
arch/x86/irq.h:
arch/x86/pci.h:
core/lock.h:
core/lockorder.def:
arch/x86/mm/paging.h:
arch/x86/record.h:
arch/x86/pv/cpuid.h:
core/guest.h:
arch/x86/pv/descriptor.h:
arch/x86/pv/firmware.h:
arch/x86/pv/fpu.h:
arch/x86/smp.h:
arch/x86/switch.h:
arch/x86/uart.h:
core/console.h:
lib/print.h:
core/e820.h:
core/options.h:
core/options.def:
core/sched.h:
core/vcpu.h:
core/timer.h:
lib/pqueue.h:
core/hypercall.h:
abi/hypercalls.def:
core/domain.h:
core/frame.h:
lib/bitops.h:
core/version.h:
lib/string.h:
