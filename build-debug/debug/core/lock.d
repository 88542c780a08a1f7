build-debug/debug/core/lock.o: core/lock.c lib/hidden.h core/lock.h \
 lib/types.h core/lockorder.def arch/arch.h abi/xen.h lib/errno.h \
 lib/print.h
lib/hidden.h:
core/lock.h:
lib/types.h:
core/lockorder.def:
arch/arch.h:
abi/xen.h:
lib/errno.h:
lib/print.h:
