/* Sets of CPUs and nodes between tools' byte arrays and our 64-bit masks: there are never more than 64 of either. */
#include "core/ctl/ctl.h"
#include "core/reject.h"
#include "lib/bitops.h"

#define MAX_BITS 65536  /* longest array a tool may show us: what is beyond our bits must be cleared */

long bitmap_get(const struct xenctl_bitmap *from, u64 *mask)
{
    u32 bits = min(from->nr_bits, 64u);

    *mask = 0;
    if (!bits)
        return 0;
    if (copy_from_guest(mask, HVA(from->bitmap), DIV_ROUND_UP(bits, 8u)))
        return reject(-EFAULT, "bitmap cannot be read");
    if (bits < 64)
        *mask &= BIT(bits) - 1;
    return 0;
}

long bitmap_put(const struct xenctl_bitmap *to, u64 mask)
{
    u32 bytes = DIV_ROUND_UP(to->nr_bits, 8u), ours = min(bytes, (u32)sizeof(mask));

    if (to->nr_bits > MAX_BITS)
        return reject(-EINVAL, "bitmap of %u bits, at most %u", to->nr_bits, MAX_BITS);
    if (to->nr_bits < 64)
        mask &= BIT(to->nr_bits) - 1;
    if (copy_to_guest(HVA(to->bitmap), &mask, ours) || clear_guest(gva_add(HVA(to->bitmap), ours), bytes - ours))
        return reject(-EFAULT, "bitmap cannot be written");
    return 0;
}
