build-debug/debug/arch/x86/context.o: arch/x86/context.c lib/hidden.h \
 abi/xen.h lib/types.h lib/errno.h arch/arch.h arch/x86/asm.h \
 arch/x86/cpu.h arch/x86/mm/paging.h core/build/bootinfo.h \
 arch/x86/pv/callback.h arch/x86/pv/control.h arch/x86/pv/cpuid.h \
 core/guest.h arch/x86/pv/debugreg.h arch/x86/pv/descriptor.h \
 arch/x86/pv/fpu.h arch/x86/pv/physdev.h arch/x86/pv/segment.h \
 core/frame.h core/lock.h core/lockorder.def core/heap.h core/mmu.h \
 core/reject.h core/vcpu.h core/timer.h lib/pqueue.h core/hypercall.h \
 abi/hypercalls.def core/domain.h lib/bitops.h lib/print.h lib/string.h
lib/hidden.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
arch/arch.h:
arch/x86/asm.h:
arch/x86/cpu.h:
arch/x86/mm/paging.h:
core/build/bootinfo.h:
arch/x86/pv/callback.h:
arch/x86/pv/control.h:
arch/x86/pv/cpuid.h:
core/guest.h:
arch/x86/pv/debugreg.h:
arch/x86/pv/descriptor.h:
arch/x86/pv/fpu.h:
arch/x86/pv/physdev.h:
arch/x86/pv/segment.h:
core/frame.h:
core/lock.h:
core/lockorder.def:
core/heap.h:
core/mmu.h:
core/reject.h:
core/vcpu.h:
core/timer.h:
lib/pqueue.h:
core/hypercall.h:
abi/hypercalls.def:
core/domain.h:
lib/bitops.h:
lib/print.h:
lib/string.h:
