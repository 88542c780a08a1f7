build-debug/debug/core/ctl/domain_info.o: core/ctl/domain_info.c \
 lib/hidden.h arch/arch.h lib/types.h abi/xen.h lib/errno.h \
 core/ctl/ctl.h core/guest.h core/ctl/domctl.def core/domain.h \
 core/lock.h core/lockorder.def core/frame.h core/timer.h lib/pqueue.h \
 lib/bitops.h core/reject.h core/sched.h core/vcpu.h core/hypercall.h \
 abi/hypercalls.def lib/string.h
lib/hidden.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
core/ctl/ctl.h:
core/guest.h:
core/ctl/domctl.def:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/reject.h:
core/sched.h:
core/vcpu.h:
core/hypercall.h:
abi/hypercalls.def:
lib/string.h:
