build-debug/debug/arch/x86/entry/entry.o: arch/x86/entry/entry.S \
 build-debug/debug/offsets.h
build-debug/debug/offsets.h:
