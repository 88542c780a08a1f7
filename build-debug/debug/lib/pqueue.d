build-debug/debug/lib/pqueue.o: lib/pqueue.c lib/hidden.h lib/pqueue.h \
 lib/types.h
lib/hidden.h:
lib/pqueue.h:
lib/types.h:
