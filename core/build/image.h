/* The memory of a domain that is being built: pseudo-physical frames, their contents, their first page tables. */
#pragma once
#include "lib/types.h"

struct domain;

struct extent {
    u64 pfn, pages;
    mfn_t mfn;
};

#define IMAGE_MAX_EXTENTS 4096

struct image {
    struct domain *d;
    u64 pages;                  /* pfns 0..pages-1 exist */
    unsigned nr_extents;        /* ascending pfn, without gaps */
    struct extent *extent;      /* [IMAGE_MAX_EXTENTS] */
    /* Page tables: pfns next_table..end_table-1 may become tables. */
    u64 l4_pfn, next_table, end_table;
};

/* False: no memory for the records. */
bool image_init(struct image *im, struct domain *d);
void image_finish(struct image *im);    /* forget the records; the domain keeps its memory */

/* Append zeroed pages, in the largest pieces there are; how many there are in the end. Sets their M2P entries. */
u64 image_grow(struct image *im, u64 pages);
mfn_t image_mfn(const struct image *im, u64 pfn);       /* pfn < im->pages */
void *image_page(const struct image *im, u64 pfn);
/* Copy bytes to pseudo-physical address pa. All of it must exist. */
void image_copy(const struct image *im, u64 pa, const void *from, u64 bytes);

/* Begin page tables in pfns first..first+pages-1; the first is the top-level table. */
void image_tables_begin(struct image *im, u64 first, u64 pages);
/* Use these pfns for further tables from now on. */
void image_tables_continue(struct image *im, u64 first, u64 pages);
/* Map page va to pfn, writable or not; makes tables as needed. Panics if there are fewer than the caller reckoned. */
void image_map(struct image *im, u64 va, u64 pfn, bool writable);
/* Tables of levels 1..top needed to map [start, end). */
u64 image_tables_needed(u64 start, u64 end, unsigned top);
