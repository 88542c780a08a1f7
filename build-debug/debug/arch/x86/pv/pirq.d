build-debug/debug/arch/x86/pv/pirq.o: arch/x86/pv/pirq.c lib/hidden.h \
 arch/x86/pv/physdev.h lib/types.h arch/arch.h abi/xen.h lib/errno.h \
 arch/x86/irq.h arch/x86/pci.h core/lock.h core/lockorder.def \
 core/event.h core/vcpu.h core/timer.h lib/pqueue.h core/guest.h \
 core/hypercall.h abi/hypercalls.def core/domain.h core/frame.h \
 lib/bitops.h core/heap.h core/reject.h lib/print.h
lib/hidden.h:
arch/x86/pv/physdev.h:
lib/types.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
arch/x86/irq.h:
arch/x86/pci.h:
core/lock.h:
core/lockorder.def:
core/event.h:
core/vcpu.h:
core/timer.h:
lib/pqueue.h:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/domain.h:
core/frame.h:
lib/bitops.h:
core/heap.h:
core/reject.h:
lib/print.h:
