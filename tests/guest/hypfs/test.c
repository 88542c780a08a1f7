/* The hypervisor file system: how a path may be written, how much room an answer needs, what each mistake is called. */
#include "pv.h"
#include <xen/hypfs.h>

static u64 answer[512];
static long ask(unsigned op, const char *path, u64 room)
{
    return hc(__HYPERVISOR_hypfs_op, op, path, strlen(path) + 1, answer, room);
}
#define READ(path, room) ask(XEN_HYPFS_OP_read, path, room)

static long put(const char *path, const char *text, u64 bytes)
{
    return hc(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_write_contents, path, strlen(path) + 1, text, bytes);
}
#define PUT(path, text) put(path, text, sizeof(text))
#define HAS(path, text) \
    EXPECT(!READ(path, sizeof(answer)) && !strcmp((char *)answer + sizeof(xen_hypfs_direntry_t), text))

/* What an administrator may change of the console; what was there comes back in the end. */
static void options(void)
{
    static const char *const paths[] = { "/params/loglvl", "/params/guest_loglvl" };
    xen_hypfs_direntry_t *e = (void *)answer;
    char before[32];
    for (unsigned i = 0; i < 2; i++) {
        OK("levels", READ(paths[i], sizeof(answer)));
        EXPECT_EQ("are a text", e->type, XEN_HYPFS_TYPE_STRING);
        EXPECT(e->content_len <= sizeof(before) && e->max_write_len >= e->content_len);
        memcpy(before, e + 1, e->content_len);
        OK("two", PUT(paths[i], "error/info"));
        HAS(paths[i], "error/info");
        OK("one", PUT(paths[i], "warning"));
        EXPECT_EQ("no level", PUT(paths[i], "loud"), -EINVAL);
        EXPECT_EQ("not ended", put(paths[i], "all", 3), -EINVAL);
        EXPECT_EQ("ended too early", put(paths[i], "all\0x", 6), -EINVAL);
        EXPECT_EQ("nothing", put(paths[i], "", 0), -ENOSPC);
        EXPECT_EQ("too much", put(paths[i], before, 33), -ENOSPC);
        HAS(paths[i], "warning");
        OK("as before", put(paths[i], before, strlen(before) + 1));
    }
    OK("timestamps", PUT("/params/console_timestamps", "boot"));
    HAS("/params/console_timestamps", "boot");
    OK("none", PUT("/params/console_timestamps", "none"));
    EXPECT_EQ("at boot only", PUT("/params/sync_console", "1"), -EACCES);
    EXPECT_EQ("no value of its own", PUT("/params/dom0_mem", "1G"), -ENOENT);
}

void test(void)
{
    xen_hypfs_direntry_t *e = (void *)answer, with, without;
    EXPECT_EQ("version", hc(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_get_version), XEN_HYPFS_VERSION);
    OK("root", READ("/", sizeof(answer)));
    EXPECT_EQ("is a directory", e->type, XEN_HYPFS_TYPE_DIR);
    OK("directory", READ("/buildinfo", sizeof(answer)));
    without = *e;
    OK("directory with a slash behind it", READ("/buildinfo/", sizeof(answer)));
    with = *e;
    EXPECT_EQ("is the same", memcmp(&with, &without, sizeof(with)), 0);
    OK("number", READ("/buildinfo/version/major", sizeof(answer)));
    EXPECT_EQ("its bytes", e->content_len, 4);
    EXPECT_EQ("and itself", *(u32 *)(e + 1), 4);
    EXPECT_EQ("it is no directory", READ("/buildinfo/version/major/", sizeof(answer)), -ENOENT);
    EXPECT_EQ("nor has entries", READ("/buildinfo/version/major/x", sizeof(answer)), -ENOENT);
    EXPECT_EQ("no room for the contents", READ("/buildinfo/version/major", sizeof(*e)), -ENOBUFS);
    EXPECT_EQ("no room at all", READ("/buildinfo/version/major", sizeof(*e) - 1), -EINVAL);
    EXPECT_EQ("no such entry", READ("/nope", sizeof(answer)), -ENOENT);
    EXPECT_EQ("two slashes", READ("/buildinfo//version", sizeof(answer)), -ENOENT);
    EXPECT_EQ("relative", READ("buildinfo", sizeof(answer)), -EINVAL);
    EXPECT_EQ("empty", READ("", sizeof(answer)), -EINVAL);
    EXPECT_EQ("not ended",
              hc(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_read, "/buildinfo", 10, answer, sizeof(answer)), -EINVAL);
    EXPECT(ask(XEN_HYPFS_OP_write_contents, "/buildinfo/version/major", 4) < 0);
    options();
}
