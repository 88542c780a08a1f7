build-debug/debug/arch/x86/switch.o: arch/x86/switch.c lib/hidden.h \
 arch/x86/switch.h arch/arch.h lib/types.h abi/xen.h lib/errno.h \
 arch/x86/apic.h arch/x86/asm.h arch/x86/clock.h arch/x86/cpu.h \
 arch/x86/entry/entry.h arch/x86/entry/isolate.h core/vcpu.h core/timer.h \
 lib/pqueue.h core/lock.h core/lockorder.def core/guest.h \
 core/hypercall.h abi/hypercalls.def core/domain.h core/frame.h \
 lib/bitops.h arch/x86/smp.h arch/x86/mm/paging.h core/build/bootinfo.h \
 arch/x86/pv/debugreg.h arch/x86/pv/descriptor.h arch/x86/pv/fpu.h \
 arch/x86/pv/inject.h arch/x86/pv/msr.h arch/x86/pv/control.h \
 arch/x86/pv/segment.h arch/x86/vectors.h core/console.h lib/print.h \
 core/mmu.h core/sched.h core/trace.h lib/string.h
lib/hidden.h:
arch/x86/switch.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
arch/x86/apic.h:
arch/x86/asm.h:
arch/x86/clock.h:
arch/x86/cpu.h:
arch/x86/entry/entry.h:
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
arch/x86/smp.h:
arch/x86/mm/paging.h:
core/build/bootinfo.h:
arch/x86/pv/debugreg.h:
arch/x86/pv/descriptor.h:
arch/x86/pv/fpu.h:
arch/x86/pv/inject.h:
arch/x86/pv/msr.h:
arch/x86/pv/control.h:
arch/x86/pv/segment.h:
arch/x86/vectors.h:
core/console.h:
lib/print.h:
core/mmu.h:
core/sched.h:
core/trace.h:
lib/string.h:
