build-debug/debug/core/build/crc.o: core/build/crc.c lib/hidden.h \
 core/build/crc.h lib/types.h lib/string.h
lib/hidden.h:
core/build/crc.h:
lib/types.h:
lib/string.h:
