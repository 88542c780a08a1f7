build-debug/debug/lib/string.o: lib/string.c lib/hidden.h lib/string.h \
 lib/types.h lib/bitops.h
lib/hidden.h:
lib/string.h:
lib/types.h:
lib/bitops.h:
