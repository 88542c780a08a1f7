build-debug/debug/lib/print.o: lib/print.c lib/hidden.h lib/print.h \
 lib/types.h lib/string.h
lib/hidden.h:
lib/print.h:
lib/types.h:
lib/string.h:
