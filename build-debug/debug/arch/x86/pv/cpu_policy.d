build-debug/debug/arch/x86/pv/cpu_policy.o: arch/x86/pv/cpu_policy.c \
 lib/hidden.h arch/x86/pv/cpuid.h abi/xen.h lib/types.h lib/errno.h \
 core/guest.h core/heap.h core/reject.h core/vcpu.h core/timer.h \
 lib/pqueue.h core/lock.h core/lockorder.def core/hypercall.h \
 abi/hypercalls.def core/domain.h core/frame.h lib/bitops.h lib/string.h
lib/hidden.h:
arch/x86/pv/cpuid.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
core/guest.h:
core/heap.h:
core/reject.h:
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
lib/string.h:
