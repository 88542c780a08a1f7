build-debug/debug/arch/x86/pv/mca.o: arch/x86/pv/mca.c lib/hidden.h \
 arch/arch.h lib/types.h abi/xen.h lib/errno.h arch/x86/asm.h \
 arch/x86/cpu.h core/domain.h core/lock.h core/lockorder.def core/frame.h \
 core/timer.h lib/pqueue.h lib/bitops.h core/guest.h core/hypercall.h \
 abi/hypercalls.def core/reject.h core/vcpu.h lib/string.h
lib/hidden.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
arch/x86/asm.h:
arch/x86/cpu.h:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/reject.h:
core/vcpu.h:
lib/string.h:
