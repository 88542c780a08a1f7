build-debug/debug/core/grant_op.o: core/grant_op.c lib/hidden.h \
 core/grant_internal.h core/grant.h lib/types.h core/domain.h abi/xen.h \
 lib/errno.h core/lock.h core/lockorder.def core/frame.h core/timer.h \
 lib/pqueue.h lib/bitops.h core/vcpu.h core/guest.h core/hypercall.h \
 abi/hypercalls.def lib/print.h lib/string.h core/reject.h arch/arch.h
lib/hidden.h:
core/grant_internal.h:
core/grant.h:
lib/types.h:
core/domain.h:
abi/xen.h:
lib/errno.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/vcpu.h:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
lib/print.h:
lib/string.h:
core/reject.h:
arch/arch.h:
