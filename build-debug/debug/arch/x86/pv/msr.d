build-debug/debug/arch/x86/pv/msr.o: arch/x86/pv/msr.c lib/hidden.h \
 arch/x86/pv/msr.h lib/types.h arch/x86/asm.h arch/x86/cpu.h arch/arch.h \
 abi/xen.h lib/errno.h arch/x86/pv/cpuid.h core/guest.h \
 arch/x86/pv/segment.h core/reject.h core/vcpu.h core/timer.h \
 lib/pqueue.h core/lock.h core/lockorder.def core/hypercall.h \
 abi/hypercalls.def core/domain.h core/frame.h lib/bitops.h
lib/hidden.h:
arch/x86/pv/msr.h:
lib/types.h:
arch/x86/asm.h:
arch/x86/cpu.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
arch/x86/pv/cpuid.h:
core/guest.h:
arch/x86/pv/segment.h:
core/reject.h:
core/vcpu.h:
core/timer.h:
lib/pqueue.h:
core/lock.h:
core/lockorder.def:
core/hypercall.h:
abi/hypercalls.def:
core/domain.h:
core/frame.h:
lib/bitops.h:
