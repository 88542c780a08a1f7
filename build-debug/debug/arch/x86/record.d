build-debug/debug/arch/x86/record.o: arch/x86/record.c lib/hidden.h \
 arch/x86/record.h lib/types.h core/build/bootinfo.h arch/x86/asm.h \
 arch/x86/mm/paging.h core/console.h lib/print.h lib/string.h \
 arch/x86/machine/layout.h
lib/hidden.h:
arch/x86/record.h:
lib/types.h:
core/build/bootinfo.h:
arch/x86/asm.h:
arch/x86/mm/paging.h:
core/console.h:
lib/print.h:
lib/string.h:
arch/x86/machine/layout.h:
