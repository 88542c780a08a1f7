build-debug/debug/core/call/reservation.o: core/call/reservation.c \
 lib/hidden.h core/call/memory.h abi/xen.h lib/types.h lib/errno.h \
 core/guest.h core/domain.h core/lock.h core/lockorder.def core/frame.h \
 core/timer.h lib/pqueue.h lib/bitops.h core/heap.h core/hypercall.h \
 abi/hypercalls.def core/mmu.h core/perfc.h core/perfc.def core/reject.h \
 core/vcpu.h
lib/hidden.h:
core/call/memory.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
core/guest.h:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/heap.h:
core/hypercall.h:
abi/hypercalls.def:
core/mmu.h:
core/perfc.h:
core/perfc.def:
core/reject.h:
core/vcpu.h:
