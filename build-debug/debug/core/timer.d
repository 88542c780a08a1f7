build-debug/debug/core/timer.o: core/timer.c lib/hidden.h core/timer.h \
 lib/types.h lib/pqueue.h core/lock.h core/lockorder.def arch/arch.h \
 abi/xen.h lib/errno.h lib/print.h
lib/hidden.h:
core/timer.h:
lib/types.h:
lib/pqueue.h:
core/lock.h:
core/lockorder.def:
arch/arch.h:
abi/xen.h:
lib/errno.h:
lib/print.h:
