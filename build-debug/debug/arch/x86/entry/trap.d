build-debug/debug/arch/x86/entry/trap.o: arch/x86/entry/trap.c \
 lib/hidden.h arch/x86/entry/entry.h lib/types.h abi/xen.h lib/errno.h \
 arch/x86/entry/isolate.h core/vcpu.h core/timer.h lib/pqueue.h \
 core/lock.h core/lockorder.def core/guest.h core/hypercall.h \
 abi/hypercalls.def core/domain.h core/frame.h lib/bitops.h \
 arch/x86/asm.h arch/x86/cpu.h arch/arch.h arch/x86/smp.h arch/x86/irq.h \
 arch/x86/pci.h arch/x86/panic.h arch/x86/vectors.h \
 arch/x86/pv/callback.h arch/x86/pv/debugreg.h arch/x86/pv/descriptor.h \
 arch/x86/pv/emulate.h arch/x86/pv/fpu.h arch/x86/pv/inject.h \
 arch/x86/pv/ptwr.h core/trace.h lib/print.h
lib/hidden.h:
arch/x86/entry/entry.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
arch/x86/entry/isolate.h:
core/vcpu.h:
core/timer.h:
lib/pqueue.h:
core/lock.h:
core/lockorder.def:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/domain.h:
core/frame.h:
lib/bitops.h:
arch/x86/asm.h:
arch/x86/cpu.h:
arch/arch.h:
arch/x86/smp.h:
arch/x86/irq.h:
arch/x86/pci.h:
arch/x86/panic.h:
arch/x86/vectors.h:
arch/x86/pv/callback.h:
arch/x86/pv/debugreg.h:
arch/x86/pv/descriptor.h:
arch/x86/pv/emulate.h:
arch/x86/pv/fpu.h:
arch/x86/pv/inject.h:
arch/x86/pv/ptwr.h:
core/trace.h:
lib/print.h:
