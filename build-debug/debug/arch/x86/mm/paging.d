build-debug/debug/arch/x86/mm/paging.o: arch/x86/mm/paging.c lib/hidden.h \
 arch/x86/mm/paging.h lib/types.h core/build/bootinfo.h abi/xen.h \
 lib/errno.h arch/x86/asm.h arch/x86/cpu.h arch/arch.h arch/x86/record.h \
 core/frame.h core/lock.h core/lockorder.def core/heap.h core/mmu.h \
 core/guest.h lib/print.h lib/string.h
lib/hidden.h:
arch/x86/mm/paging.h:
lib/types.h:
core/build/bootinfo.h:
abi/xen.h:
lib/errno.h:
arch/x86/asm.h:
arch/x86/cpu.h:
arch/arch.h:
arch/x86/record.h:
core/frame.h:
core/lock.h:
core/lockorder.def:
core/heap.h:
core/mmu.h:
core/guest.h:
lib/print.h:
lib/string.h:
