build-debug/debug/core/shutdown.o: core/shutdown.c lib/hidden.h \
 core/domain.h abi/xen.h lib/types.h lib/errno.h core/lock.h \
 core/lockorder.def core/frame.h core/timer.h lib/pqueue.h lib/bitops.h \
 arch/arch.h core/event.h core/vcpu.h core/guest.h core/hypercall.h \
 abi/hypercalls.def core/options.h core/options.def core/sched.h \
 lib/print.h
lib/hidden.h:
core/domain.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
arch/arch.h:
core/event.h:
core/vcpu.h:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/options.h:
core/options.def:
core/sched.h:
lib/print.h:
