build-debug/debug/arch/x86/pv/descriptor.o: arch/x86/pv/descriptor.c \
 lib/hidden.h arch/x86/pv/descriptor.h lib/types.h arch/arch.h abi/xen.h \
 lib/errno.h arch/x86/asm.h arch/x86/cpu.h core/heap.h core/hypercall.h \
 abi/hypercalls.def core/mmu.h core/frame.h core/lock.h \
 core/lockorder.def core/guest.h core/reject.h core/vcpu.h core/timer.h \
 lib/pqueue.h core/domain.h lib/bitops.h lib/print.h lib/string.h
lib/hidden.h:
arch/x86/pv/descriptor.h:
lib/types.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
arch/x86/asm.h:
arch/x86/cpu.h:
core/heap.h:
core/hypercall.h:
abi/hypercalls.def:
core/mmu.h:
core/frame.h:
core/lock.h:
core/lockorder.def:
core/guest.h:
core/reject.h:
core/vcpu.h:
core/timer.h:
lib/pqueue.h:
core/domain.h:
lib/bitops.h:
lib/print.h:
lib/string.h:
