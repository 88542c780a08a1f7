build-debug/debug/core/options.o: core/options.c lib/hidden.h \
 core/options.h lib/types.h core/options.def core/build/bootinfo.h \
 lib/print.h lib/string.h
lib/hidden.h:
core/options.h:
lib/types.h:
core/options.def:
core/build/bootinfo.h:
lib/print.h:
lib/string.h:
