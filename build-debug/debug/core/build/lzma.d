build-debug/debug/core/build/lzma.o: core/build/lzma.c lib/hidden.h \
 core/build/lzma.h lib/types.h core/build/why.h lib/string.h
lib/hidden.h:
core/build/lzma.h:
lib/types.h:
core/build/why.h:
lib/string.h:
