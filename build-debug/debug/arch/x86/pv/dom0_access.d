build-debug/debug/arch/x86/pv/dom0_access.o: arch/x86/pv/dom0_access.c \
 lib/hidden.h arch/arch.h lib/types.h abi/xen.h lib/errno.h \
 arch/x86/cpu.h arch/x86/acpi.h arch/x86/ioapic.h arch/x86/uart.h \
 core/domain.h core/lock.h core/lockorder.def core/frame.h core/timer.h \
 lib/pqueue.h lib/bitops.h lib/print.h lib/rangeset.h
lib/hidden.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
arch/x86/cpu.h:
arch/x86/acpi.h:
arch/x86/ioapic.h:
arch/x86/uart.h:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
lib/print.h:
lib/rangeset.h:
