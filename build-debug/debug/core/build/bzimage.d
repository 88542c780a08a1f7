build-debug/debug/core/build/bzimage.o: core/build/bzimage.c lib/hidden.h \
 core/build/bzimage.h lib/types.h core/build/why.h lib/string.h
lib/hidden.h:
core/build/bzimage.h:
lib/types.h:
core/build/why.h:
lib/string.h:
