build-debug/debug/core/build/why.o: core/build/why.c lib/hidden.h \
 core/build/why.h lib/types.h lib/print.h
lib/hidden.h:
core/build/why.h:
lib/types.h:
lib/print.h:
