/*
 * Kernel images: ELF with its notes, and bzImage. What is found must lie within the image; the sanitizer watches the
 * image's ends, since it is copied to an allocation of exactly its size.
 * Links: core/build/elf.c core/build/bzimage.c core/build/why.c
 */
#include <stdlib.h>
#include <string.h>
#include "core/build/bzimage.h"
#include "core/build/elf.h"

static void within(const u8 *image, u64 size, const u8 *p, u64 bytes)
{
    if (bytes && (p < image || p > image + size || bytes > (u64)(image + size - p)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct elf e;
    struct why why = { .todo = NULL };
    u8 *image = malloc(size ? size : 1);
    const u8 *payload;
    u64 bytes;

    memcpy(image, data, size);
    if (bzimage_magic(image, size) && bzimage_payload(image, size, &payload, &bytes, &why))
        within(image, size, payload, bytes);
    elf_magic(image, size);
    memset(&e, 0, sizeof(e));
    if (elf_parse(&e, image, size, &why)) {
        if (e.nr_segments > ELF_MAX_SEGMENTS || e.paddr_end < e.paddr_start ||
            e.paddr_end - e.paddr_start > ELF_MAX_SPAN) abort();
        for (unsigned i = 0; i < e.nr_segments; i++) {
            const struct elf_segment *s = &e.segment[i];
            within(image, size, s->data, s->filesz);
            if (s->filesz > s->memsz || s->paddr < e.paddr_start || s->memsz > e.paddr_end - s->paddr)
                abort();
        }
        if (!memchr(e.notes.guest_os, 0, ELF_TEXT_BYTES) || !memchr(e.notes.loader, 0, ELF_TEXT_BYTES))
            abort();
    } else if (!why.text[0] || !memchr(why.text, 0, sizeof(why.text))) {
        abort();                /* refused without a reason */
    }
    free(image);
    return 0;
}
