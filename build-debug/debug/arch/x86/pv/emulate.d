build-debug/debug/arch/x86/pv/emulate.o: arch/x86/pv/emulate.c \
 lib/hidden.h arch/x86/pv/emulate.h abi/xen.h lib/types.h lib/errno.h \
 arch/x86/asm.h arch/x86/mm/uaccess.h arch/x86/pv/callback.h \
 arch/x86/pv/control.h arch/x86/pv/cpuid.h core/guest.h arch/x86/pv/fpu.h \
 arch/x86/pv/gpr.h arch/x86/pv/inject.h arch/x86/pv/insn.h \
 arch/x86/pv/io.h arch/x86/pv/msr.h arch/x86/pv/segment.h arch/x86/cpu.h \
 arch/arch.h core/hypercall.h abi/hypercalls.def core/vcpu.h core/timer.h \
 lib/pqueue.h core/lock.h core/lockorder.def core/domain.h core/frame.h \
 lib/bitops.h lib/string.h
lib/hidden.h:
arch/x86/pv/emulate.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
arch/x86/asm.h:
arch/x86/mm/uaccess.h:
arch/x86/pv/callback.h:
arch/x86/pv/control.h:
arch/x86/pv/cpuid.h:
core/guest.h:
arch/x86/pv/fpu.h:
arch/x86/pv/gpr.h:
arch/x86/pv/inject.h:
arch/x86/pv/insn.h:
arch/x86/pv/io.h:
arch/x86/pv/msr.h:
arch/x86/pv/segment.h:
arch/x86/cpu.h:
arch/arch.h:
core/hypercall.h:
abi/hypercalls.def:
core/vcpu.h:
core/timer.h:
lib/pqueue.h:
core/lock.h:
core/lockorder.def:
core/domain.h:
core/frame.h:
lib/bitops.h:
lib/string.h:
