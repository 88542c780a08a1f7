build-debug/debug/core/build/xz.o: core/build/xz.c lib/hidden.h \
 core/build/bcj_x86.h lib/types.h core/build/crc.h core/build/lzma2.h \
 core/build/lzma.h core/build/why.h core/build/xz.h lib/string.h
lib/hidden.h:
core/build/bcj_x86.h:
lib/types.h:
core/build/crc.h:
core/build/lzma2.h:
core/build/lzma.h:
core/build/why.h:
core/build/xz.h:
lib/string.h:
