build-debug/debug/core/pagetype.o: core/pagetype.c lib/hidden.h \
 arch/arch.h lib/types.h abi/xen.h lib/errno.h core/hypercall.h \
 abi/hypercalls.def core/mmu_internal.h core/domain.h core/lock.h \
 core/lockorder.def core/frame.h core/timer.h lib/pqueue.h lib/bitops.h \
 core/mmu.h core/guest.h core/reject.h core/vcpu.h lib/print.h
lib/hidden.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
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
core/guest.h:
core/reject.h:
core/vcpu.h:
lib/print.h:
