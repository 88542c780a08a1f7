/*
 * vsnprintf: the subset of C's formats that Serai and its users need: flags - 0 + space #, width and precision
 * (also *), lengths hh h l ll z t j, conversions d i u x X o c s p %. Nothing else: an unknown conversion is printed
 * as it stands, so that a wrong format shows instead of shifting the arguments unnoticed.
 */
#include "lib/print.h"
#include "lib/string.h"

struct out {
    char *buf;
    size_t size, len;   /* len counts what would have been written */
};

struct spec {
    bool left, zero, plus, space, alt, upper;
    int width, precision;       /* precision < 0: none given */
};

static void put(struct out *o, char c)
{
    if (o->len + 1 < o->size)
        o->buf[o->len] = c;
    o->len++;
}

static void put_repeated(struct out *o, char c, int n)
{
    for (; n > 0; n--)
        put(o, c);
}

static void put_text(struct out *o, const struct spec *s, const char *text, size_t len)
{
    int pad = s->width - (int)len;
    if (!s->left)
        put_repeated(o, ' ', pad);
    for (size_t i = 0; i < len; i++)
        put(o, text[i]);
    if (s->left)
        put_repeated(o, ' ', pad);
}

/* A number's digits are at the end of a buffer; sign, prefix, zeros and padding around them. */
static void put_number(struct out *o, struct spec *s, u64 value, unsigned base, const char *prefix)
{
    const char *digits = s->upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char buf[24];
    int len = 0;
    for (u64 v = value; v; v /= base)
        buf[sizeof(buf) - 1 - len++] = digits[v % base];

    int zeros = max((s->precision < 0 ? 1 : s->precision) - len, 0);
    int prefix_len = (int)strlen(prefix);
    int pad = s->width - prefix_len - zeros - len;
    if (s->zero && !s->left && s->precision < 0 && pad > 0) {
        zeros += pad;
        pad = 0;
    }
    if (!s->left)
        put_repeated(o, ' ', pad);
    for (; *prefix; prefix++)
        put(o, *prefix);
    put_repeated(o, '0', zeros);
    for (; len; len--)
        put(o, buf[sizeof(buf) - (size_t)len]);
    if (s->left)
        put_repeated(o, ' ', pad);
}

static const char *parse_flags(const char *f, struct spec *s)
{
    for (;; f++) {
        switch (*f) {
        case '-': s->left = true; break;
        case '0': s->zero = true; break;
        case '+': s->plus = true; break;
        case ' ': s->space = true; break;
        case '#': s->alt = true; break;
        default: return f;
        }
    }
}

/* Widths are bounded: no format of ours, however wrong, makes us print for ever. */
static const char *parse_width(const char *f, int *n)
{
    for (*n = 0; *f >= '0' && *f <= '9'; f++)
        *n = min(*n * 10 + (*f - '0'), 1024);
    return f;
}

/* Bytes of the integer argument that the length modifier announces. */
static const char *parse_length(const char *f, unsigned *bytes)
{
    *bytes = sizeof(int);
    if (f[0] == 'h') {
        *bytes = f[1] == 'h' ? 1 : 2;
        return f + (f[1] == 'h' ? 2 : 1);
    }
    if (*f == 'l' || *f == 'z' || *f == 't' || *f == 'j') {
        *bytes = 8;
        return f + (f[0] == 'l' && f[1] == 'l' ? 2 : 1);
    }
    return f;
}

static void put_signed(struct out *o, struct spec *s, s64 v)
{
    const char *sign = v < 0 ? "-" : s->plus ? "+" : s->space ? " " : "";
    put_number(o, s, v < 0 ? 0 - (u64)v : (u64)v, 10, sign);
}

static void put_unsigned(struct out *o, struct spec *s, u64 v, char conversion)
{
    s->upper = conversion == 'X';
    if (conversion == 'u')
        put_number(o, s, v, 10, "");
    else if (conversion == 'o')
        put_number(o, s, v, 8, s->alt ? "0" : "");
    else
        put_number(o, s, v, 16, s->alt && v ? (s->upper ? "0X" : "0x") : "");
}

static void put_string(struct out *o, const struct spec *s, const char *text)
{
    if (!text)
        text = "(null)";
    put_text(o, s, text, s->precision < 0 ? strlen(text) : strnlen(text, (size_t)s->precision));
}

/* A va_list as an object: passed on by address, what a callee takes is taken. */
struct args { va_list ap; };

/* Everything between '%' and the conversion; where that is. bytes: size of an integer. */
static const char *parse_spec(const char *f, struct spec *s, unsigned *bytes, struct args *a)
{
    *s = (struct spec){ .precision = -1 };
    f = parse_flags(f, s);
    if (*f == '*') {
        s->width = va_arg(a->ap, int);
        s->left |= s->width < 0;
        s->width = s->width < 0 ? -s->width : s->width;
        f++;
    } else {
        f = parse_width(f, &s->width);
    }
    if (*f == '.') {
        if (*++f == '*') {
            s->precision = va_arg(a->ap, int);
            f++;
        } else {
            f = parse_width(f, &s->precision);
        }
    }
    return parse_length(f, bytes);
}

/* False: no such conversion, nothing printed. */
static bool put_conversion(struct out *o, struct spec *s, char conversion, unsigned bytes, struct args *a)
{
    switch (conversion) {
    case 'd': case 'i': {
        s64 v = bytes == 8 ? va_arg(a->ap, s64) : va_arg(a->ap, int);
        put_signed(o, s, bytes == 1 ? (s8)v : bytes == 2 ? (s16)v : v);
        return true;
    }
    case 'u': case 'x': case 'X': case 'o': {
        u64 v = bytes == 8 ? va_arg(a->ap, u64) : va_arg(a->ap, unsigned);
        put_unsigned(o, s, bytes == 1 ? (u8)v : bytes == 2 ? (u16)v : v, conversion);
        return true;
    }
    case 'p':
        s->precision = 16;
        put_number(o, s, (u64)(uintptr_t)va_arg(a->ap, void *), 16, "");
        return true;
    case 'c': {
        char c = (char)va_arg(a->ap, int);
        put_text(o, s, &c, 1);
        return true;
    }
    case 's':
        put_string(o, s, va_arg(a->ap, const char *));
        return true;
    case '%':
        put(o, '%');
        return true;
    default:
        return false;
    }
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
    struct out o = { buf, size, 0 };
    struct args a;

    va_copy(a.ap, ap);
    for (const char *f = fmt; *f; f++) {
        const char *start = f;
        struct spec s;
        unsigned bytes;

        if (*f != '%') {
            put(&o, *f);
            continue;
        }
        f = parse_spec(f + 1, &s, &bytes, &a);
        if (!put_conversion(&o, &s, *f, bytes, &a)) {
            f -= !*f;
            for (; start <= f; start++) /* as it stands */
                put(&o, *start);
        }
    }
    va_end(a.ap);
    if (size)
        buf[min(o.len, size - 1)] = '\0';
    return (int)o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(buf, size, fmt, ap);
    va_end(ap);
    return n;
}
