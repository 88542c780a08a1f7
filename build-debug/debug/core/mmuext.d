build-debug/debug/core/mmuext.o: core/mmuext.c lib/hidden.h abi/xen.h \
 lib/types.h lib/errno.h arch/arch.h core/guest.h core/hypercall.h \
 abi/hypercalls.def core/mmu_internal.h core/domain.h core/lock.h \
 core/lockorder.def core/frame.h core/timer.h lib/pqueue.h lib/bitops.h \
 core/mmu.h core/reject.h core/vcpu.h
lib/hidden.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
arch/arch.h:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/mmu_internal.h:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/mmu.h:
core/reject.h:
core/vcpu.h:
