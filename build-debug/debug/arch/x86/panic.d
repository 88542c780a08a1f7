build-debug/debug/arch/x86/panic.o: arch/x86/panic.c lib/hidden.h \
 arch/x86/panic.h lib/types.h abi/xen.h lib/errno.h arch/x86/apic.h \
 arch/x86/asm.h arch/x86/cpu.h arch/arch.h arch/x86/mm/uaccess.h \
 arch/x86/record.h core/build/bootinfo.h arch/x86/uart.h core/console.h \
 lib/print.h core/options.h core/options.def core/vcpu.h core/timer.h \
 lib/pqueue.h core/lock.h core/lockorder.def core/guest.h \
 core/hypercall.h abi/hypercalls.def core/domain.h core/frame.h \
 lib/bitops.h lib/string.h
lib/hidden.h:
arch/x86/panic.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
arch/x86/apic.h:
arch/x86/asm.h:
arch/x86/cpu.h:
arch/arch.h:
arch/x86/mm/uaccess.h:
arch/x86/record.h:
core/build/bootinfo.h:
arch/x86/uart.h:
core/console.h:
lib/print.h:
core/options.h:
core/options.def:
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
