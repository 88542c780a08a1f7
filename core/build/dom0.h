/* The domain builder for domain 0; its entry point build_dom0() is declared in core/build/bootinfo.h. */
#pragma once
#include "core/build/image.h"
#include "core/build/kernel.h"

/*
 * The initial virtual region: pseudo-physical memory from 0 on, mapped from virt_base on, with what the kernel finds at
 * its start packed behind it (public header xen.h, "Start-of-day memory layout"). Addresses are virtual; page aligned.
 */
struct dom0_layout {
    u64 virt_base;
    u64 initrd;                 /* 0: not in the region */
    u64 p2m;                    /* page-frame list, in the region or where INIT_P2M says */
    u64 start_info;
    u64 tables, nr_tables;      /* page tables of the region */
    u64 stack;
    u64 end;                    /* 4 MiB aligned */
    u64 p2m_pages, p2m_tables;  /* p2m_tables: only if the list is outside the region */
};

/*
 * Where all goes for a domain of nr_pages and an initrd of initrd_bytes; false with the reason if it cannot be mapped.
 */
bool dom0_layout(struct dom0_layout *l, const struct kernel *k, u64 initrd_bytes, u64 nr_pages, struct why *why);
