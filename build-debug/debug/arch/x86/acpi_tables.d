build-debug/debug/arch/x86/acpi_tables.o: arch/x86/acpi_tables.c \
 lib/hidden.h arch/x86/acpi.h lib/types.h lib/string.h
lib/hidden.h:
arch/x86/acpi.h:
lib/types.h:
lib/string.h:
