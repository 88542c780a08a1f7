/*
 * The hypervisor file system: a tree of what was built and how it was booted, for `xenhypfs` and
 * `xl set-parameters`.
 *
 * The tree is one constant table, a node naming its parent; /params follows core/options.def, so every plain option is
 * there with the value in effect. Options with a syntax of their own have no one value and are left out: the whole
 * command line is in `xl info`. What can be written: options that are looked at anew for each domain, and those about
 * the console, which are texts in the command line's syntax. In debug builds /debug has the switch by which tests make
 * allocations fail.
 */
#include "abi/xen.h"
#include <xen/hypfs.h>
#include "core/guest.h"
#include "core/domain.h"
#include "core/heap.h"
#include "core/mmu.h"
#include "core/hypercall.h"
#include "core/options.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "core/version.h"
#include "lib/print.h"
#include "lib/string.h"

enum dir { ROOT, BUILDINFO, COMPILEINFO, VERSION, PARAMS, DEBUG };

struct node {
    u8 parent, type;            /* enum dir; XEN_HYPFS_TYPE_* */
    const char *name;
    const void *data;           /* string: the text. directory, LIVE: none */
    u32 bytes;                  /* 0: strlen of the text + 1 */
};

static const u32 major = XEN_MAJOR, minor = XEN_MINOR;

#define DIR_NODE(parent, name) { parent, XEN_HYPFS_TYPE_DIR, name, NULL, 0 }
#define LIVE_NODE(name) { PARAMS, XEN_HYPFS_TYPE_STRING, name, NULL, 0 }
#define TEXT_NODE(parent, name, text) { parent, XEN_HYPFS_TYPE_STRING, name, text, sizeof(text) }

/* Directories come first, at the index of their enum. */
static const struct node nodes[] = {
    [ROOT] = DIR_NODE(ROOT, ""),
    [BUILDINFO] = DIR_NODE(ROOT, "buildinfo"),
    [COMPILEINFO] = DIR_NODE(BUILDINFO, "compileinfo"),
    [VERSION] = DIR_NODE(BUILDINFO, "version"),
    [PARAMS] = DIR_NODE(ROOT, "params"),
#ifdef SERAI_DEBUG
    [DEBUG] = DIR_NODE(ROOT, "debug"),
    { DEBUG, XEN_HYPFS_TYPE_UINT, "alloc_fails_in", &heap_fails_in, sizeof(heap_fails_in) },
    { DEBUG, XEN_HYPFS_TYPE_UINT, "audit_deaths", &audit_deaths, sizeof(audit_deaths) },
#endif
    TEXT_NODE(BUILDINFO, "changeset", VERSION_CHANGESET),
    TEXT_NODE(COMPILEINFO, "compile_by", VERSION_COMPILE_BY),
    TEXT_NODE(COMPILEINFO, "compile_date", VERSION_COMPILE_DATE),
    TEXT_NODE(COMPILEINFO, "compile_domain", VERSION_COMPILE_DOMAIN),
    TEXT_NODE(COMPILEINFO, "compiler", VERSION_COMPILER),
    TEXT_NODE(VERSION, "extra", VERSION_EXTRA),
    LIVE_NODE("loglvl"),
    LIVE_NODE("guest_loglvl"),
    LIVE_NODE("console_timestamps"),
    { VERSION, XEN_HYPFS_TYPE_UINT, "major", &major, sizeof(major) },
    { VERSION, XEN_HYPFS_TYPE_UINT, "minor", &minor, sizeof(minor) },
#define FLAG(name, field, value, help) { PARAMS, XEN_HYPFS_TYPE_BOOL, name, &opt.field, sizeof(opt.field) },
#define NUMBER(name, field, low, high, value, help) \
    { PARAMS, XEN_HYPFS_TYPE_UINT, name, &opt.field, sizeof(opt.field) },
#define SIZE(name, field, low, high, value, help) { PARAMS, XEN_HYPFS_TYPE_UINT, name, &opt.field, sizeof(opt.field) },
#define CUSTOM(name, syntax, parser, value, help)
#define INERT(name, syntax, why)
#include "core/options.def"
};

#define MAX_LIVE_TEXT 32        /* with its end */

/* ---- the tree ---- */

static bool is_live(const struct node *n) { return n->type == XEN_HYPFS_TYPE_STRING && !n->data; }

static const void *node_data(const struct node *n, u32 *bytes)
{
    const char *text;

    *bytes = n->bytes;
    if (n->type != XEN_HYPFS_TYPE_STRING || n->bytes)
        return n->data;
    text = is_live(n) ? options_live(n->name) : n->data;
    *bytes = (u32)strlen(text) + 1;
    return text;
}

static const struct node *child(unsigned parent, const char *name, size_t len)
{
    for (unsigned i = 1; i < ARRAY_SIZE(nodes); i++)
        if (nodes[i].parent == parent && strlen(nodes[i].name) == len && !strncmp(nodes[i].name, name, len))
            return &nodes[i];
    return NULL;
}

/* An absolute path without double slashes; a directory's may end in one. */
static const struct node *lookup(const char *path)
{
    const struct node *at = nodes;

    while (at && *path == '/') {
        const char *end = strchr(++path, '/');
        size_t len = end ? (size_t)(end - path) : strlen(path);

        if (at->type != XEN_HYPFS_TYPE_DIR)
            return NULL;
        if (*path)
            at = child((unsigned)(at - nodes), path, len);
        path += len;
    }
    return at;
}

/* ---- writing: the options that are looked at anew each time ---- */

#define FLAG(...)
#define NUMBER(name, field, low, high, value, help) { name, &opt.field, low, high },
#define SIZE(...)
#define CUSTOM(...)
#define INERT(...)
static const struct { const char *name; const void *value; u64 low, high; } numbers[] = {
#include "core/options.def"
};

/* The most bytes that may be written, 0: none. */
static u32 writable(const struct node *n)
{
#ifdef SERAI_DEBUG
    if (n->data == &heap_fails_in || n->data == &audit_deaths)
        return n->bytes;
#endif
    if (is_live(n))
        return MAX_LIVE_TEXT;
    return n->data == &opt.gnttab_max_frames || n->data == &opt.gnttab_max_maptrack_frames ? n->bytes : 0;
}

static long write_live(const struct node *n, gva_t from, u64 bytes)
{
    char text[MAX_LIVE_TEXT];

    if (!bytes || bytes > sizeof(text))
        return reject(-ENOSPC, "%lu bytes for '%s', at most %u", (unsigned long)bytes, n->name, MAX_LIVE_TEXT);
    if (copy_from_guest(text, from, bytes))
        return reject(-EFAULT, "value cannot be read");
    if (strnlen(text, bytes) != bytes - 1)
        return reject(-EINVAL, "value for '%s' is not terminated where it should be", n->name);
    return options_set(n->name, text) ? 0 : reject(-EINVAL, "'%s' means nothing for '%s'", text, n->name);
}

static long write_node(const struct node *n, gva_t from, u64 bytes)
{
    u32 value;

    if (is_live(n))
        return write_live(n, from, bytes);
    if (!writable(n))
        return reject(-EACCES, "'%s' cannot be changed while the machine runs", n->name);
    if (bytes != sizeof(value) || n->bytes != sizeof(value))
        return reject(-EINVAL, "%lu bytes for '%s'", (unsigned long)bytes, n->name);
    if (copy_from_guest(&value, from, sizeof(value)))
        return reject(-EFAULT, "value cannot be read");
    for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++)
        if (numbers[i].value == n->data && (value < numbers[i].low || value > numbers[i].high))
            return reject(-ERANGE, "%s=%u: %lu to %lu", n->name, value, (unsigned long)numbers[i].low,
                          (unsigned long)numbers[i].high);
    WRITE_ONCE(*(u32 *)(uintptr_t)n->data, value);
    return 0;
}

/* ---- reading ---- */

static u32 record_bytes(const struct node *n)
{
    return round_up((u32)(offsetof(struct xen_hypfs_dirlistentry, name) + strlen(n->name) + 1), 4u);
}

static u32 content_bytes(const struct node *n)
{
    u32 sum = 0;

    if (n->type != XEN_HYPFS_TYPE_DIR) {
        node_data(n, &sum);
        return sum;
    }
    for (unsigned i = 1; i < ARRAY_SIZE(nodes); i++)
        if (nodes[i].parent == n - nodes)
            sum += record_bytes(&nodes[i]);
    return sum;
}

static xen_hypfs_direntry_t direntry(const struct node *n)
{
    return (xen_hypfs_direntry_t){ .type = n->type, .encoding = XEN_HYPFS_ENC_PLAIN, .content_len = content_bytes(n),
                                   .max_write_len = writable(n) };
}

static long list_dir(const struct node *dir, gva_t to)
{
    u32 left = content_bytes(dir);

    for (unsigned i = 1; i < ARRAY_SIZE(nodes); i++) {
        struct { xen_hypfs_direntry_t e; u16 off_next; char name[62]; } record = { 0 };
        u32 bytes = record_bytes(&nodes[i]);

        if (nodes[i].parent != dir - nodes)
            continue;
        ASSERT_ALWAYS(bytes <= sizeof(record));
        left -= bytes;
        record.e = direntry(&nodes[i]);
        record.off_next = left ? (u16)bytes : 0;
        snprintf(record.name, sizeof(record.name), "%s", nodes[i].name);
        if (copy_to_guest(to, &record, bytes))
            return reject_fault(to.va);
        to = gva_add(to, bytes);
    }
    return 0;
}

static long read_node(const struct node *n, gva_t to, u64 room)
{
    xen_hypfs_direntry_t e = direntry(n);
    const void *data;
    u32 bytes;
    long rc;

    if (room < sizeof(e))
        return reject(-EINVAL, "buffer of %lu bytes", (unsigned long)room);
    if (copy_to_guest(to, &e, sizeof(e)))
        return reject(-EFAULT, "directory entry cannot be written");
    if (room - sizeof(e) < e.content_len)
        return refuse_quietly(-ENOBUFS);
    to = gva_add(to, sizeof(e));
    if (n->type == XEN_HYPFS_TYPE_DIR)
        rc = list_dir(n, to);
    else {
        data = node_data(n, &bytes);
        rc = copy_to_guest(to, data, bytes);
    }
    return rc ? reject(-EFAULT, "contents cannot be written") : 0;
}

static long get_path(char path[XEN_HYPFS_MAX_PATHLEN], u64 at, u64 bytes)
{
    if (!bytes || bytes > XEN_HYPFS_MAX_PATHLEN)
        return reject(-EINVAL, "path of %lu bytes", (unsigned long)bytes);
    if (copy_from_guest(path, GVA(at), bytes))
        return reject(-EFAULT, "path cannot be read");
    if (*path != '/')
        return reject(-EINVAL, "path does not begin with a slash");
    return strnlen(path, bytes) == bytes - 1 ? 0 : reject(-EINVAL, "path is not terminated where it should be");
}

long do_hypfs_op(u64 op, u64 path_at, u64 path_bytes, u64 buffer, u64 room)
{
    char path[XEN_HYPFS_MAX_PATHLEN];
    const struct node *n;
    long rc;

    op = (u32)op;
    if (!current->domain->privileged)
        return reject(-EPERM, "the hypervisor file system is for domain 0");
    if (op == XEN_HYPFS_OP_get_version)
        return path_at || path_bytes || buffer || room ? reject(-EINVAL, "get_version takes no arguments") :
                                                         XEN_HYPFS_VERSION;
    if (op != XEN_HYPFS_OP_read && op != XEN_HYPFS_OP_write_contents)
        return reject(-EOPNOTSUPP, "hypfs operation %lu", (unsigned long)op);
    rc = get_path(path, path_at, path_bytes);
    if (rc)
        return rc;
    n = lookup(path);
    if (!n)
        return reject(-ENOENT, "no hypfs entry '%.80s'", path);
    if (op == XEN_HYPFS_OP_write_contents)
        return write_node(n, GVA(buffer), room);
    return read_node(n, GVA(buffer), room);
}
