/*
 * The command line: every kind of option, good and bad, what is said about the bad ones, and random bytes.
 * Went wrong once: options that nothing obeyed were accepted in silence. Could: a typing error that turns a protection
 * off, a number that overflows into a small one.
 * Links: core/options.c lib/string.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/options.h"
#include "lib/print.h"

static char said[4096];

static void say(const char *fmt, va_list ap)
{
    size_t n = strlen(said);
    vsnprintf(said + n, sizeof(said) - n, fmt, ap);
    n = strlen(said);
    snprintf(said + n, sizeof(said) - n, "\n");
}

void log_line(enum log_level level, bool guest, const char *fmt, ...)
{
    va_list ap;
    (void)level, (void)guest;
    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
}

void log_always(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
}

static unsigned parse(const char *line)
{
    said[0] = '\0';
    return options_parse(line);
}

static void defaults(void **state)
{
    (void)state;
    assert_int_equal(parse(""), 0);
    assert_string_equal(said, "");
    assert_int_equal(opt.console, CONSOLE_COM1 | CONSOLE_VGA);
    assert_int_equal(opt.com1.baud, 0);     /* as the firmware set it */
    assert_int_equal(opt.com1.clock, 115200);
    assert_int_equal(opt.loglvl.always, 2);
    assert_int_equal(opt.guest_loglvl.always, 0);
    assert_int_equal(opt.guest_loglvl.limited, 2);
    assert_false(opt.noreboot);
    assert_int_equal(opt.conring_size, KiB(64));
    assert_int_equal(opt.maxcpus, 64);
    assert_false(opt.dom0_mem.size.given);
    assert_string_equal(opt.dom0_extra, "");
    assert_null(option_text("com1"));
}

static void a_usual_line(void **state)
{
    (void)state;
    assert_int_equal(parse("placeholder  console=com1,vga com1=9600,8n1,0x3f8,4 dom0_mem=1024M,max:2G loglvl=all "
                           "guest_loglvl=warning/info noreboot dom0_max_vcpus=2-4 no-real-mode edd=off spec-ctrl=no "
                           "sched=credit2 conring_size=1M nosmp no-smep no-dom0_vcpus_pin -- single init=/bin/sh"), 0);
    assert_string_equal(said, "");
    assert_int_equal(opt.console, CONSOLE_COM1 | CONSOLE_VGA);
    assert_int_equal(opt.com1.baud, 9600);
    assert_int_equal(opt.com1.io_base, 0x3f8);
    assert_int_equal(opt.com1.irq, 4);
    assert_int_equal(opt.dom0_mem.size.bytes, MiB(1024));
    assert_int_equal(opt.dom0_mem.max.bytes, GiB(2));
    assert_int_equal(opt.loglvl.always, 4);
    assert_int_equal(opt.guest_loglvl.limited, 3);
    assert_true(opt.noreboot);
    assert_int_equal(opt.dom0_vcpus_min, 2);
    assert_int_equal(opt.dom0_vcpus_max, 4);
    assert_int_equal(opt.conring_size, MiB(1));
    assert_false(opt.dom0_vcpus_pin);
    assert_int_equal(opt.maxcpus, 1);
    assert_string_equal(opt.dom0_extra, "single init=/bin/sh");
    assert_string_equal(option_text("com1"), "9600,8n1,0x3f8,4");
    options_echo();
    assert_non_null(strstr(said, "dom0_mem=1024M,max:2G"));
    assert_non_null(strstr(said, "edd=off"));
}

static void memory_amounts(void **state)
{
    (void)state;
    assert_int_equal(parse("dom0_mem=-512M"), 0);
    assert_true(opt.dom0_mem.size.negative);
    assert_int_equal(opt.dom0_mem.size.bytes, MiB(512));
    assert_int_equal(parse("dom0_mem=min:128M,max:50%,1G+10%"), 0);
    assert_int_equal(opt.dom0_mem.min.bytes, MiB(128));
    assert_int_equal(opt.dom0_mem.max.percent, 50);
    assert_int_equal(opt.dom0_mem.size.percent, 10);
    assert_int_equal(opt.dom0_mem.size.bytes, GiB(1));
    assert_int_equal(parse("dom0_mem=262144"), 0);
    assert_int_equal(opt.dom0_mem.size.bytes, MiB(256));
}

/* Each of these is one problem, named with what was wanted; the default stays. */
static void bad_values(void **state)
{
    static const char *const bad[] = {
        "dom0_mem=lots", "dom0_mem=", "dom0_mem=1G,min", "dom0_mem=101%", "loglvl=loud", "loglvl=info/", "com1=fast",
        "com1=115200,9n1", "com1=115200,8n1,0x3f8,4,5", "console=com3", "noreboot=maybe", "maxcpus=0", "maxcpus=65",
        "maxcpus=x", "conring_size=1", "dom0_max_vcpus=0", "dom0_max_vcpus=4-2", "dom0_max_vcpus=x", "conswitch=1",
        "sched=null", "reboot=z", "no-reboot_=1", "reboot=", "reboot=acpi,", "reboot=noo", "no-dom0_mem", "no-console",
        "no-loglvl=all", "no-x2apic=1", "console=", "console=ehci", "com1=115200,8n1,pci", "com1=115200,8n1,0x3f8,16",
        "com1=115200/8,8n1",
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(parse(bad[i]), 1);
        assert_int_not_equal(said[0], 0);
        assert_int_equal(opt.maxcpus, 64);
        assert_int_equal(opt.console, CONSOLE_COM1 | CONSOLE_VGA);
        assert_int_equal(opt.com1.irq, 0);
        assert_false(opt.dom0_mem.size.given);
        assert_int_equal(opt.dom0_vcpus_max, 0);
    }
}

static void unknown_names(void **state)
{
    (void)state;
    assert_string_equal(options_nearest("dom0_men"), "dom0_mem");
    assert_string_equal(options_nearest("logvl"), "loglvl");
    assert_string_equal(options_nearest("guest-loglevel"), "guest_loglvl");
    assert_null(options_nearest("completely_different"));
    assert_null(options_nearest("x"));      /* nothing in common with the shortest name there is */
    assert_null(options_nearest(""));
    assert_int_equal(parse("dom0_men=1G"), 1);
    assert_non_null(strstr(said, "did you mean dom0_mem?"));
    assert_int_equal(parse("xyzzyxyzzy"), 1);
    assert_non_null(strstr(said, "xyzzyxyzzy is unknown"));
}

static void duplicates(void **state)
{
    (void)state;
    assert_int_equal(parse("maxcpus=2 maxcpus=3"), 1);
    assert_int_equal(opt.maxcpus, 3);
    assert_non_null(strstr(said, "maxcpus is given twice; the last one counts"));
    assert_int_equal(parse("maxcpus=2 maxcpus=many"), 1);
    assert_int_equal(opt.maxcpus, 2);
    assert_non_null(strstr(said, "maxcpus is given twice; the first one counts"));
    options_echo();
    assert_non_null(strstr(said, "Options in effect: maxcpus=2\n"));
}

static void serial_ports(void **state)
{
    (void)state;
    assert_int_equal(parse("console=com2L,vga com2=auto/14745600,7e2,0x2e8,0"), 0);
    assert_int_equal(opt.console, CONSOLE_COM2 | CONSOLE_VGA);
    assert_int_equal(opt.com2.baud, 0);
    assert_int_equal(opt.com2.clock, 921600);
    assert_int_equal(opt.com2.data_bits, 7);
    assert_int_equal(opt.com2.parity, 'e');
    assert_int_equal(opt.com2.stop_bits, 2);
    assert_int_equal(opt.com2.io_base, 0x2e8);
    assert_true(opt.com2.polled);
    parse("console=xhci,com2");
    assert_int_equal(opt.console, CONSOLE_COM2);
    assert_non_null(strstr(said, "xhci"));
    parse("console=com2,com1");
    assert_int_equal(opt.console, CONSOLE_COM1);
    assert_non_null(strstr(said, "one serial port"));
}

static void reboot_ways(void **state)
{
    (void)state;
    assert_int_equal(parse("reboot=w,a"), 0);
    assert_false(opt.noreboot);
    assert_int_equal(parse("reboot=Power,cold"), 0);
    assert_int_equal(parse("reboot=pci,no"), 0);
    assert_true(opt.noreboot);
    assert_int_equal(parse("no-reboot"), 0);
    assert_true(opt.noreboot);
    assert_int_equal(parse("no-noreboot"), 0);
    assert_false(opt.noreboot);
}

/* What boot entries for Xen 4.17 have: each word of its documentation is known here. */
static void options_of_xen(void **state)
{
    static const char *const lines[] = {
        "dom0_vcpus_pin dom0_max_vcpus=1-2 dom0_mem=min:1G,max:2G com1=115200,8n1 console=vga,com1 sync_console",
        "ucode=scan iommu=no-igfx,verbose smt=0 spec-ctrl=no-xen pv=no-32 xpti=dom0=0,domu=1 sched=credit cpufreq=none",
        "cpufreq=xen:performance noreboot=1 loglvl=all/all console_timestamps=boot gnttab_max_frames=64 mem=4G",
        "watchdog=force watchdog_timeout=10 vga=gfx-1024x768x32,keep conring_size=256k conswitch=bx noapic",
        "clocksource=hpet tsc=unstable cpuid=no-x xsave=0 x2apic=0 ept=no-pml edd=off hap=no gnttab=max-ver:1",
        "timer_slop=50000 crash-debug-panic=0 mtrr.show x2apic-mode=cluster badpage=0x1000-0x1fff noirqbalance",
        "placeholder no-real-mode no-cpuidle nosmt no-watchdog iommu=0 no-iommu cet=no-ibt argo=1 psr=cmt tsx=0 nosmp",
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        parse(lines[i]);
        assert_null(strstr(said, "unknown"));
        assert_null(strstr(said, "ignored"));
    }
}

/* What is changed at run time reads as it would be written. */
static void while_running(void **state)
{
    static const char *const levels[] = { "none", "error", "warning", "info", "all" };
    char text[32];
    (void)state;
    parse("");
    assert_string_equal(options_live("loglvl"), "warning");
    assert_string_equal(options_live("guest_loglvl"), "none/warning");
    assert_string_equal(options_live("console_timestamps"), "none");
    for (unsigned low = 0; low < 5; low++)
        for (unsigned high = low; high < 5; high++) {
            snprintf(text, sizeof(text), low == high ? "%s" : "%s/%s", levels[low], levels[high]);
            assert_true(options_set("loglvl", text));
            assert_string_equal(options_live("loglvl"), text);
            assert_int_equal(opt.loglvl.always, low);
            assert_int_equal(opt.loglvl.limited, high);
        }
    assert_true(options_set("loglvl", "info/error"));       /* the second is never less */
    assert_string_equal(options_live("loglvl"), "info");
    assert_false(options_set("loglvl", "loud"));
    assert_false(options_set("loglvl", ""));
    assert_string_equal(options_live("loglvl"), "info");
    assert_string_equal(options_live("guest_loglvl"), "none/warning");
    assert_true(options_set("console_timestamps", "date"));
    assert_true(opt.console_timestamps);
    assert_true(options_set("console_timestamps", "no"));
    assert_false(opt.console_timestamps);
    assert_null(options_live("sync_console"));
    assert_false(options_set("sync_console", "1"));
    assert_false(options_set("nosuch", "1"));
}

/* No line is longer than the console's, and none is left out. */
static void long_lines(void **state)
{
    char line[2000];
    (void)state;
    memset(line, 'x', 1500);
    strcpy(line + 1500, " maxcpus=3");
    parse(line);
    assert_non_null(strstr(said, "is unknown"));
    assert_true(strlen(said) < 300);
    memset(line, 'x', 1500);
    memcpy(line, "spec-ctrl=", 10);
    parse(line);
    options_echo();
    assert_non_null(strstr(said, "maxcpus=3"));
}

static void a_lost_option(void **state)
{
    (void)state;
    parse("");
    options_missed("dom0_mem=1G", "Limine");
    assert_non_null(strstr(said, "dom0_mem=1G is lost"));
    parse("");
    options_missed("/boot/serai.gz", "Limine");
    options_missed("", "");
    options_missed("boot=xyzzy", "qemu");
    assert_string_equal(said, "");
}

static void any_bytes(void **state)
{
    static const char alphabet[] = "dom0_mem=,:-+%1Gxconsle/ \t\xff";
    char line[3000];
    (void)state;
    srand(2);
    for (unsigned round = 0; round < 3000; round++) {
        size_t n = (size_t)rand() % (sizeof(line) - 1);
        for (size_t i = 0; i < n; i++)
            line[i] = rand() % 8 ? alphabet[(size_t)rand() % (sizeof(alphabet) - 1)] : (char)(rand() % 255 + 1);
        line[n] = '\0';
        parse(line);
        options_echo();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults), cmocka_unit_test(a_usual_line), cmocka_unit_test(memory_amounts),
        cmocka_unit_test(bad_values), cmocka_unit_test(unknown_names), cmocka_unit_test(duplicates),
        cmocka_unit_test(serial_ports), cmocka_unit_test(reboot_ways), cmocka_unit_test(options_of_xen),
        cmocka_unit_test(while_running), cmocka_unit_test(long_lines), cmocka_unit_test(a_lost_option),
        cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
