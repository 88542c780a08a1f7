/*
 * The command line, parsed against one table.
 *
 * Problem: an option that is silently ignored costs its owner a day. So every word either takes effect, or is named on
 * the console: unknown (with the nearest name there is), malformed (with the syntax wanted), given twice, or known from
 * Xen but without effect here. The boot goes on in all cases, without what is wrong.
 *
 * Imprecise on purpose: '-' and '_' are the same in names, and no upper bound is put on how often one is repeated.
 */
#include "core/options.h"
#include "core/build/bootinfo.h"
#include "lib/print.h"
#include "lib/string.h"

struct options opt;

enum kind { KIND_FLAG, KIND_NUMBER, KIND_SIZE, KIND_CUSTOM, KIND_INERT };

/* A parser gets the text after '=' ("" without one); false: malformed. */
typedef bool parser_fn(const char *text);
static parser_fn parse_console, parse_com1, parse_com2, parse_loglvl, parse_guest_loglvl, parse_conswitch,
    parse_dom0_mem, parse_dom0_max_vcpus, parse_reboot, parse_sched, parse_timestamps;

struct option {
    const char *name;
    enum kind kind;
    void *field;
    u64 low, high;
    const char *text;           /* syntax; INERT: the reason */
    parser_fn *parse;
};

static const struct option options[] = {
#define FLAG(name, field, value, help) { name, KIND_FLAG, &opt.field, 0, 0, "yes or no", NULL },
#define NUMBER(name, field, low, high, value, help) { name, KIND_NUMBER, &opt.field, low, high, NULL, NULL },
#define SIZE(name, field, low, high, value, help) { name, KIND_SIZE, &opt.field, low, high, NULL, NULL },
#define CUSTOM(name, syntax, parser, value, help) { name, KIND_CUSTOM, NULL, 0, 0, syntax, parser },
#define INERT(name, syntax, why) { name, KIND_INERT, NULL, 0, 0, why, NULL },
#include "core/options.def"
};

static char words[BOOT_CMDLINE_MAX];            /* the command line, cut into words; texts in opt point here */
static const char *given[ARRAY_SIZE(options)];  /* an option's text on the command line, NULL: not there */

static void set_defaults(void)
{
#define FLAG(name, field, value, help) opt.field = (value);
#define NUMBER(name, field, low, high, value, help) opt.field = (value);
#define SIZE(name, field, low, high, value, help) opt.field = (value);
#define CUSTOM(name, syntax, parser, value, help)
#define INERT(name, syntax, why)
#include "core/options.def"
    struct serial_option port = { .clock = 115200, .data_bits = 8, .parity = 'n', .stop_bits = 1 };
    opt.console = CONSOLE_COM1 | CONSOLE_VGA;
    opt.com1 = opt.com2 = port;
    opt.dom0_mem = (struct dom0_mem_option){ 0 };
    opt.dom0_vcpus_min = opt.dom0_vcpus_max = 0;
    opt.loglvl = (struct log_thresholds){ 2, 2 };
    opt.guest_loglvl = (struct log_thresholds){ 0, 2 };
    opt.console_timestamps = false;
    opt.conswitch = 'a';
    opt.conswitch_stay = false;
    opt.dom0_extra = "";
}

/* ---- parsing pieces of text ---- */

/* Does the word that ends at ',', '/' or the end equal `word`? If so, step over it. */
static bool take_word(const char **text, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(*text, word, n) || ((*text)[n] && !strchr(",/", (*text)[n])))
        return false;
    *text += n;
    return true;
}

static bool take_number(const char **text, u64 high, u64 *n)
{
    const char *end;
    *n = parse_number(*text, &end);
    if (end == *text || *n > high)
        return false;
    *text = end;
    return true;
}

/* At the end, or at a ',' which is stepped over. */
static bool take_comma(const char **text)
{
    if (**text == ',')
        return ++*text, true;
    return **text == '\0';
}

static bool parse_flag(const char *text, bool *value)
{
    static const char *const yes[] = { "", "yes", "on", "true", "enable", "1" };
    static const char *const no[] = { "no", "off", "false", "disable", "0" };
    for (unsigned i = 0; i < ARRAY_SIZE(yes); i++)
        if (!strcmp(text, yes[i]))
            return *value = true, true;
    for (unsigned i = 0; i < ARRAY_SIZE(no); i++)
        if (!strcmp(text, no[i]))
            return *value = false, true;
    return false;
}

/* ---- options with a syntax of their own ---- */

/* A list of devices. Those Serai does not drive are named; if no other is left, that is as good as a mistake. */
static bool parse_console(const char *text)
{
    static const struct { const char *name; int device; } known[] = {
        { "none", 0 }, { "com1", CONSOLE_COM1 }, { "com2", CONSOLE_COM2 }, { "vga", CONSOLE_VGA },
        /* H, L: two programs at one port, told apart by the top bit. Ours never sets it. */
        { "com1L", CONSOLE_COM1 }, { "com2L", CONSOLE_COM2 }, { "com1H", -1 }, { "com2H", -1 },
        { "dbgp", -1 }, { "ehci", -1 }, { "xhci", -1 }, { "pv", -1 },
    };
    u32 devices = 0;
    bool any = false;
    do {
        unsigned i = 0;
        while (i < ARRAY_SIZE(known) && !take_word(&text, known[i].name))
            i++;
        if (i == ARRAY_SIZE(known) || !take_comma(&text))
            return false;
        if (known[i].device < 0)
            log_warn("Option console: Serai does not drive %s", known[i].name);
        else
            devices |= (u32)known[i].device;
        any |= known[i].device >= 0;
    } while (*text);
    if (devices & CONSOLE_COM1 && devices & CONSOLE_COM2) {
        log_warn("Option console: Serai drives one serial port, here com1");
        devices &= ~(u32)CONSOLE_COM2;
    }
    if (any)
        opt.console = devices;
    return any;
}

/* DPS: data bits 5-8, parity n o e m s, stop bits 1 2. */
static bool take_frame(const char **text, struct serial_option *port)
{
    const char *t = *text;
    if (t[0] < '5' || t[0] > '8' || !t[1] || !strchr("noems", t[1]) || (t[2] != '1' && t[2] != '2'))
        return false;
    port->data_bits = (u8)(t[0] - '0');
    port->parity = t[1];
    port->stop_bits = (u8)(t[2] - '0');
    *text += 3;
    return true;
}

static bool parse_serial(const char *text, struct serial_option *port)
{
    struct serial_option p = *port;
    u64 n;
    if (take_word(&text, "auto"))
        p.baud = 0;
    else if (take_number(&text, 4000000, &n) && n >= 50)
        p.baud = (u32)n;
    else
        return false;
    if (*text == '/') {
        text++;
        if (!take_number(&text, 64000000, &n) || n < 16)
            return false;
        p.clock = (u32)n / 16;
    }
    if (!take_comma(&text) || (*text && *text != ',' && !take_frame(&text, &p)))
        return false;
    if (!take_comma(&text))
        return false;
    if (*text && *text != ',') {
        if (!take_number(&text, 0xfff8, &n) || n < 0x100)
            return false;
        p.io_base = (u16)n;
    }
    if (!take_comma(&text))
        return false;
    if (*text) {
        if (!take_number(&text, 15, &n))
            return false;
        p.irq = (u8)n;
        p.polled = n == 0;
    }
    if (*text)
        return false;
    *port = p;
    return true;
}

static bool parse_com1(const char *text)
{
    return parse_serial(text, &opt.com1);
}

static bool parse_com2(const char *text)
{
    return parse_serial(text, &opt.com2);
}

static bool take_level(const char **text, u8 *level)
{
    static const char *const names[] = { "none", "error", "warning", "info", "debug", "all" };
    for (u8 i = 0; i < ARRAY_SIZE(names); i++)
        if (take_word(text, names[i]))
            return *level = min(i, (u8)4), true;
    return false;
}

static bool parse_levels(const char *text, struct log_thresholds *out)
{
    struct log_thresholds t;
    if (!take_level(&text, &t.always))
        return false;
    t.limited = t.always;
    if (*text == '/') {
        text++;
        if (!take_level(&text, &t.limited))
            return false;
    }
    if (*text)
        return false;
    t.limited = max(t.always, t.limited);
    *out = t;
    return true;
}

static bool parse_loglvl(const char *text)
{
    return parse_levels(text, &opt.loglvl);
}

static bool parse_guest_loglvl(const char *text)
{
    return parse_levels(text, &opt.guest_loglvl);
}

/* They have several formats in Xen, which are all "yes" here. */
static bool parse_timestamps(const char *text)
{
    static const char *const formats[] = { "boot", "date", "datems", "raw" };
    for (unsigned i = 0; i < ARRAY_SIZE(formats); i++)
        if (!strcmp(text, formats[i]))
            return opt.console_timestamps = true;
    if (!strcmp(text, "none"))
        return opt.console_timestamps = false, true;
    return parse_flag(text, &opt.console_timestamps);
}

static bool parse_conswitch(const char *text)
{
    if (!text[0] || text[0] < 'a' || text[0] > 'z' || (text[1] && (text[1] != 'x' || text[2])))
        return false;
    opt.conswitch = text[0];
    opt.conswitch_stay = text[1] == 'x';
    return true;
}

/* [-]size | [size+]n% */
static bool take_amount(const char **text, struct memory_amount *out)
{
    struct memory_amount a = { .given = true };
    const char *t = *text, *end;
    if (*t == '-') {
        a.negative = true;
        t++;
    }
    u64 n = parse_number(t, &end);
    if (end != t && *end == '%') {
        a.percent = (u8)min(n, 101UL);
        end++;
    } else {
        a.bytes = parse_size(t, &end);
        if (end == t)
            return false;
        if (*end == '+') {
            t = end + 1;
            a.percent = (u8)min(parse_number(t, &end), 101UL);
            if (end == t || *end++ != '%')
                return false;
        }
    }
    if (a.percent > 100)
        return false;
    *text = end;
    *out = a;
    return true;
}

static bool parse_dom0_mem(const char *text)
{
    struct dom0_mem_option m = { 0 };
    do {
        struct memory_amount *amount = &m.size;
        if (!strncmp(text, "min:", 4)) {
            amount = &m.min;
            text += 4;
        } else if (!strncmp(text, "max:", 4)) {
            amount = &m.max;
            text += 4;
        }
        if (!take_amount(&text, amount) || !take_comma(&text))
            return false;
    } while (*text);
    opt.dom0_mem = m;
    return true;
}

static bool parse_dom0_max_vcpus(const char *text)
{
    u64 low = 0, high = 0;
    if (*text != '-' && (!take_number(&text, 8192, &low) || !low))
        return false;
    high = low;
    if (*text == '-') {
        text++;
        high = 8192;
        if (*text && (!take_number(&text, 8192, &high) || !high))
            return false;
    }
    if (*text || low > high)
        return false;
    opt.dom0_vcpus_min = (u32)max(low, 1UL);
    opt.dom0_vcpus_max = (u32)high;
    return true;
}

/* Words, each of which may be cut short. Only "no" changes anything. */
static bool parse_reboot(const char *text)
{
    static const char *const ways[] = { "no", "acpi", "bios", "cold", "efi", "kbd", "pci", "Power", "triple", "warm" };
    bool no = false;
    for (;; text++) {
        size_t n = 0;
        while (text[n] && text[n] != ',')
            n++;
        unsigned i = 0;
        while (i < ARRAY_SIZE(ways) && (n > strlen(ways[i]) || strncmp(text, ways[i], n)))
            i++;
        if (!n || i == ARRAY_SIZE(ways))
            return false;
        no |= i == 0;
        text += n;
        if (!*text)
            break;
    }
    opt.noreboot |= no;
    return true;
}

static bool parse_sched(const char *text)
{
    if (!strcmp(text, "credit"))
        log_warn("Option sched=credit: there is one scheduler, it answers to tools as credit2");
    return !strcmp(text, "credit2") || !strcmp(text, "credit");
}

/* ---- finding an option ---- */

static char fold(char c)
{
    return c == '-' ? '_' : c;
}

static bool same_name(const char *a, const char *b)
{
    while (*a && fold(*a) == fold(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

static const struct option *find_option(const char *name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(options); i++)
        if (same_name(options[i].name, name))
            return &options[i];
    return NULL;
}

const char *option_text(const char *name)
{
    const struct option *o = find_option(name);
    return o ? given[o - options] : NULL;
}

#define NAME_MAX_COMPARED 40

/* Fewest insertions, deletions and replacements that make b of a; one row of the classic table at a time. */
static unsigned edit_distance(const char *a, const char *b)
{
    unsigned row[NAME_MAX_COMPARED + 1];
    unsigned n = (unsigned)strnlen(b, NAME_MAX_COMPARED);
    for (unsigned j = 0; j <= n; j++)
        row[j] = j;
    for (unsigned i = 1; a[i - 1] && i <= NAME_MAX_COMPARED; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= n; j++) {
            unsigned replaced = diagonal + (fold(a[i - 1]) != fold(b[j - 1]));
            unsigned changed = min(row[j], row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = min(replaced, changed);
        }
    }
    return row[n];
}

const char *options_nearest(const char *name)
{
    const char *best = NULL;
    size_t length = strnlen(name, NAME_MAX_COMPARED);
    unsigned limit = min(max(2u, (unsigned)length / 3) + 1, (unsigned)length);  /* something must be the same */
    for (unsigned i = 0; i < ARRAY_SIZE(options); i++) {
        size_t other = strlen(options[i].name);
        if (max(length, other) - min(length, other) >= limit)
            continue;       /* so many letters at least would have to come or go */
        unsigned distance = edit_distance(name, options[i].name);
        if (distance < limit) {
            limit = distance;
            best = options[i].name;
        }
    }
    return best;
}

/* ---- taking a word ---- */

static bool set_number(const struct option *o, const char *text)
{
    const char *end;
    u64 n = o->kind == KIND_SIZE ? parse_size(text, &end) : parse_number(text, &end);
    if (end == text || *end)
        return log_warn("Option %s=%.100s: not a %s; ignored", o->name, text,
                        o->kind == KIND_SIZE ? "size (such as 64K or 2G)" : "number"), false;
    if (n < o->low || n > o->high)
        return log_warn("Option %s=%.100s: out of range, %lu to %lu%s; ignored", o->name, text, o->low, o->high,
                        o->kind == KIND_SIZE ? " bytes" : ""), false;
    if (o->kind == KIND_SIZE)
        *(u64 *)o->field = n;
    else
        *(u32 *)o->field = (u32)n;
    return true;
}

/* Apply one option; false if its value is no good (and said so). */
static bool apply(const struct option *o, const char *text)
{
    bool ok = true;
    switch (o->kind) {
    case KIND_FLAG:
        ok = parse_flag(text, o->field);
        break;
    case KIND_NUMBER:
    case KIND_SIZE:
        return set_number(o, text);
    case KIND_CUSTOM:
        ok = o->parse(text);
        break;
    case KIND_INERT:
        break;
    }
    if (!ok)
        log_warn("Option %s=%.100s: wanted %s; ignored", o->name, text, o->text);
    return ok;
}

static bool unknown(const char *name)
{
    const char *nearest = options_nearest(name);
    if (nearest)
        log_warn("Option %.100s is unknown; did you mean %s?", name, nearest);
    else
        log_warn("Option %.100s is unknown; docs/parameters.md lists what there is", name);
    return false;
}

/* What no-name, or no-name=text, means in place of name=text; NULL, and said so: nothing. */
static const char *negate(const struct option *o, const char *text)
{
    bool value;
    if (*text && (o->kind != KIND_FLAG || !parse_flag(text, &value)))
        return log_warn("Option no-%s=%.100s: give no-%s or %s=; ignored", o->name, text, o->name, o->name), NULL;
    return *text && !value ? "yes" : "no";
}

/* One word: name, name=text or no-name. */
static bool take_option(char *word)
{
    const char *text = "";
    char *equals = strchr(word, '=');
    if (equals) {
        *equals = '\0';
        text = equals + 1;
    }
    const struct option *o = find_option(word);
    if (!o && !strncmp(word, "no", 2)) {
        o = find_option(word + (word[2] == '-' ? 3 : 2));
        if (o && (o->kind == KIND_NUMBER || o->kind == KIND_SIZE))
            o = NULL;
        if (o && !(text = negate(o, text)))
            return false;
    }
    if (!o)
        return unknown(word);
    bool twice = given[o - options] != NULL, ok = apply(o, text);
    if (twice)
        log_warn("Option %s is given twice; the %s one counts", o->name, ok ? "last" : "first");
    if (ok)
        given[o - options] = text;
    return ok && !twice;
}

unsigned options_parse(const char *cmdline)
{
    unsigned problems = 0;
    set_defaults();
    for (unsigned i = 0; i < ARRAY_SIZE(options); i++)
        given[i] = NULL;
    size_t n = strnlen(cmdline, sizeof(words) - 1);
    memcpy(words, cmdline, n);
    words[n] = '\0';

    for (char *p = words; *p;) {
        if (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r') {
            p++;
            continue;
        }
        char *word = p;
        while (*p && *p != ' ' && *p != '\t' && *p != '\n' && *p != '\r')
            p++;
        if (*p)
            *p++ = '\0';
        if (!strcmp(word, "--")) {
            opt.dom0_extra = p;
            break;
        }
        problems += !take_option(word);
    }
    if (opt.nosmp)
        opt.maxcpus = 1;
    return problems;
}

void options_missed(const char *word, const char *loader)
{
    char name[NAME_MAX_COMPARED + 1] = "";
    for (size_t n = 0; word[n] && word[n] != '=' && n < NAME_MAX_COMPARED; n++)
        name[n] = word[n];
    if (find_option(name))
        log_warn("Option %.100s is lost: the first word is taken for a file name when %s loads. "
                 "Put a word such as \"placeholder\" before it", word, *loader ? loader : "an unnamed loader");
}

/* The given options as "name=text", those without effect or the others, in as many lines as it takes. */
static void echo(const char *title, bool inert)
{
    char line[160];
    size_t len = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(options); i++) {
        if (!given[i] || (options[i].kind == KIND_INERT) != inert)
            continue;
        size_t wanted = strlen(options[i].name) + strlen(given[i]) + 2;
        if (len && len + wanted >= sizeof(line)) {
            log_always("%s:%s", title, line);
            len = 0;
        }
        snprintf(line + len, sizeof(line) - len, " %s%s%s", options[i].name, *given[i] ? "=" : "", given[i]);
        len = strlen(line);
    }
    if (len)
        log_always("%s:%s", title, line);
}

void options_echo(void)
{
    echo("Options in effect", false);
    echo("Options recognised, without effect here", true);
    for (unsigned i = 0; i < ARRAY_SIZE(options); i++)
        if (given[i] && options[i].kind == KIND_INERT)
            log_info("Option %s has no effect: %s", options[i].name, options[i].text);
}

/* ---- while the machine runs ---- */

static const char *levels_text(struct log_thresholds t)
{
    static const char *const names[5][5] = {    /* [always][limited], which is never less */
        { "none", "none/error", "none/warning", "none/info", "none/all" },
        { NULL, "error", "error/warning", "error/info", "error/all" },
        { NULL, NULL, "warning", "warning/info", "warning/all" },
        { NULL, NULL, NULL, "info", "info/all" },
        { NULL, NULL, NULL, NULL, "all" },
    };
    return names[t.always][max(t.always, t.limited)];
}

const char *options_live(const char *name)
{
    if (!strcmp(name, "loglvl"))
        return levels_text(opt.loglvl);
    if (!strcmp(name, "guest_loglvl"))
        return levels_text(opt.guest_loglvl);
    if (!strcmp(name, "console_timestamps"))
        return opt.console_timestamps ? "boot" : "none";
    return NULL;
}

bool options_set(const char *name, const char *text)
{
    if (!options_live(name) || !find_option(name)->parse(text))
        return false;
    log_always("Option %s=%s from now on", name, options_live(name));
    return true;
}
