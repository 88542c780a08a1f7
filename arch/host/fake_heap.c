/* Serai's own memory (fake.h). */
#include "arch/host/fake.h"
#include "core/heap.h"

long fake_heap_fails_in = -1, fake_heap_objects;

bool fake_heap_fails(void)
{
    return __atomic_load_n(&fake_heap_fails_in, __ATOMIC_RELAXED) >= 0 &&
           __atomic_fetch_sub(&fake_heap_fails_in, 1, __ATOMIC_RELAXED) == 0;
}

FAKE void *zalloc(struct domain *d, size_t bytes)
{
    (void)d;
    if (fake_heap_fails())
        return NULL;
    __atomic_fetch_add(&fake_heap_objects, 1, __ATOMIC_RELAXED);
    return calloc(1, bytes ? bytes : 1);
}

FAKE void zfree(void *p)
{
    if (p)
        __atomic_fetch_sub(&fake_heap_objects, 1, __ATOMIC_RELAXED);
    free(p);
}

FAKE void *zalloc_pages(struct domain *d, unsigned order) { return zalloc(d, PAGE_SIZE << order); }

FAKE void zfree_pages(void *p, unsigned order)
{
    (void)order;
    zfree(p);
}
