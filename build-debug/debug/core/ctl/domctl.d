build-debug/debug/core/ctl/domctl.o: core/ctl/domctl.c lib/hidden.h \
 arch/arch.h lib/types.h abi/xen.h lib/errno.h core/ctl/ctl.h \
 core/guest.h core/ctl/domctl.def core/domain.h core/lock.h \
 core/lockorder.def core/frame.h core/timer.h lib/pqueue.h lib/bitops.h \
 core/hypercall.h abi/hypercalls.def core/perfc.h core/perfc.def \
 core/reject.h core/vcpu.h
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
core/hypercall.h:
abi/hypercalls.def:
core/perfc.h:
core/perfc.def:
core/reject.h:
core/vcpu.h:
