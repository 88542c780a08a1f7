build-debug/debug/arch/x86/smp.o: arch/x86/smp.c lib/hidden.h \
 arch/x86/smp.h arch/arch.h lib/types.h abi/xen.h lib/errno.h \
 arch/x86/apic.h arch/x86/asm.h arch/x86/clock.h arch/x86/cpu.h \
 arch/x86/entry/isolate.h core/vcpu.h core/timer.h lib/pqueue.h \
 core/lock.h core/lockorder.def core/guest.h core/hypercall.h \
 abi/hypercalls.def core/domain.h core/frame.h lib/bitops.h \
 arch/x86/mm/paging.h core/build/bootinfo.h arch/x86/vectors.h \
 lib/print.h
lib/hidden.h:
arch/x86/smp.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
arch/x86/apic.h:
arch/x86/asm.h:
arch/x86/clock.h:
arch/x86/cpu.h:
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
arch/x86/mm/paging.h:
core/build/bootinfo.h:
arch/x86/vectors.h:
lib/print.h:
