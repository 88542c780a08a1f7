build-debug/debug/lib/rangeset.o: lib/rangeset.c lib/hidden.h \
 lib/rangeset.h lib/types.h lib/errno.h core/heap.h
lib/hidden.h:
lib/rangeset.h:
lib/types.h:
lib/errno.h:
core/heap.h:
