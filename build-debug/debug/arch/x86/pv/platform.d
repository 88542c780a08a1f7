build-debug/debug/arch/x86/pv/platform.o: arch/x86/pv/platform.c \
 lib/hidden.h arch/arch.h lib/types.h abi/xen.h lib/errno.h \
 arch/x86/asm.h arch/x86/cpu.h arch/x86/power.h arch/x86/pv/firmware.h \
 core/domain.h core/lock.h core/lockorder.def core/frame.h core/timer.h \
 lib/pqueue.h lib/bitops.h core/guest.h core/hypercall.h \
 abi/hypercalls.def core/reject.h core/sched.h core/vcpu.h lib/print.h \
 lib/string.h
lib/hidden.h:
arch/arch.h:
lib/types.h:
abi/xen.h:
lib/errno.h:
arch/x86/asm.h:
arch/x86/cpu.h:
arch/x86/power.h:
arch/x86/pv/firmware.h:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/reject.h:
core/sched.h:
core/vcpu.h:
lib/print.h:
lib/string.h:
