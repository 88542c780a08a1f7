build-debug/debug/arch/x86/pv/insn.o: arch/x86/pv/insn.c lib/hidden.h \
 arch/x86/pv/insn.h lib/types.h
lib/hidden.h:
arch/x86/pv/insn.h:
lib/types.h:
