build-debug/debug/arch/x86/mm/uaccess.o: arch/x86/mm/uaccess.c \
 lib/hidden.h core/guest.h lib/types.h arch/arch.h abi/xen.h lib/errno.h \
 arch/x86/mm/uaccess.h arch/x86/asm.h
lib/hidden.h:
core/guest.h:
lib/types.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
arch/x86/mm/uaccess.h:
arch/x86/asm.h:
