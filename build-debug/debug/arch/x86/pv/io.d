build-debug/debug/arch/x86/pv/io.o: arch/x86/pv/io.c lib/hidden.h \
 arch/x86/pv/io.h lib/types.h arch/arch.h abi/xen.h lib/errno.h \
 arch/x86/asm.h arch/x86/pci.h core/lock.h core/lockorder.def core/vcpu.h \
 core/timer.h lib/pqueue.h core/guest.h core/hypercall.h \
 abi/hypercalls.def core/domain.h core/frame.h lib/bitops.h \
 lib/rangeset.h
lib/hidden.h:
arch/x86/pv/io.h:
lib/types.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
arch/x86/asm.h:
arch/x86/pci.h:
core/lock.h:
core/lockorder.def:
core/vcpu.h:
core/timer.h:
lib/pqueue.h:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/domain.h:
core/frame.h:
lib/bitops.h:
lib/rangeset.h:
