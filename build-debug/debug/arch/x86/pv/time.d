build-debug/debug/arch/x86/pv/time.o: arch/x86/pv/time.c lib/hidden.h \
 arch/x86/clock.h arch/arch.h lib/types.h abi/xen.h lib/errno.h \
 core/domain.h core/lock.h core/lockorder.def core/frame.h core/timer.h \
 lib/pqueue.h lib/bitops.h core/guest.h core/vcpu.h core/hypercall.h \
 abi/hypercalls.def
lib/hidden.h:
arch/x86/clock.h:
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
core/guest.h:
core/vcpu.h:
core/hypercall.h:
abi/hypercalls.def:
