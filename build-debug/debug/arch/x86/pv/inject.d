build-debug/debug/arch/x86/pv/inject.o: arch/x86/pv/inject.c lib/hidden.h \
 arch/x86/pv/inject.h lib/types.h arch/x86/entry/entry.h abi/xen.h \
 lib/errno.h arch/x86/entry/isolate.h core/vcpu.h core/timer.h \
 lib/pqueue.h core/lock.h core/lockorder.def core/guest.h \
 core/hypercall.h abi/hypercalls.def core/domain.h core/frame.h \
 lib/bitops.h arch/x86/asm.h arch/x86/cpu.h arch/arch.h arch/x86/smp.h \
 arch/x86/mm/uaccess.h
lib/hidden.h:
arch/x86/pv/inject.h:
lib/types.h:
arch/x86/entry/entry.h:
abi/xen.h:
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
arch/x86/mm/uaccess.h:
