/*
 * Port I/O of guests.
 *
 * All ports trap. What a domain was given (d->ioports) is done on the machine with the guest's value; anything else
 * reads as an empty bus, all ones, and swallows writes. Never #GP for a kernel: kernels probe ports as if the machine
 * were theirs. Some ports have state that the machine keeps once but each domain believes to own: the PCI address
 * latch 0xcf8, the CMOS index 0x70 and, for domain 0, PIT channel 2. Invariant: such index-and-data pairs are only
 * used on the machine under a lock, index and data in one go, whoever asks.
 *
 * Imprecise on purpose: the PIT model knows only what clock calibration uses (channel 2, modes 0 to 3, gate and output
 * in port 0x61); it does not beep.
 */
#include "arch/x86/pv/io.h"
#include "arch/arch.h"
#include "arch/x86/acpi.h"
#include "arch/x86/asm.h"
#include "arch/x86/cpu.h"
#include "arch/x86/entry/isolate.h"
#include "arch/x86/features.h"
#include "arch/x86/pci.h"
#include "core/lock.h"
#include "core/vcpu.h"
#include "lib/rangeset.h"

#define PORT_PIT_CH2 0x42
#define PORT_PIT_MODE 0x43
#define PORT_SYSTEM_CONTROL 0x61
#define PORT_CMOS_INDEX 0x70
#define PORT_CMOS_DATA 0x71
#define PORT_PCI_ADDRESS 0xcf8
#define PORT_PCI_DATA 0xcfc
#define PCI_ENABLE (1u << 31)
#define PIT_HZ 1193182UL

static struct spinlock io_lock = SPINLOCK(leaf);

static u32 ones(unsigned bytes) { return bytes == 4 ? ~0u : (1u << (8 * bytes)) - 1; }

static u32 port_in(u16 port, unsigned bytes) { return bytes == 1 ? inb(port) : bytes == 2 ? inw(port) : inl(port); }
static void port_out(u16 port, unsigned bytes, u32 val)
{
    if (bytes == 1)
        outb(port, val);
    else if (bytes == 2)
        outw(port, val);
    else
        outl(port, val);
}

/* ---- PIT channel 2 and its gate, as domain 0 sees them ---- */

static struct {
    u32 reload;             /* 1..65536 */
    ns_t started;
    u8 mode, access;        /* access: 1 low, 2 high, 3 both bytes */
    u8 gate;                /* bits 0-1 of port 0x61 */
    bool write_high, read_high, latched;
    u8 write_low;
    u16 latch;
} pit = { .reload = 65536, .access = 3 }; /* under io_lock */

/* PIT ticks since the channel was loaded. Only differences of up to hours are ever looked at. */
static u64 pit_ticks(void) { return (u64)((unsigned __int128)(now_ns() - pit.started) * PIT_HZ / 1000000000UL); }

static u16 pit_count(void)
{
    u64 ticks = pit.gate & 1 ? pit_ticks() : 0;

    if (pit.mode == 3) /* counts down by two */
        ticks *= 2;
    return pit.mode >= 2 ? pit.reload - ticks % pit.reload : (u16)(pit.reload - ticks);
}

/* The channel's output pin, seen in bit 5 of port 0x61. */
static bool pit_output(void)
{
    u64 ticks = pit_ticks();

    if (pit.mode == 3)
        return ticks % pit.reload < pit.reload / 2;
    return pit.mode == 2 || ticks >= pit.reload;
}

static u8 pit_read(u16 port)
{
    if (port == PORT_SYSTEM_CONTROL)
        return pit.gate | (now_ns() / 15000 & 1) << 4 /* refresh toggle */ | (pit_output() ? 0x20 : 0);
    if (port == PORT_PIT_MODE)
        return 0;       /* write-only */
    u16 count = pit.latched ? pit.latch : pit_count();
    bool high = pit.access == 2 || (pit.access == 3 && pit.read_high);
    if (pit.access == 3)
        pit.read_high = !pit.read_high;
    if (pit.access != 3 || high)
        pit.latched = false;
    return high ? count >> 8 : count;
}

static void pit_load(u16 count)
{
    pit.reload = count ? count : 65536; /* 0 stands for 65536 */
    pit.started = now_ns();
}

static void pit_write(u16 port, u8 val)
{
    if (port == PORT_SYSTEM_CONTROL) {
        if (!(pit.gate & 1) && (val & 1))
            pit.started = now_ns();
        pit.gate = val & 3;
    } else if (port == PORT_PIT_MODE) {
        if (val >> 6 != 2) /* the other channels are Serai's */
            return;
        if (!(val & 0x30)) { /* latch command */
            pit.latch = pit_count();
            pit.latched = true;
            return;
        }
        pit.access = (val >> 4) & 3;
        pit.mode = (val >> 1) & 3;
        pit.write_high = pit.read_high = pit.latched = false;
    } else if (pit.access == 3 && !pit.write_high) {
        pit.write_low = val;
        pit.write_high = true;
    } else {
        pit_load(pit.access == 1 ? val : pit.access == 2 ? val << 8 : val << 8 | pit.write_low);
        pit.write_high = false;
    }
}

static bool pit_port(const struct domain *d, u16 port)
{
    return d->privileged && (port == PORT_PIT_CH2 || port == PORT_PIT_MODE || port == PORT_SYSTEM_CONTROL);
}

/* ---- CMOS ---- */

static bool cmos_allowed(const struct domain *d)
{
    return rangeset_contains(d->ioports, PORT_CMOS_INDEX, PORT_CMOS_DATA);
}

/* ---- PCI configuration: the machine's port pair is arch/x86/pci.c's, the latch is the domain's ---- */

static bool config_allowed(const struct domain *d) { return d->privileged && (d->arch.pci_cf8 & PCI_ENABLE); }

/* ---- one access that does not cross from special to ordinary ports ---- */

static u32 special_read(struct domain *d, u16 port, unsigned bytes)
{
    u32 val = ones(bytes);

    if (port == PORT_PCI_ADDRESS && bytes == 4)
        return d->arch.pci_cf8;
    if ((port & ~3) == PORT_PCI_DATA)
        return config_allowed(d) ? pci_port_read(d->arch.pci_cf8, port & 3, bytes) : val;
    if (bytes != 1 || !(pit_port(d, port) || port == PORT_CMOS_INDEX || port == PORT_CMOS_DATA))
        return val;
    spin_lock(&io_lock);
    if (pit_port(d, port)) {
        val = pit_read(port);
    } else if (cmos_allowed(d)) {
        val = d->arch.cmos_index;
        if (port == PORT_CMOS_DATA) {
            outb(PORT_CMOS_INDEX, d->arch.cmos_index & 0x7f);
            val = inb(PORT_CMOS_DATA);
        }
    }
    spin_unlock(&io_lock);
    return val;
}

static void special_write(struct domain *d, u16 port, unsigned bytes, u32 val)
{
    if (port == PORT_PCI_ADDRESS && bytes == 4) {
        d->arch.pci_cf8 = val;
        return;
    }
    if ((port & ~3) == PORT_PCI_DATA) {
        if (config_allowed(d))
            pci_port_write(d->arch.pci_cf8, port & 3, bytes, val);
        return;
    }
    if (bytes != 1 || !(pit_port(d, port) || port == PORT_CMOS_INDEX || port == PORT_CMOS_DATA))
        return;
    spin_lock(&io_lock);
    if (pit_port(d, port)) {
        pit_write(port, val);
    } else if (port == PORT_CMOS_INDEX) {
        d->arch.cmos_index = val;
    } else if (cmos_allowed(d)) {
        outb(PORT_CMOS_INDEX, d->arch.cmos_index & 0x7f);
        outb(PORT_CMOS_DATA, val);
    }
    spin_unlock(&io_lock);
}

/* Ports that are never passed to the machine as they are, even if the domain was given them. */
static bool is_special(const struct domain *d, u16 port, unsigned bytes)
{
    return (port < PORT_CMOS_DATA + 1 && port + bytes > PORT_CMOS_INDEX) || pit_port(d, port) ||
           (port == PORT_PCI_ADDRESS && bytes == 4) || (port & ~3) == PORT_PCI_DATA;
}

u32 guest_io_read(struct vcpu *v, u16 port, unsigned bytes)
{
    struct domain *d = v->domain;

    if (is_special(d, port, bytes))
        return (port & 3) + bytes > 4 && (port & ~3) == PORT_PCI_DATA ? ones(bytes) : special_read(d, port, bytes);
    if ((u32)port + bytes <= 0x10000 && rangeset_contains(d->ioports, port, (u32)port + bytes - 1))
        return port_in(port, bytes);
    return ones(bytes);
}

void guest_io_write(struct vcpu *v, u16 port, unsigned bytes, u32 val)
{
    struct domain *d = v->domain;

    if (is_special(d, port, bytes)) {
        if (!((port & ~3) == PORT_PCI_DATA && (port & 3) + bytes > 4))
            special_write(d, port, bytes, val);
    } else if ((u32)port + bytes <= 0x10000 && rangeset_contains(d->ioports, port, (u32)port + bytes - 1)) {
        port_out(port, bytes, val);
        if (cpu_has.c1e && port == acpi.smi_command)
            smp_call(cpus_online, features_no_c1e, NULL);       /* some firmware switches it on with ACPI */
    }
}

bool guest_io_permitted(struct vcpu *v, u16 port, unsigned bytes)
{
    u8 bits[2];

    /* The kernel always: it asks for IOPL 1 before it uses ports, and probing must not kill it. */
    if (v->arch.kernel_mode || v->arch.iopl == 3)
        return true;
    if ((u32)port + bytes > v->arch.iobmp_bits ||
        kernel_memory_read(v, bits, GVA(v->arch.iobmp_va + port / 8), sizeof(bits)))
        return false;
    return !((bits[0] | bits[1] << 8) >> (port % 8) & ((1u << bytes) - 1));
}
