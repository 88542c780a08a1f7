build-debug/debug/core/build/dom0_size.o: core/build/dom0_size.c \
 lib/hidden.h core/build/dom0_size.h core/options.h lib/types.h \
 core/options.def
lib/hidden.h:
core/build/dom0_size.h:
core/options.h:
lib/types.h:
core/options.def:
