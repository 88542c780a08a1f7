build-debug/debug/core/build/bcj_x86.o: core/build/bcj_x86.c lib/hidden.h \
 core/build/bcj_x86.h lib/types.h lib/bitops.h
lib/hidden.h:
core/build/bcj_x86.h:
lib/types.h:
lib/bitops.h:
