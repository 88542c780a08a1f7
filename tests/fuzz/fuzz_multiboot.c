/*
 * What a boot loader hands over: the input is memory from 0x9000 on, where the information is said to be; the rest of
 * the 4 GiB is zero. The first byte says which protocol.
 * Links: arch/x86/boot/multiboot.c arch/x86/boot/memory_map.c core/build/why.c
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "arch/x86/boot/memory_map.h"
#include "arch/x86/boot/multiboot.h"
#include "lib/print.h"

#define INFO 0x9000UL
#define MOST 0x8000UL

void *phys_ptr(paddr_t pa);
static u8 *ram;

void *phys_ptr(paddr_t pa)
{
    if (pa >= GiB(4))
        abort();
    return ram + pa;
}
void log_line(enum log_level level, bool guest, const char *fmt, ...) { (void)level, (void)guest, (void)fmt; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct boot_info boot;

    if (!ram) { /* a page more: the last word below 4 GiB may be read, nothing beyond */
        ram = mmap(NULL, GiB(4), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (ram == MAP_FAILED)
            abort();
    }
    if (size < 2 || size - 1 > MOST)
        return 0;
    memset(ram + INFO, 0, MOST);
    memcpy(ram + INFO, data + 1, size - 1);
    memset(&boot, 0, sizeof(boot));
    if (!multiboot_parse(data[0] & 1 ? MULTIBOOT2_LOADED : MULTIBOOT1_LOADED, INFO, &boot)) {
        struct why why;
        memory_map_tidy(&boot, GiB(5120));
        for (unsigned i = 1; i < boot.nr_ranges; i++)
            if (boot.range[i].start < boot.range[i - 1].start + boot.range[i - 1].bytes)
                abort();
        (void)modules_check(&boot, MiB(2), MiB(4), &why);
    }
    madvise(ram, GiB(4), MADV_DONTNEED);
    return 0;
}
