/*
 * What the decompression libraries want from a C library beyond lib/string.c. They are always handed an allocator of
 * their own (core/build/decompress.c), so these are linked but never the way to memory: whoever gets here is told that
 * there is none, which every caller of malloc has to expect.
 */
#include <stddef.h>

void *malloc(size_t bytes);
void *calloc(size_t n, size_t bytes);
void free(void *p);

void *malloc(size_t bytes)
{
    (void)bytes;
    return NULL;
}

void *calloc(size_t n, size_t bytes)
{
    (void)n;
    (void)bytes;
    return NULL;
}

void free(void *p)
{
    (void)p;
}

/* libzstd's optional tracing hooks: weak there, and out of reach of a relocation when absent. No trace is kept. */
unsigned long long ZSTD_trace_decompress_begin(const void *ctx);
void ZSTD_trace_decompress_end(unsigned long long trace, const void *info);
unsigned long long ZSTD_trace_decompress_begin(const void *ctx) { (void)ctx; return 0; }
void ZSTD_trace_decompress_end(unsigned long long trace, const void *info) { (void)trace; (void)info; }
