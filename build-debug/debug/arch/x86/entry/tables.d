build-debug/debug/arch/x86/entry/tables.o: arch/x86/entry/tables.c \
 lib/hidden.h arch/x86/entry/entry.h lib/types.h abi/xen.h lib/errno.h \
 arch/x86/asm.h arch/x86/cpu.h arch/arch.h arch/x86/mm/paging.h \
 core/build/bootinfo.h core/heap.h core/vcpu.h core/timer.h lib/pqueue.h \
 core/lock.h core/lockorder.def core/guest.h core/hypercall.h \
 abi/hypercalls.def core/domain.h core/frame.h lib/bitops.h lib/print.h \
 lib/string.h
lib/hidden.h:
arch/x86/entry/entry.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
arch/x86/asm.h:
arch/x86/cpu.h:
arch/arch.h:
arch/x86/mm/paging.h:
core/build/bootinfo.h:
core/heap.h:
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
lib/print.h:
lib/string.h:
