build-debug/debug/arch/x86/pci_msi.o: arch/x86/pci_msi.c lib/hidden.h \
 arch/x86/pci.h lib/types.h arch/arch.h abi/xen.h lib/errno.h \
 core/frame.h core/lock.h core/lockorder.def core/heap.h core/reject.h
lib/hidden.h:
arch/x86/pci.h:
lib/types.h:
arch/arch.h:
abi/xen.h:
lib/errno.h:
core/frame.h:
core/lock.h:
core/lockorder.def:
core/heap.h:
core/reject.h:
