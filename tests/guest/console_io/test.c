/* console_io: counts, commands, bad buffers; reading without input. */
#include "pv.h"

void test(void)
{
    char buf[64] = "  (a line by console_io)\n";
    long rc = hc(__HYPERVISOR_console_io, CONSOLEIO_write, strlen(buf), buf);
    EXPECT(rc == 0 || rc == (long)strlen(buf));
    EXPECT_EQ("read without input", hc(__HYPERVISOR_console_io, CONSOLEIO_read, 64, buf), 0);
    EXPECT_EQ("unknown command", hc(__HYPERVISOR_console_io, 99, 1, buf), -ENOSYS);
    OK("nothing", hc(__HYPERVISOR_console_io, CONSOLEIO_write, 0, buf));
    REFUSED("in the hypervisor", hc(__HYPERVISOR_console_io, CONSOLEIO_write, 100, 0xffff830000000000));
    rc = hc(__HYPERVISOR_console_io, CONSOLEIO_write, 0xffffffff, 0x1000);
    EXPECT(rc < 0);
    char *page = page_alloc();
    memset(page, ' ', 4096);
    page[4095] = '\n';
    char *next = page_alloc();
    REQUIRE_OK(set_va(next, 0));
    EXPECT_EQ("a buffer that ends too early", hc(__HYPERVISOR_console_io, CONSOLEIO_write, 200, page + 4096 - 100),
              -EFAULT);
}
