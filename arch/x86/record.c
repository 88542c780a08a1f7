/*
 * The panic record.
 *
 * Problem: a panic says everything on the serial line, where nobody listens, and then the machine reboots. RAM mostly
 * survives a reset, so the words are put where the next run finds them, says them, and `xl dmesg` shows them.
 *
 * The place must be the same in each run without anything that tells: three quarters up the highest RAM below 4 GiB,
 * away from its top (firmware tables, boot loaders' heaps, Serai's own early tables) and its bottom (images, modules).
 *
 * Invariant: what is reported was written by record_add(), whole: magic, length and checksum agree. Imprecise on
 * purpose: firmware that clears memory, a module loaded at that place or another amount of RAM lose it.
 */
#include "arch/x86/record.h"
#include "arch/x86/asm.h"
#include "arch/x86/mm/paging.h"
#include "core/console.h"
#include "lib/print.h"
#include "lib/string.h"
#include <machine/layout.h>

#define RECORD_MAGIC 0x64726f6365724353UL
#define RECORD_BYTES KiB(16)
#define TAIL_BYTES KiB(4)       /* of what was said before the panic */
#define FNV_START 0x811c9dc5u
#define FNV_PRIME 0x01000193u

struct record {
    u64 magic;
    u32 bytes, sum;
    char text[RECORD_BYTES - 16];
};

static struct record *record;
static bool open;

/* FNV-1a over `bytes` of text, going on from `sum`. */
static u32 checksum(u32 sum, const char *text, size_t bytes)
{
    while (bytes--)
        sum = (sum ^ (u8)*text++) * FNV_PRIME;
    return sum;
}

void record_reserve(const struct boot_info *boot)
{
    u64 start = 0, bytes = 0;
    for (unsigned i = 0; i < boot->nr_ranges; i++) {
        const struct boot_range *r = &boot->range[i];
        if (r->type == BOOT_MEM_RAM && r->start >= start && r->bytes >= MiB(64) && r->start + r->bytes <= GiB(4)) {
            start = r->start;
            bytes = r->bytes;
        }
    }
    paddr_t place = round_down(start + bytes / 4 * 3, MiB(2));
    if (!bytes || !early_reserve_free(place, place + RECORD_BYTES))
        return;
    record = (struct record *)(DIRECT_VIRT + place);
}

void record_report(void)
{
    if (!record || record->magic != RECORD_MAGIC)
        return;
    record->magic = 0;
    if (record->bytes > sizeof(record->text) || checksum(FNV_START, record->text, record->bytes) != record->sum)
        return;
    log_always("The last run ended in a panic. Its last words, %u bytes:", record->bytes);
    char *text = record->text, *end = text + record->bytes;
    while (text < end) {
        char *stop = text;
        while (stop < end && *stop != '\n')
            stop++;
        int n = (int)(stop - text);
        log_always("last run| %.*s", n && text[n - 1] == '\r' ? n - 1 : n, text);
        text = stop + 1;
    }
}

/* What `xl dmesg` would have shown last, whole lines. Without the console's lock: its holder is stopped or is us. */
static void add_tail(void)
{
    char chunk[256];
    u32 index = console_ring_end(), start = console_ring_start();
    index -= min(index - start, (u32)TAIL_BYTES);
    bool whole = index == start;
    for (size_t n; (n = console_ring_read(&index, chunk, sizeof(chunk))) > 0; ) {
        char *from = chunk;
        while (!whole && from < chunk + n)
            whole = *from++ == '\n';
        record_add(from, (size_t)(chunk + n - from));
    }
}

void record_add(const char *text, size_t bytes)
{
    if (!record)
        return;
    if (!open) {
        open = true;
        record->bytes = 0;
        record->sum = FNV_START;
        record->magic = RECORD_MAGIC;
        add_tail();
    }
    bytes = min(bytes, sizeof(record->text) - record->bytes);
    memcpy(record->text + record->bytes, text, bytes);
    record->sum = checksum(record->sum, text, bytes);
    record->bytes += (u32)bytes;
}

void record_close(void)
{
    if (record)
        wbinvd();
}
