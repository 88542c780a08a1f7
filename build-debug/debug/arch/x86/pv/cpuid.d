build-debug/debug/arch/x86/pv/cpuid.o: arch/x86/pv/cpuid.c lib/hidden.h \
 arch/x86/pv/cpuid.h abi/xen.h lib/types.h lib/errno.h core/guest.h \
 arch/x86/asm.h arch/x86/cpu.h arch/arch.h arch/x86/pv/fpu.h core/frame.h \
 core/lock.h core/lockorder.def core/vcpu.h core/timer.h lib/pqueue.h \
 core/hypercall.h abi/hypercalls.def core/domain.h lib/bitops.h \
 lib/string.h
lib/hidden.h:
arch/x86/pv/cpuid.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
core/guest.h:
arch/x86/asm.h:
arch/x86/cpu.h:
arch/arch.h:
arch/x86/pv/fpu.h:
core/frame.h:
core/lock.h:
core/lockorder.def:
core/vcpu.h:
core/timer.h:
lib/pqueue.h:
core/hypercall.h:
abi/hypercalls.def:
core/domain.h:
lib/bitops.h:
lib/string.h:
