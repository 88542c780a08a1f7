build-debug/debug/arch/x86/pv/physdev.o: arch/x86/pv/physdev.c \
 lib/hidden.h arch/x86/pv/physdev.h lib/types.h arch/arch.h abi/xen.h \
 lib/errno.h arch/x86/ioapic.h arch/x86/irq.h arch/x86/pci.h core/lock.h \
 core/lockorder.def core/domain.h core/frame.h core/timer.h lib/pqueue.h \
 lib/bitops.h core/guest.h core/hypercall.h abi/hypercalls.def \
 core/reject.h core/vcpu.h
lib/hidden.h:
arch/x86/pv/physdev.h:
lib/types.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
arch/x86/ioapic.h:
arch/x86/irq.h:
arch/x86/pci.h:
core/lock.h:
core/lockorder.def:
core/domain.h:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/reject.h:
core/vcpu.h:
