build-debug/debug/arch/x86/pv/debugreg.o: arch/x86/pv/debugreg.c \
 lib/hidden.h arch/x86/pv/debugreg.h abi/xen.h lib/types.h lib/errno.h \
 arch/x86/pv/segment.h arch/x86/asm.h arch/x86/cpu.h arch/arch.h \
 arch/x86/pv/inject.h core/hypercall.h abi/hypercalls.def core/reject.h \
 core/vcpu.h core/timer.h lib/pqueue.h core/lock.h core/lockorder.def \
 core/guest.h core/domain.h core/frame.h lib/bitops.h
lib/hidden.h:
arch/x86/pv/debugreg.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
arch/x86/pv/segment.h:
arch/x86/asm.h:
arch/x86/cpu.h:
arch/arch.h:
arch/x86/pv/inject.h:
core/hypercall.h:
abi/hypercalls.def:
core/reject.h:
core/vcpu.h:
core/timer.h:
lib/pqueue.h:
core/lock.h:
core/lockorder.def:
core/guest.h:
core/domain.h:
core/frame.h:
lib/bitops.h:
