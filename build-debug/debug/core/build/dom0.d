build-debug/debug/core/build/dom0.o: core/build/dom0.c lib/hidden.h \
 abi/xen.h lib/types.h lib/errno.h arch/arch.h core/build/bootinfo.h \
 core/build/dom0.h core/build/image.h core/build/kernel.h \
 core/build/elf.h lib/bitops.h core/build/why.h core/build/dom0_size.h \
 core/options.h core/options.def core/heap.h core/mmu.h core/frame.h \
 core/lock.h core/lockorder.def core/guest.h core/sched.h core/vcpu.h \
 core/timer.h lib/pqueue.h core/hypercall.h abi/hypercalls.def \
 core/domain.h lib/print.h lib/string.h
lib/hidden.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
arch/arch.h:
core/build/bootinfo.h:
core/build/dom0.h:
core/build/image.h:
core/build/kernel.h:
core/build/elf.h:
lib/bitops.h:
core/build/why.h:
core/build/dom0_size.h:
core/options.h:
core/options.def:
core/heap.h:
core/mmu.h:
core/frame.h:
core/lock.h:
core/lockorder.def:
core/guest.h:
core/sched.h:
core/vcpu.h:
core/timer.h:
lib/pqueue.h:
core/hypercall.h:
abi/hypercalls.def:
core/domain.h:
lib/print.h:
lib/string.h:
