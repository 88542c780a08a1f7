/*
 * Serai's command line. core/options.def is the one table of options: it declares, parses, echoes and documents them
 * (docs/parameters.md is generated from it). Syntax and names are Xen's, so that existing boot entries work.
 */
#pragma once
#include "lib/types.h"

/* An amount of memory as dom0_mem= gives it: [-]size, n%, or size+n%. Negative: all but that much. */
struct memory_amount {
    bool given, negative;
    u8 percent;
    u64 bytes;
};

struct dom0_mem_option {
    struct memory_amount size, min, max;
};

/* com1=<baud>[/<clock>][,[DPS][,[<io-base>][,<irq>]]] */
struct serial_option {
    u32 baud;                   /* 0: auto, keep what the firmware set */
    u32 clock;                  /* divisor clock in Hz / 16; default 115200 */
    u8 data_bits, stop_bits;
    char parity;                /* 'n', 'o', 'e', 'm', 's' */
    u16 io_base;                /* 0: the port's usual one */
    u8 irq;                     /* 0: the port's usual one, unless */
    bool polled;                /* an irq of 0 was given: none */
};

/* Levels up to `always` are printed, up to `limited` at a limited rate. 0 none, 1 error, 2 warning, 3 info, 4 debug. */
struct log_thresholds {
    u8 always, limited;
};

enum console_device { CONSOLE_COM1 = 1, CONSOLE_COM2 = 2, CONSOLE_VGA = 4 };

struct options {
#define FLAG(name, field, value, help) bool field;
#define NUMBER(name, field, low, high, value, help) u32 field;
#define SIZE(name, field, low, high, value, help) u64 field;
#define CUSTOM(name, syntax, parser, value, help)
#define INERT(name, syntax, why)
#include "core/options.def"
    u32 console;                        /* enum console_device */
    struct serial_option com1, com2;
    struct dom0_mem_option dom0_mem;
    u32 dom0_vcpus_min, dom0_vcpus_max; /* dom0_max_vcpus=; 0: not given */
    struct log_thresholds loglvl, guest_loglvl;
    bool console_timestamps;
    char conswitch;                     /* letter for CTRL */
    bool conswitch_stay;                /* input stays with Serai when domain 0 starts */
    const char *dom0_extra;             /* what followed " -- ": to be appended to domain 0's command line */
};

extern struct options opt;

/*
 * Parse the command line into `opt` (defaults where nothing is said). Once, at boot, before anything else; problems go
 * to the console ring by name, with the nearest option when one is unknown. Returns the number of problems.
 */
unsigned options_parse(const char *cmdline);
/*
 * The options that are in effect because the command line says so, one line; recognised ones without effect, another.
 */
void options_echo(void);
/* The boot loader's protocol dropped this first word, for a file name. Say so if it is an option. */
void options_missed(const char *word, const char *loader);
/* What the command line says after "name=" ("" for a bare name), NULL if it does not mention the option. */
const char *option_text(const char *name);
/*
 * Options that may be changed while the machine runs: what is in effect, in the option's own syntax (a constant text);
 * NULL for all others.
 */
const char *options_live(const char *name);
/* Change one of them as the command line would. false: it is none of them, or malformed; then nothing was changed. */
bool options_set(const char *name, const char *text);
/* Nearest option name by edit distance, NULL if none is close. */
const char *options_nearest(const char *name);
