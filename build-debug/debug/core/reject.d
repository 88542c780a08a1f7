build-debug/debug/core/reject.o: core/reject.c lib/hidden.h core/reject.h \
 lib/types.h lib/errno.h arch/arch.h abi/xen.h core/domain.h core/lock.h \
 core/lockorder.def core/frame.h core/timer.h lib/pqueue.h lib/bitops.h \
 core/heap.h core/vcpu.h core/guest.h core/hypercall.h abi/hypercalls.def \
 lib/print.h
lib/hidden.h:
core/reject.h:
lib/types.h:
lib/errno.h:
arch/arch.h:
abi/xen.h:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/heap.h:
core/vcpu.h:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
lib/print.h:
