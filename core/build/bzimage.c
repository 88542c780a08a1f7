/* bzImage headers (Linux documentation, x86 boot protocol): offsets of the fields we read, all little-endian. */
#include "core/build/bzimage.h"
#include "lib/string.h"

#define SETUP_SECTS 0x1f1       /* u8: sectors of real-mode code beyond the first; 0 means 4 */
#define BOOT_FLAG 0x1fe         /* u16: 0xaa55 */
#define HEADER_MAGIC 0x202      /* "HdrS" */
#define VERSION 0x206           /* u16: protocol */
#define PAYLOAD_OFFSET 0x248    /* u32: from the end of the setup part; 2.08+ */
#define PAYLOAD_LENGTH 0x24c    /* u32 */
#define HEADER_END 0x250

#define SECTOR 512

static u32 field(const u8 *data, unsigned offset, unsigned bytes)
{
    u32 value = 0;
    memcpy(&value, data + offset, bytes);
    return value;
}

bool bzimage_magic(const void *data, u64 size)
{
    return size >= HEADER_END && field(data, BOOT_FLAG, 2) == 0xaa55 &&
           !memcmp((const u8 *)data + HEADER_MAGIC, "HdrS", 4);
}

bool bzimage_payload(const void *data, u64 size, const u8 **payload, u64 *bytes, struct why *why)
{
    if (!bzimage_magic(data, size))
        return because(why, "no Linux boot header in %lu bytes", size);
    u32 version = field(data, VERSION, 2);
    if (version < 0x208)
        return because(why, "bzImage of boot protocol %u.%02u: wanted 2.08 or later, which says where the kernel is",
                       version >> 8, version & 0xff);
    u32 sectors = field(data, SETUP_SECTS, 1);
    u64 setup = ((sectors ? sectors : 4) + 1UL) * SECTOR;
    u64 offset = setup + field(data, PAYLOAD_OFFSET, 4);
    u64 length = field(data, PAYLOAD_LENGTH, 4);
    if (offset > size || length > size - offset)
        return because(why, "bzImage of %lu bytes should hold %lu bytes of kernel from %lu on, truncated", size,
                       length, offset);
    if (length < 16)
        return because(why, "bzImage holds only %lu bytes of kernel", length);
    *payload = (const u8 *)data + offset;
    *bytes = length;
    return true;
}
