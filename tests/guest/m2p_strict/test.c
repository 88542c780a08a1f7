/*
 * m2p_strict: the table from machine to pseudo-physical frames says how much memory the machine has, and whose frames
 * lie where. Kernels read it; their users can too, unless the kernel asks for VMASST_TYPE_m2p_strict. For long that was
 * accepted and did nothing. It counts for user tables loaded from then on; a table that becomes a kernel's gets the
 * view back.
 *
 * Faults: both ways
 * Differs: under Xen page-table isolation takes the table from user code in any case
 */
#include "pv.h"

USER_CODE(u_peek, "mov $0xffff800000000000, %rax; mov (%rax), %rbx; syscall; ud2")

static void peek(const char *what, u64 vector)
{
    struct fault f;

    user_run(&f, u_peek);
    EXPECT_EQ(what, f.vector, vector);
    if (vector == 14)
        EXPECT_EQ("... at", f.cr2, (u64)M2P);
}

static void load(u64 l4) { REQUIRE_OK(mmuext1(MMUEXT_NEW_USER_BASEPTR, l4)); }

void test(void)
{
    u64 kernel = our_l4();

    user_init();
    peek("without it user code reads the table", VECTOR_SYSCALL);
    REQUIRE_OK(hc(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_m2p_strict));
    load(user_l4);
    peek("with it it does not", 14);
    EXPECT_EQ("the kernel still does", M2P[p2m[5]], 5);
    peek("... and did not bring it into the user's translations", 14);

    OK("a table of both kinds", mmuext1(MMUEXT_NEW_BASEPTR, user_l4));
    EXPECT_EQ("is a kernel's", M2P[p2m[5]], 5);
    OK("the kernel's own again", mmuext1(MMUEXT_NEW_BASEPTR, kernel));
    load(user_l4);
    peek("and a user's again", 14);

    OK("off", hc(__HYPERVISOR_vm_assist, VMASST_CMD_disable, VMASST_TYPE_m2p_strict));
    load(user_l4);
    peek("as before", VECTOR_SYSCALL);
}
