build-debug/debug/arch/x86/pv/domctl.o: arch/x86/pv/domctl.c lib/hidden.h \
 abi/xen.h lib/types.h lib/errno.h arch/arch.h arch/x86/clock.h \
 arch/x86/cpu.h arch/x86/pv/callback.h arch/x86/pv/cpuid.h core/guest.h \
 arch/x86/pv/fpu.h core/ctl/ctl.h core/ctl/domctl.def core/domain.h \
 core/lock.h core/lockorder.def core/frame.h core/timer.h lib/pqueue.h \
 lib/bitops.h core/heap.h core/reject.h core/vcpu.h core/hypercall.h \
 abi/hypercalls.def lib/string.h
lib/hidden.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
arch/arch.h:
arch/x86/clock.h:
arch/x86/cpu.h:
arch/x86/pv/callback.h:
arch/x86/pv/cpuid.h:
core/guest.h:
arch/x86/pv/fpu.h:
core/ctl/ctl.h:
core/ctl/domctl.def:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/heap.h:
core/reject.h:
core/vcpu.h:
core/hypercall.h:
abi/hypercalls.def:
lib/string.h:
