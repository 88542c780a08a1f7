build-debug/debug/arch/x86/entry/hypercall_table.o: \
 arch/x86/entry/hypercall_table.c lib/hidden.h abi/xen.h lib/types.h \
 lib/errno.h arch/x86/entry/entry.h core/hypercall.h abi/hypercalls.def \
 core/trace.h core/vcpu.h core/timer.h lib/pqueue.h core/lock.h \
 core/lockorder.def core/guest.h core/domain.h core/frame.h lib/bitops.h
lib/hidden.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
arch/x86/entry/entry.h:
core/hypercall.h:
abi/hypercalls.def:
core/trace.h:
core/vcpu.h:
core/timer.h:
lib/pqueue.h:
core/lock.h:
core/lockorder.def:
core/guest.h:
core/domain.h:
core/frame.h:
lib/bitops.h:
