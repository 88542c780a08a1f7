build-debug/debug/arch/x86/pv/fpu.o: arch/x86/pv/fpu.c lib/hidden.h \
 arch/x86/pv/fpu.h lib/types.h arch/x86/asm.h arch/x86/cpu.h arch/arch.h \
 abi/xen.h lib/errno.h core/heap.h core/reject.h core/vcpu.h core/timer.h \
 lib/pqueue.h core/lock.h core/lockorder.def core/guest.h \
 core/hypercall.h abi/hypercalls.def core/domain.h core/frame.h \
 lib/bitops.h lib/string.h
lib/hidden.h:
arch/x86/pv/fpu.h:
lib/types.h:
arch/x86/asm.h:
arch/x86/cpu.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
core/heap.h:
core/reject.h:
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
lib/string.h:
