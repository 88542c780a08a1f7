/*
 * Serai's messages are on the screen, as the last thing before domain 0 runs, and from then on nothing is: a refusal
 * that is printed on the serial line changes nothing there.
 * Options: console=com1,vga
 * Differs: Xen goes on with what the firmware wrote
 */
#include "pv.h"

#define COLUMNS 80
#define ROWS 25

static volatile u16 *screen;

/* Row of the screen as text; does `words` stand in it? */
static bool row_has(unsigned row, const char *words)
{
    for (unsigned at = 0; at < COLUMNS; at++) {
        unsigned n = 0;
        while (words[n] && at + n < COLUMNS && (u8)screen[row * COLUMNS + at + n] == words[n])
            n++;
        if (!words[n])
            return true;
    }
    return false;
}

static unsigned rows_with(const char *words)
{
    unsigned n = 0;
    for (unsigned row = 0; row < ROWS; row++)
        n += row_has(row, words);
    return n;
}

static u64 sum(void)
{
    u64 s = 0;
    for (unsigned i = 0; i < ROWS * COLUMNS; i++)
        s = s * 31 + screen[i];
    return s;
}

void test(void)
{
    long err;

    screen = map_frame(0xb8, DOMID_SELF, KERNEL_PAGE | PCD | PWT, &err);
    EXPECT_EQ("the screen is domain 0's", err, 0);
    if (!screen)
        return;
    EXPECT_EQ("what Serai does last", rows_with("Domain 0: 1 vCPU"), 1);
    EXPECT_EQ("the screen is given up", rows_with("from here on"), 1);
    EXPECT_EQ("nothing of the firmware's is left", rows_with("SeaBIOS"), 0);
    u64 before = sum();
    REFUSED("something", hc(__HYPERVISOR_memory_op, 77, 0));
    EXPECT_EQ("nothing more is written", sum(), before);
}
