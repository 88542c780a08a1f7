build-debug/debug/arch/x86/pv/ptwr.o: arch/x86/pv/ptwr.c lib/hidden.h \
 arch/x86/pv/ptwr.h abi/xen.h lib/types.h lib/errno.h \
 arch/x86/mm/uaccess.h arch/x86/asm.h arch/x86/pv/emulate.h \
 arch/x86/pv/gpr.h arch/x86/pv/inject.h arch/x86/pv/insn.h \
 arch/x86/pv/segment.h arch/x86/cpu.h arch/arch.h core/mmu.h core/frame.h \
 core/lock.h core/lockorder.def core/guest.h core/vcpu.h core/timer.h \
 lib/pqueue.h core/hypercall.h abi/hypercalls.def core/domain.h \
 lib/bitops.h lib/string.h
lib/hidden.h:
arch/x86/pv/ptwr.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
arch/x86/mm/uaccess.h:
arch/x86/asm.h:
arch/x86/pv/emulate.h:
arch/x86/pv/gpr.h:
arch/x86/pv/inject.h:
arch/x86/pv/insn.h:
arch/x86/pv/segment.h:
arch/x86/cpu.h:
arch/arch.h:
core/mmu.h:
core/frame.h:
core/lock.h:
core/lockorder.def:
core/guest.h:
core/vcpu.h:
core/timer.h:
lib/pqueue.h:
core/hypercall.h:
abi/hypercalls.def:
core/domain.h:
lib/bitops.h:
lib/string.h:
