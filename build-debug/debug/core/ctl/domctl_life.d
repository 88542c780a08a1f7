build-debug/debug/core/ctl/domctl_life.o: core/ctl/domctl_life.c \
 lib/hidden.h core/ctl/ctl.h abi/xen.h lib/types.h lib/errno.h \
 core/guest.h core/ctl/domctl.def core/domain.h core/lock.h \
 core/lockorder.def core/frame.h core/timer.h lib/pqueue.h lib/bitops.h \
 core/options.h core/options.def core/reject.h core/vcpu.h \
 core/hypercall.h abi/hypercalls.def lib/string.h
lib/hidden.h:
core/ctl/ctl.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
core/guest.h:
core/ctl/domctl.def:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/options.h:
core/options.def:
core/reject.h:
core/vcpu.h:
core/hypercall.h:
abi/hypercalls.def:
lib/string.h:
