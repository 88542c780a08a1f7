build-debug/debug/core/call/multicall.o: core/call/multicall.c \
 lib/hidden.h abi/xen.h lib/types.h lib/errno.h core/guest.h \
 core/hypercall.h abi/hypercalls.def core/perfc.h core/perfc.def \
 core/reject.h core/vcpu.h core/timer.h lib/pqueue.h core/lock.h \
 core/lockorder.def core/domain.h core/frame.h lib/bitops.h
lib/hidden.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/perfc.h:
core/perfc.def:
core/reject.h:
core/vcpu.h:
core/timer.h:
lib/pqueue.h:
core/lock.h:
core/lockorder.def:
core/domain.h:
core/frame.h:
lib/bitops.h:
