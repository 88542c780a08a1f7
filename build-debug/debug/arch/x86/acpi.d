build-debug/debug/arch/x86/acpi.o: arch/x86/acpi.c lib/hidden.h \
 arch/x86/acpi.h lib/types.h arch/arch.h abi/xen.h lib/errno.h \
 lib/print.h lib/string.h
lib/hidden.h:
arch/x86/acpi.h:
lib/types.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
lib/print.h:
lib/string.h:
