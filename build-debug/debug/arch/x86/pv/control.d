build-debug/debug/arch/x86/pv/control.o: arch/x86/pv/control.c \
 lib/hidden.h arch/x86/asm.h lib/types.h arch/x86/pv/control.h \
 arch/x86/pv/fpu.h core/mmu.h core/frame.h core/lock.h core/lockorder.def \
 core/guest.h core/reject.h lib/errno.h core/vcpu.h abi/xen.h \
 core/timer.h lib/pqueue.h core/hypercall.h abi/hypercalls.def \
 core/domain.h lib/bitops.h
lib/hidden.h:
arch/x86/asm.h:
lib/types.h:
arch/x86/pv/control.h:
arch/x86/pv/fpu.h:
core/mmu.h:
core/frame.h:
core/lock.h:
core/lockorder.def:
core/guest.h:
core/reject.h:
lib/errno.h:
core/vcpu.h:
abi/xen.h:
core/timer.h:
lib/pqueue.h:
core/hypercall.h:
abi/hypercalls.def:
core/domain.h:
lib/bitops.h:
