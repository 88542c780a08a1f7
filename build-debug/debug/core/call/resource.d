build-debug/debug/core/call/resource.o: core/call/resource.c lib/hidden.h \
 core/call/memory.h abi/xen.h lib/types.h lib/errno.h core/guest.h \
 core/domain.h core/lock.h core/lockorder.def core/frame.h core/timer.h \
 lib/pqueue.h lib/bitops.h core/grant.h core/hypercall.h \
 abi/hypercalls.def core/reject.h core/vcpu.h
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
core/grant.h:
core/hypercall.h:
abi/hypercalls.def:
core/reject.h:
core/vcpu.h:
