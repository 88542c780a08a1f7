/*
 * Shares of one CPU as guests get them, by the hypervisor's own account (getdomaininfo's cpu_time) and by what they
 * count: two hogs of weights 256 and 512 get 1:2 within 3 %; a cap of 30 % holds within 2 points, in company and alone.
 * Time is counted in instructions, so a slow host changes nothing.
 *
 * QEMU: -icount shift=5,sleep=off
 * Options: loglvl=error guest_loglvl=none
 */
#include "share.h"

#define POINTS(points, share) ((points) * 10000 / (share))      /* points of the CPU, relative to a share of so many */

void test(void)
{
    hogs_make(2);
    domain_share(hog[1].id, 512, 0);
    hogs_measure(2, 3 * S);
    within("256:512, time of the heavy one", ran[1], 2 * ran[0], 300);
    within("256:512, its work", counted[1], 2 * counted[0], 300);
    within("both together", ran[0] + ran[1], window, 100);
    domain_share(hog[0].id, 0, 30);
    hogs_measure(2, 2 * S);
    within("cap of 30 % in company", ran[0], window * 3 / 10, POINTS(2, 30));
    within("the other's rest", ran[1], window * 7 / 10, POINTS(2, 70));
    hogs_measure(1, 2 * S);
    within("cap of 30 % alone", ran[0], window * 3 / 10, POINTS(2, 30));
    hogs_end(2);
}
