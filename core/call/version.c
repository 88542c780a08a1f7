/*
 * xen_version: identity and features.
 *
 * The version is that of the interface we implement, because tools and kernels choose their behaviour by it; the
 * extra version, the change set and the command line say that this is Serai. Capabilities name only what there is:
 * 64-bit paravirtual guests.
 *
 * version(0, NULL) is also what a guest calls to get pending events delivered (any hypercall's return does), so it is
 * first and touches nothing.
 */
#include "abi/xen.h"
#include "core/domain.h"
#include "core/guest.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "core/vcpu.h"
#include "core/version.h"
#include "lib/print.h"
#include "lib/string.h"

/* The linker's build-id note: header (3 words), owner "GNU", then the id. Symbols from the linker script. */
extern const u8 __build_id_start[] __attribute__((visibility("hidden")));
extern const u8 __build_id_end[] __attribute__((visibility("hidden")));
#define NOTE_HEADER 16

static const char *command_line = "";

void version_set_cmdline(const char *cmdline) { command_line = cmdline; }

/* A string in a fixed array, the rest zero. */
static long put_string(gva_t to, const char *text, size_t size)
{
    char buf[1024] = { 0 };

    snprintf(buf, min(size, sizeof(buf)), "%s", text);
    return copy_to_guest(to, buf, min(size, sizeof(buf)));
}

static long put_compile_info(gva_t to)
{
    xen_compile_info_t info = { 0 };

    snprintf(info.compiler, sizeof(info.compiler), "%s", VERSION_COMPILER);
    snprintf(info.compile_by, sizeof(info.compile_by), "%s", VERSION_COMPILE_BY);
    snprintf(info.compile_domain, sizeof(info.compile_domain), "%s", VERSION_COMPILE_DOMAIN);
    snprintf(info.compile_date, sizeof(info.compile_date), "%s", VERSION_COMPILE_DATE);
    return copy_to_guest(to, &info, sizeof(info));
}

static u32 features(const struct domain *d)
{
    u32 map = BIT(XENFEAT_mmu_pt_update_preserve_ad) | BIT(XENFEAT_highmem_assist) |
        BIT(XENFEAT_gnttab_map_avail_bits) | BIT(XENFEAT_memory_op_vnode_supported) | BIT(XENFEAT_direct_mapped);

    if (d->privileged)
        map |= BIT(XENFEAT_pae_pgdir_above_4gb) | BIT(XENFEAT_dom0);
    return map;
}

static long get_features(gva_t arg)
{
    xen_feature_info_t info;

    if (copy_from_guest(&info, arg, sizeof(info)))
        return reject(-EFAULT, "feature request cannot be read");
    if (info.submap_idx >= XENFEAT_NR_SUBMAPS)
        return reject(-EINVAL, "feature submap %u, there is only submap 0", info.submap_idx);
    info.submap = features(current->domain);
    return copy_to_guest(arg, &info, sizeof(info));
}

static long get_build_id(gva_t arg)
{
    u64 bytes = (u64)(uintptr_t)__build_id_end - (u64)(uintptr_t)__build_id_start;
    const u8 *id = __build_id_start + NOTE_HEADER;
    u32 room;

    if (!current->domain->privileged)
        return reject(-EPERM, "the build id is for domain 0");
    if (bytes <= NOTE_HEADER)
        return reject(-ENODATA, "this image was linked without a build id");
    bytes -= NOTE_HEADER;
    if (gva_null(arg))
        return (long)bytes;
    if (copy_from_guest(&room, arg, sizeof(room)))
        return reject(-EFAULT, "build id request cannot be read");
    if (!room)
        return reject(-EINVAL, "room for a build id of 0 bytes");
    if (room < bytes)
        return reject(-ENOBUFS, "room for a build id of %u bytes, it has %lu", room, (unsigned long)bytes);
    if (copy_to_guest(gva_add(arg, offsetof(xen_build_id_t, buf)), id, bytes))
        return reject(-EFAULT, "build id cannot be written");
    return (long)bytes;
}

long do_xen_version(u64 cmd, u64 arg)
{
    gva_t to = GVA(arg);

    if (likely((u32)cmd == XENVER_version))
        return (long)(XEN_MAJOR << 16 | XEN_MINOR);
    switch ((u32)cmd) {
    case XENVER_extraversion:
        return put_string(to, VERSION_EXTRA, XEN_EXTRAVERSION_LEN);
    case XENVER_compile_info:
        return put_compile_info(to);
    case XENVER_capabilities:
        return put_string(to, VERSION_CAPABILITIES, XEN_CAPABILITIES_INFO_LEN);
    case XENVER_changeset:
        return put_string(to, VERSION_CHANGESET, XEN_CHANGESET_INFO_LEN);
    case XENVER_platform_parameters: {
        xen_platform_parameters_t params = { .virt_start = HYPERVISOR_VIRT_START };
        return copy_to_guest(to, &params, sizeof(params));
    }
    case XENVER_get_features:
        return get_features(to);
    case XENVER_pagesize:
        return gva_null(to) ? (long)PAGE_SIZE : reject(-EINVAL, "pagesize takes no argument");
    case XENVER_guest_handle:
        return copy_to_guest(to, current->domain->handle, sizeof(current->domain->handle));
    case XENVER_commandline:
        return put_string(to, current->domain->privileged ? command_line : "<denied>", sizeof(xen_commandline_t));
    case XENVER_build_id:
        return get_build_id(to);
    default:
        return reject(-ENOSYS, "xen_version sub-operation %u is unknown", (u32)cmd);
    }
}
