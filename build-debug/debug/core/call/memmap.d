build-debug/debug/core/call/memmap.o: core/call/memmap.c lib/hidden.h \
 arch/arch.h lib/types.h abi/xen.h lib/errno.h core/call/memory.h \
 core/guest.h core/domain.h core/lock.h core/lockorder.def core/frame.h \
 core/timer.h lib/pqueue.h lib/bitops.h core/e820.h core/heap.h \
 core/reject.h core/vcpu.h core/hypercall.h abi/hypercalls.def \
 lib/string.h
lib/hidden.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
core/call/memory.h:
core/guest.h:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/e820.h:
core/heap.h:
core/reject.h:
core/vcpu.h:
core/hypercall.h:
abi/hypercalls.def:
lib/string.h:
