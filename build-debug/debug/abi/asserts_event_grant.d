build-debug/debug/abi/asserts_event_grant.o: abi/asserts_event_grant.c \
 lib/hidden.h abi/xen.h lib/types.h lib/errno.h
lib/hidden.h:
abi/xen.h:
lib/types.h:
lib/errno.h:
