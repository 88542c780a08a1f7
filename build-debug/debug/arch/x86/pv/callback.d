build-debug/debug/arch/x86/pv/callback.o: arch/x86/pv/callback.c \
 lib/hidden.h arch/x86/pv/callback.h abi/xen.h lib/types.h lib/errno.h \
 arch/x86/entry/isolate.h core/vcpu.h core/timer.h lib/pqueue.h \
 core/lock.h core/lockorder.def core/guest.h core/hypercall.h \
 abi/hypercalls.def core/domain.h core/frame.h lib/bitops.h \
 arch/x86/asm.h arch/x86/cpu.h arch/arch.h arch/x86/smp.h \
 arch/x86/pv/fpu.h arch/x86/pv/segment.h core/reject.h lib/string.h
lib/hidden.h:
arch/x86/pv/callback.h:
abi/xen.h:
lib/types.h:
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
arch/x86/pv/fpu.h:
arch/x86/pv/segment.h:
core/reject.h:
lib/string.h:
