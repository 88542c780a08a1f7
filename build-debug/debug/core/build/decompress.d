build-debug/debug/core/build/decompress.o: core/build/decompress.c \
 lib/hidden.h core/build/decompress.h lib/types.h core/build/why.h \
 core/build/xz.h lib/string.h
lib/hidden.h:
core/build/decompress.h:
lib/types.h:
core/build/why.h:
core/build/xz.h:
lib/string.h:
