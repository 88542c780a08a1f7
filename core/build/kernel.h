/* A guest kernel made ready to be loaded: found in its module, unpacked, its notes checked. */
#pragma once
#include "core/build/elf.h"
#include "core/build/why.h"

struct kernel {
    struct elf elf;
    /* What its notes ask for, defaults filled in (public header elfnote.h). */
    u64 virt_base;              /* where pseudo-physical address 0 is mapped at its start */
    u64 paddr_offset;           /* subtract from ELF physical addresses */
    u64 entry;
    bool own_p2m;               /* INIT_P2M: wants the page-frame list at p2m_base, outside the initial region */
    u64 p2m_base;
    bool initrd_unmapped;       /* MOD_START_PFN: takes the initrd by frame number */
    u64 hypercall_page;         /* 0: has none */
    /* The unpacked image, if it was packed. */
    mfn_t buffer;
    u64 buffer_pages;
};

/*
 * Open a kernel of `bytes` at data (which must stay until kernel_close()): bzImage, compressed or plain ELF. Notes: a
 * 64-bit PV kernel able to be domain 0, else false with the reason. Takes heap memory for the unpacked image, and some
 * more while it runs. Boot only.
 */
bool kernel_open(struct kernel *k, const void *data, u64 bytes, struct why *why);
/* Give the unpacked image back. */
void kernel_close(struct kernel *k);
