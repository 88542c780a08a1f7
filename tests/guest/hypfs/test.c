/* The hypervisor file system: how a path may be written, how much room an answer needs, what each mistake is called. */
#include "pv.h"
#include <xen/hypfs.h>

static u64 answer[512];
static long ask(unsigned op, const char *path, u64 room)
{
    return hc(__HYPERVISOR_hypfs_op, op, path, strlen(path) + 1, answer, room);
}
#define READ(path, room) ask(XEN_HYPFS_OP_read, path, room)

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
}
