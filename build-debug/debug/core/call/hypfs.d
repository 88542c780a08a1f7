build-debug/debug/core/call/hypfs.o: core/call/hypfs.c lib/hidden.h \
 abi/xen.h lib/types.h lib/errno.h core/guest.h core/domain.h core/lock.h \
 core/lockorder.def core/frame.h core/timer.h lib/pqueue.h lib/bitops.h \
 core/hypercall.h abi/hypercalls.def core/options.h core/options.def \
 core/reject.h core/vcpu.h core/version.h lib/print.h lib/string.h
lib/hidden.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
core/guest.h:
core/domain.h:
core/lock.h:
core/lockorder.def:
core/frame.h:
core/timer.h:
lib/pqueue.h:
lib/bitops.h:
core/hypercall.h:
abi/hypercalls.def:
core/options.h:
core/options.def:
core/reject.h:
core/vcpu.h:
core/version.h:
lib/print.h:
lib/string.h:
