/*
 * The screen, in text mode.
 *
 * Problem: a machine whose domain 0 cannot be built has to say why, and many have no serial port. So Serai's messages
 * go to VGA text memory as well, until domain 0 runs: then the screen is its own, and Serai never touches it again.
 * A framebuffer would need a font; there Serai keeps silent.
 *
 * Invariant: only the lines and columns the loader named are written, in the 32 KiB of the text window. Video memory is
 * slow to read, so a copy in RAM is what scrolls. Who writes holds the console lock, or is the last CPU that runs.
 */
#include "arch/x86/screen.h"
#include "arch/x86/boot/boot.h"
#include "core/console.h"
#include "lib/string.h"

#define TEXT_MEMORY 0xb8000UL
#define COLUMNS_MAX 132u
#define ROWS_MAX 60u
#define GREY_ON_BLACK 0x0700u

static struct {
    volatile u64 *memory;       /* NULL: not in use */
    unsigned columns, rows, x;  /* always in the last row */
    u16 text[ROWS_MAX * COLUMNS_MAX] __aligned(8);
} screen;

/* Four characters at a time. */
static void show(unsigned first, unsigned chars)
{
    const u64 *from = (const u64 *)(const void *)screen.text;
    for (unsigned i = first / 4; i < DIV_ROUND_UP(first + chars, 4u); i++)
        screen.memory[i] = from[i];
}

static void scroll(void)
{
    unsigned kept = (screen.rows - 1) * screen.columns;
    memmove(screen.text, screen.text + screen.columns, kept * sizeof(u16));
    for (unsigned i = 0; i < screen.columns; i++)
        screen.text[kept + i] = GREY_ON_BLACK | ' ';
    screen.x = 0;
}

bool screen_init(const struct boot_info *boot)
{
    unsigned columns = boot->text_columns, rows = boot->text_rows;
    if (boot->video != BOOT_VIDEO_TEXT || columns < 40 || columns > COLUMNS_MAX || !rows || rows > ROWS_MAX)
        return false;
    screen.columns = columns;
    screen.rows = rows;
    for (unsigned i = 0; i < rows * columns; i++)
        screen.text[i] = GREY_ON_BLACK | ' ';
    screen.memory = phys_ptr(TEXT_MEMORY);
    show(0, rows * columns);
    return true;
}

void screen_write(const char *s, size_t bytes)
{
    if (!screen.memory)
        return;
    bool scrolled = false;
    for (; bytes; bytes--, s++) {
        if (*s == '\n' || screen.x == screen.columns) {
            scroll();
            scrolled = true;
        }
        if (*s != '\n' && *s != '\r')
            screen.text[(screen.rows - 1) * screen.columns + screen.x++] =
                GREY_ON_BLACK | (*s >= ' ' && *s <= '~' ? (u8)*s : '?');
    }
    unsigned last = (screen.rows - 1) * screen.columns;
    show(scrolled ? 0 : last, scrolled ? last + screen.columns : screen.columns);
}

void screen_release(void)
{
    screen.memory = NULL;
}
