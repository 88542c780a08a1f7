build-debug/debug/core/event_op.o: core/event_op.c lib/hidden.h \
 core/event_internal.h core/event.h lib/types.h core/vcpu.h abi/xen.h \
 lib/errno.h core/timer.h lib/pqueue.h core/lock.h core/lockorder.def \
 core/guest.h core/hypercall.h abi/hypercalls.def core/domain.h \
 core/frame.h lib/bitops.h lib/print.h lib/string.h core/reject.h
lib/hidden.h:
core/event_internal.h:
core/event.h:
lib/types.h:
core/vcpu.h:
abi/xen.h:
lib/errno.h:
core/timer.h:
lib/pqueue.h:
core/lock.h:
core/lockorder.def:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/domain.h:
core/frame.h:
lib/bitops.h:
lib/print.h:
lib/string.h:
core/reject.h:
