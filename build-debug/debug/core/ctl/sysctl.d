build-debug/debug/core/ctl/sysctl.o: core/ctl/sysctl.c lib/hidden.h \
 arch/arch.h lib/types.h abi/xen.h lib/errno.h core/console.h lib/print.h \
 core/ctl/ctl.h core/guest.h core/ctl/domctl.def core/domain.h \
 core/lock.h core/lockorder.def core/frame.h core/timer.h lib/pqueue.h \
 lib/bitops.h core/hypercall.h abi/hypercalls.def core/keys.h \
 core/perfc.h core/perfc.def core/reject.h core/sched.h core/vcpu.h \
 core/trace.h
lib/hidden.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
core/console.h:
lib/print.h:
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
core/keys.h:
core/perfc.h:
core/perfc.def:
core/reject.h:
core/sched.h:
core/vcpu.h:
core/trace.h:
