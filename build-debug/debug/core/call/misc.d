build-debug/debug/core/call/misc.o: core/call/misc.c lib/hidden.h \
 abi/xen.h lib/types.h lib/errno.h core/hypercall.h abi/hypercalls.def \
 core/reject.h
lib/hidden.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
core/hypercall.h:
abi/hypercalls.def:
core/reject.h:
