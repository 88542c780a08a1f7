build-debug/debug/arch/x86/pv/firmware.o: arch/x86/pv/firmware.c \
 lib/hidden.h arch/x86/pv/firmware.h abi/xen.h lib/types.h lib/errno.h \
 arch/arch.h core/guest.h core/reject.h lib/print.h lib/string.h
lib/hidden.h:
arch/x86/pv/firmware.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
arch/arch.h:
core/guest.h:
core/reject.h:
lib/print.h:
lib/string.h:
