build-debug/debug/core/vm_assist.o: core/vm_assist.c lib/hidden.h \
 arch/arch.h lib/types.h abi/xen.h lib/errno.h core/domain.h core/lock.h \
 core/lockorder.def core/frame.h core/timer.h lib/pqueue.h lib/bitops.h \
 core/hypercall.h abi/hypercalls.def core/reject.h core/vcpu.h \
 core/guest.h
lib/hidden.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/hypercall.h:
abi/hypercalls.def:
core/reject.h:
core/vcpu.h:
core/guest.h:
