build-debug/debug/arch/x86/irq.o: arch/x86/irq.c lib/hidden.h \
 arch/x86/irq.h lib/types.h abi/xen.h lib/errno.h arch/x86/pci.h \
 core/lock.h core/lockorder.def core/timer.h lib/pqueue.h arch/arch.h \
 arch/x86/acpi.h arch/x86/apic.h arch/x86/clock.h arch/x86/cpu.h \
 arch/x86/ioapic.h arch/x86/smp.h arch/x86/vectors.h core/domain.h \
 core/frame.h lib/bitops.h core/event.h core/vcpu.h core/guest.h \
 core/hypercall.h abi/hypercalls.def core/reject.h lib/print.h
lib/hidden.h:
arch/x86/irq.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
arch/x86/pci.h:
core/lock.h:
core/lockorder.def:
core/timer.h:
lib/pqueue.h:
arch/arch.h:
arch/x86/acpi.h:
arch/x86/apic.h:
arch/x86/clock.h:
arch/x86/cpu.h:
arch/x86/ioapic.h:
arch/x86/smp.h:
arch/x86/vectors.h:
core/domain.h:
core/frame.h:
lib/bitops.h:
core/event.h:
core/vcpu.h:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/reject.h:
lib/print.h:
