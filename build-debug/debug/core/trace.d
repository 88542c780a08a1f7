build-debug/debug/core/trace.o: core/trace.c lib/hidden.h core/trace.h \
 lib/types.h abi/xen.h lib/errno.h arch/arch.h core/ctl/ctl.h \
 core/guest.h core/ctl/domctl.def core/event.h core/vcpu.h core/timer.h \
 lib/pqueue.h core/lock.h core/lockorder.def core/hypercall.h \
 abi/hypercalls.def core/domain.h core/frame.h lib/bitops.h core/heap.h \
 core/reject.h lib/print.h lib/string.h
lib/hidden.h:
core/trace.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
arch/arch.h:
core/ctl/ctl.h:
core/guest.h:
core/ctl/domctl.def:
core/event.h:
core/vcpu.h:
core/timer.h:
lib/pqueue.h:
core/lock.h:
core/lockorder.def:
core/hypercall.h:
abi/hypercalls.def:
core/domain.h:
core/frame.h:
lib/bitops.h:
core/heap.h:
core/reject.h:
lib/print.h:
lib/string.h:
