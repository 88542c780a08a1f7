build-debug/debug/core/build/lzma2.o: core/build/lzma2.c lib/hidden.h \
 core/build/lzma2.h core/build/lzma.h lib/types.h core/build/why.h \
 lib/string.h
lib/hidden.h:
core/build/lzma2.h:
core/build/lzma.h:
lib/types.h:
core/build/why.h:
lib/string.h:
