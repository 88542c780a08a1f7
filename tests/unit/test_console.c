/*
 * The console: whole lines with prefix, levels and rate limit, the ring's positions when it wraps around, the switch of
 * input by three CTRL-a, what guests may write and read.
 * Went wrong once: domain 0 lost a typed character between two CPUs that both fetched serial input. Could: a guest's
 * words on the owner's console, a reader's position that the ring has overtaken.
 * Links: core/console.c core/console_io.c core/options.c core/lock.c lib/string.c
 * Links: arch/host/fake_machine.c arch/host/fake_heap.c arch/host/fake_guest.c arch/host/fake_log.c
 */
#include "arch/host/fake.h"
#include <string.h>
#include "core/console.h"
#include "core/event.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/keys.h"
#include "core/options.h"
#include <xen/sysctl.h>

static char serial[100000], pressed[64];
static size_t serial_bytes;
static const char *typed = "";
static struct timer *polling;
static unsigned virqs[NR_VIRQS];
static struct domain dom0 = { .id = 0, .privileged = true }, guest = { .id = 7 };
static struct vcpu vcpu;
_Thread_local struct vcpu *fake_current = &vcpu;
struct domain *domain0 = &dom0;

void serial_write(const char *text, size_t bytes)
{
    assert_true(serial_bytes + bytes < sizeof(serial));
    memcpy(serial + serial_bytes, text, bytes);
    serial_bytes += bytes;
    serial[serial_bytes] = '\0';
}

static char screen[1000];
static bool released;
void screen_write(const char *text, size_t bytes)
{
    size_t n = strlen(screen);
    if (!released && n + bytes < sizeof(screen))
        memcpy(screen + n, text, bytes);
}
void screen_release(void) { released = true; }

int serial_read(void) { return *typed ? *typed++ : -1; }

void timer_init(struct timer *t, void (*fn)(void *), void *data, unsigned cpu)
{
    *t = (struct timer){ .fn = fn, .data = data, .cpu = (u16)cpu };
}

void timer_set(struct timer *t, ns_t expires)
{
    t->expires = expires;
    polling = t;
}
void virq_send_host(u32 virq) { virqs[virq]++; }

long key_press(char c)
{
    pressed[strlen(pressed)] = c;
    return 0;
}

static int reset(void **state)
{
    (void)state;
    options_parse("");
    console_ring_clear(console_ring_end());
    console_attach();
    serial_bytes = 0;
    serial[0] = '\0';
    memset(pressed, 0, sizeof(pressed));
    fake_now += 100000000000;
    current = &vcpu;
    vcpu.domain = &dom0;
    return 0;
}

static void lines_and_levels(void **state)
{
    (void)state;
    log_warn("one %d", 1);
    log_info("hidden");
    log_always("two\nthree\n");
    assert_string_equal(serial, "(XEN) one 1\n(XEN) two\n(XEN) three\n");
    char buf[200] = "";
    u32 index = console_ring_start();
    console_ring_read(&index, buf, sizeof(buf) - 1);
    assert_string_equal(buf, "(XEN) one 1\n(XEN) hidden\n(XEN) two\n(XEN) three\n");
    assert_int_equal(index, console_ring_end());
    serial_bytes = 0;
    console_write_raw("login: ", 7);
    log_warn("x");
    assert_string_equal(serial, "login: \n(XEN) x\n");
}

static unsigned count(const char *what)
{
    unsigned n = 0;
    for (const char *p = serial; (p = strstr(p, what)); p++)
        n++;
    return n;
}

/* Guests' warnings are limited by default: a burst of ten, then two a second, and what was left out is said. */
static void rate_limit(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        guest_warn("flood");
    assert_int_equal(count("flood"), 10);
    fake_now += 1000000000;
    guest_warn("later");
    assert_int_equal(count("990 more messages were left out"), 1);
    assert_int_equal(count("later"), 1);
    guest_debug("never");
    assert_int_equal(count("never"), 0);
}

static void ring_wraps(void **state)
{
    char buf[64];
    u32 old = console_ring_start();
    (void)state;
    for (unsigned i = 0; i < 20000; i++)
        log_info("line %05u", i);
    assert_true(console_ring_end() - console_ring_start() <= KiB(64));
    size_t n = console_ring_read(&old, buf, 10);    /* gone: continues at the oldest */
    assert_int_equal(n, 10);
    assert_int_equal(old, console_ring_start() + 10);
    u32 end = console_ring_end() - 11;
    n = console_ring_read(&end, buf, sizeof(buf));
    assert_memory_equal(buf, "line 19999\n", n);

    /* The tools' way: incremental reading sees everything once. */
    char all[100];
    struct xen_sysctl_readconsole op = { .incremental = 1, .count = sizeof(all), .index = console_ring_end() };
    op.buffer.p = all;
    log_info("new");
    assert_int_equal(console_sysctl_read(&op), 0);
    assert_int_equal(op.count, 10);
    assert_memory_equal(all, "(XEN) new\n", 10);
    op.count = sizeof(all);
    assert_int_equal(console_sysctl_read(&op), 0);
    assert_int_equal(op.count, 0);
}

/* Serai's lines go to the screen until domain 0 has it; domain 0's own never. */
static void on_the_screen(void **state)
{
    (void)state;
    memset(screen, 0, sizeof(screen));
    released = false;
    options_parse("console=vga loglvl=info");
    log_warn("one");
    log_debug("not printed");
    console_write_raw("words", 5);
    assert_string_equal(screen, "one\n");
    assert_int_equal(serial_bytes, 0);
    options_parse("console=com1 loglvl=info");
    log_warn("two");
    assert_string_equal(screen, "one\n");
    options_parse("console=com1,vga loglvl=info");
    console_start_dom0();
    log_warn("four");
    assert_non_null(strstr(screen, "domain 0's from here on"));
    assert_null(strstr(screen, "four"));
    assert_non_null(strstr(serial, "four"));
}

/* A reader of a large ring lets others in: it gets 64 KiB at least, and the rest by its next calls, nothing twice. */
static void large_ring(void **state)
{
    static char all[KiB(1024)];
    struct xen_sysctl_readconsole op = { .incremental = 1, .count = sizeof(all), .index = console_ring_end() };
    u32 total = 0;
    (void)state;
    options_parse("conring_size=1M console=none");
    console_ring_grow();
    for (unsigned i = 0; i < 4000; i++)
        log_info("%089u", i);
    fake_preempt_every = 3;
    for (unsigned calls = 0; op.count; calls++, total += op.count) {
        assert_true(calls < 8);
        op.buffer.p = all + total;
        op.count = (u32)sizeof(all) - total;
        assert_int_equal(console_sysctl_read(&op), 0);
        assert_true(op.count >= KiB(64) || total + op.count == 4000 * 96 || !op.count);
    }
    fake_preempt_every = 0;
    assert_int_equal(total, 4000 * 96);
    for (unsigned i = 0; i < 4000; i++)
        assert_int_equal(strtoul(all + i * 96 + 6, NULL, 10), i);
}

static void input_switch(void **state)
{
    char buf[64] = "";
    (void)state;
    console_input_to_dom0(true);
    typed = "ls\001\001x\001\001\001hq\001\001\001z";
    memset(virqs, 0, sizeof(virqs));
    console_work();
    assert_string_equal(pressed, "hq");
    assert_int_equal(virqs[VIRQ_CONSOLE], 1);
    assert_int_equal(do_console_io(CONSOLEIO_read, sizeof(buf), (u64)(uintptr_t)buf), 6);
    assert_memory_equal(buf, "ls\001\001xz", 6);
    assert_int_equal(do_console_io(CONSOLEIO_read, sizeof(buf), (u64)(uintptr_t)buf), 0);
    assert_int_equal(count("Serial input to Serai"), 1);
    assert_int_equal(count("Serial input to DOM0"), 2);
    char *flood = malloc(20000);
    memset(flood, 'f', 19999);
    flood[19999] = '\0';
    typed = flood;
    for (unsigned i = 0; i < 5; i++)        /* each fetches a bounded number */
        console_work();
    long n, total = 0;
    while ((n = do_console_io(CONSOLEIO_read, sizeof(buf), (u64)(uintptr_t)buf)) > 0)
        total += n;
    assert_int_equal(total, 16384);
    free(flood);
}

static long guest_writes(const char *text)
{
    return do_console_io(CONSOLEIO_write, strlen(text), (u64)(uintptr_t)text);
}

static void guests(void **state)
{
    (void)state;
    assert_int_equal(guest_writes("\033[1mhello\r\n"), 0);
    assert_string_equal(serial, "\033[1mhello\r\n");
    vcpu.domain = &guest;
    assert_int_equal(guest_writes("hi\n"), -EPERM);
    assert_int_equal(do_console_io(CONSOLEIO_read, 1, 0), -EPERM);
    assert_int_equal(do_console_io(99, 1, 0), -ENOSYS);
    options_parse("guest_loglvl=all"); /* is about what Serai says of guests, and opens them nothing */
    serial_bytes = 0;
    assert_int_equal(guest_writes("hi\n"), -EPERM);
    assert_int_equal(serial_bytes, 0);
}

/* Two CPUs that printed at once both took from the port's ring, and a typed character was lost between them. */
static void one_cpu_fetches(void **state)
{
    (void)state;
    console_input_to_dom0(false);
    typed = "q";
    fake_cpu = CONSOLE_CPU + 1;
    console_work();
    assert_string_equal(typed, "q");
    fake_cpu = CONSOLE_CPU;
    console_work();
    assert_string_equal(typed, "");
}

static void port_without_interrupt(void **state)
{
    (void)state;
    console_poll_start();
    for (int i = 0; i < 3; i++) {
        assert_in_range(polling->expires - fake_now, 1, 100000000);
        fake_now = polling->expires;
        fake_pending[CONSOLE_CPU] = 0;
        polling->fn(polling->data);
        assert_int_equal(fake_pending[CONSOLE_CPU], PENDING_CONSOLE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lines_and_levels, reset), cmocka_unit_test_setup(rate_limit, reset),
        cmocka_unit_test_setup(ring_wraps, reset), cmocka_unit_test_setup(input_switch, reset),
        cmocka_unit_test_setup(guests, reset), cmocka_unit_test_setup(one_cpu_fetches, reset),
        cmocka_unit_test_setup(port_without_interrupt, reset), cmocka_unit_test_setup(on_the_screen, reset),
        cmocka_unit_test_setup(large_ring, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
