/* CPUID by the forced form: signature leaves, and features that a PV guest must not see. */
#include "pv.h"

static void forced(u32 leaf, u32 sub, u32 *r)
{
    __asm__ volatile("ud2; .ascii \"xen\"; cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
                     : "0"(leaf), "2"(sub));
}

void test(void)
{
    u32 r[4];
    forced(0x40000000, 0, r);
    EXPECT(r[0] >= 0x40000002 && r[1] == 0x566e6558 && r[2] == 0x65584d4d && r[3] == 0x4d4d566e);
    forced(0x40000001, 0, r);
    EXPECT_EQ("version", r[0], 4 << 16 | 17);
    u32 time[4];
    forced(0x40000003, 0, r);
    forced(0x40000003, 1, time);
    /* The hypervisor once divided by a number that lies in our memory. */
    struct vcpu_time_info was = *(struct vcpu_time_info *)&vi->time;
    vi->time.tsc_to_system_mul = 0;
    vi->time.tsc_shift = 127;
    u32 khz = r[2];
    forced(0x40000003, 0, r);
    EXPECT_EQ("frequency, with our time information spoiled", r[2], khz);
    forced(0x40000003, 1, r);
    EXPECT_EQ("multiplier", r[2], time[2]);
    EXPECT_EQ("shift", r[3], time[3]);
    *(struct vcpu_time_info *)&vi->time = was;
    forced(0x40000004, 0, r);
    forced(1, 0, r);
    EXPECT_EQ("no VMX", r[2] >> 5 & 1, 0);
    EXPECT_EQ("no x2APIC or MONITOR for a guest", r[2] >> 3 & 1, 0);
    EXPECT_EQ("hypervisor bit", r[2] >> 31, 1);
    EXPECT_EQ("SSE2", r[3] >> 26 & 1, 1);
    EXPECT_EQ("OSXSAVE is on where there is XSAVE", r[2] >> 27 & 1, r[2] >> 26 & 1);
    EXPECT_EQ("no VME", r[3] >> 1 & 1, 0);
    EXPECT_EQ("no PSE36, no superpages: PSE", r[3] >> 3 & 1, 0);
    EXPECT_EQ("no global pages", r[3] >> 13 & 1, 0);
    EXPECT_EQ("no MTRR", r[3] >> 12 & 1, r[3] >> 12 & 1);
    forced(7, 0, r);
    EXPECT_EQ("no SMEP", r[1] >> 7 & 1, 0);
    EXPECT_EQ("no SMAP", r[1] >> 20 & 1, 0);
    EXPECT_EQ("no INVPCID", r[1] >> 10 & 1, 0);
    EXPECT_EQ("no UMIP", r[2] >> 2 & 1, 0);
    EXPECT_EQ("no PKU", r[2] >> 3 & 1, 0);
    forced(0x80000001, 0, r);
    EXPECT_EQ("no SVM", r[2] >> 2 & 1, 0);
    EXPECT_EQ("long mode", r[3] >> 29 & 1, 1);
    EXPECT_EQ("NX", r[3] >> 20 & 1, 1);
    EXPECT_EQ("no 1 GiB pages", r[3] >> 26 & 1, 0);
    forced(0xffffffff, 0xffffffff, r);
    forced(0x80000000, 0, r);
    EXPECT(r[0] >= 0x80000008);
    forced(0x80000008, 0, r);
    EXPECT_EQ("48 bits of addresses: four levels of tables, whatever the CPU has", r[0] >> 8 & 0xff, 48);
}
