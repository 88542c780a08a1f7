build-debug/debug/core/console_io.o: core/console_io.c lib/hidden.h \
 core/console.h lib/types.h lib/print.h core/domain.h abi/xen.h \
 lib/errno.h core/lock.h core/lockorder.def core/frame.h core/timer.h \
 lib/pqueue.h lib/bitops.h core/event.h core/vcpu.h core/guest.h \
 core/hypercall.h abi/hypercalls.def core/keys.h core/options.h \
 core/options.def core/reject.h lib/string.h arch/arch.h
lib/hidden.h:
core/console.h:
lib/types.h:
lib/print.h:
core/domain.h:
abi/xen.h:
lib/errno.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/event.h:
core/vcpu.h:
core/guest.h:
core/hypercall.h:
abi/hypercalls.def:
core/keys.h:
core/options.h:
core/options.def:
core/reject.h:
lib/string.h:
arch/arch.h:
