build-debug/debug/core/hypercall.o: core/hypercall.c lib/hidden.h \
 core/hypercall.h lib/types.h lib/errno.h abi/hypercalls.def abi/xen.h \
 arch/arch.h core/perfc.h core/perfc.def core/reject.h core/trace.h \
 core/vcpu.h core/timer.h lib/pqueue.h core/lock.h core/lockorder.def \
 core/guest.h core/domain.h core/frame.h lib/bitops.h lib/print.h
lib/hidden.h:
core/hypercall.h:
lib/types.h:
lib/errno.h:
abi/hypercalls.def:
abi/xen.h:
arch/arch.h:
core/perfc.h:
core/perfc.def:
core/reject.h:
core/trace.h:
core/vcpu.h:
core/timer.h:
lib/pqueue.h:
core/lock.h:
core/lockorder.def:
core/guest.h:
core/domain.h:
core/frame.h:
lib/bitops.h:
lib/print.h:
