/*
 * Access to the memory of the guest that is running on this CPU, by its virtual addresses.
 * Each function checks that the range lies outside Serai's part of the address space and survives faults.
 * Fetch once: copy an argument in, decide on the copy, never look again.
 */
#pragma once
#include "lib/types.h"

/* A guest virtual address; deliberately not a pointer. */
typedef struct { u64 va; } gva_t;

#define GVA(x) ((gva_t){ (u64)(x) })
/* The address in a XEN_GUEST_HANDLE(). */
#define HVA(h) ((gva_t){ (u64)(uintptr_t)(h).p })
static inline bool gva_null(gva_t a) { return a.va == 0; }
static inline gva_t gva_add(gva_t a, u64 bytes) { return (gva_t){ a.va + bytes }; }

/* 0, or -EFAULT when any byte is not accessible (then an unknown part was copied). */
int __must_check copy_from_guest(void *dst, gva_t src, size_t bytes);
int __must_check copy_to_guest(gva_t dst, const void *src, size_t bytes);
int __must_check clear_guest(gva_t dst, size_t bytes);

/* Element i of an array of objects like *obj. */
#define copy_elem_from_guest(obj, base, i) \
    copy_from_guest((obj), gva_add((base), (u64)(i) * sizeof(*(obj))), sizeof(*(obj)))
#define copy_elem_to_guest(base, i, obj) \
    copy_to_guest(gva_add((base), (u64)(i) * sizeof(*(obj))), (obj), sizeof(*(obj)))
