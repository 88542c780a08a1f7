/* The part of <string.h> that a freestanding program needs. */
#pragma once
#include "lib/types.h"
#ifdef SERAI_HOST
#include <string.h>
#else
void *memcpy(void *d, const void *s, size_t n);
void *memmove(void *d, const void *s, size_t n);
void *memset(void *d, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t n);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strstr(const char *s, const char *sub);
size_t strlcpy(char *d, const char *s, size_t size);
#endif
/* Parse an unsigned number, C syntax (0x, 0), stops at the first other character which *end gets. */
u64 parse_number(const char *s, const char **end);
/* Parse a size with an optional K, M, G, T suffix (default unit: KiB, as Xen's dom0_mem); bytes. */
u64 parse_size(const char *s, const char **end);
