build-debug/debug/lib/libc.o: lib/libc.c lib/hidden.h
lib/hidden.h:
