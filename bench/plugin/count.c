/*
 * count: a QEMU TCG plugin that says where instructions were spent.
 *
 * Every executed instruction is counted in the class its virtual address belongs to: user, guest kernel or hypervisor.
 * Addresses tell them apart because the PV ABI reserves 0xffff800000000000..0xffff87ffffffffff for the hypervisor, and
 * no native Linux has text there. Hypervisor instructions are counted per address, so that the same run also yields a
 * profile. A few instructions that cost more than an instruction (CR3 and CR4 writes, INVLPG, hypercalls, returns)
 * are counted by themselves.
 *
 * The guest talks to us by magic no-ops (bench/marker.h) in user mode: everything between START and STOP makes one
 * record. Invariant: a record's counts are differences of counters at two marks of one vCPU, in program order.
 * Imprecise on purpose: an instruction that faults is counted again when it is restarted, as is device I/O in the
 * middle of a translated block; the firmware and a hypervisor's first steps below 4 GiB count as user.
 *
 * On the way to init two more moments are noted: the first instruction at a hypervisor's addresses, which ends the
 * firmware and the loader, and the first at a guest kernel's.
 *
 * Arguments: out=FILE, a line "mark index user kernel hypervisor cr3 cr4 invlpg hypercall return" per record (mark is
 * op, or with index 0 and counted from power-on: init, hypervisor, kernel), and if wanted profile=FILE, lines
 * "index address count".
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../marker.h"
#include "qemu.h"

#define EXPORT __attribute__((visibility("default")))

#define HYPERVISOR_START 0xffff800000000000ull
#define HYPERVISOR_END   0xffff880000000000ull
#define USER_END         0x0000800000000000ull

enum { USER, KERNEL, HYPERVISOR, CR3, CR4, INVLPG, HYPERCALL, RETURN, COUNTERS };

/* Open hash of the hypervisor's instruction addresses; a slot's count never moves, QEMU's code points at it. */
#define SLOTS (1u << 20)

struct slot {
    uint64_t address, count, before;
};

static uint64_t counters[COUNTERS], before[COUNTERS];
static struct slot *slots;
static unsigned used[SLOTS / 2], used_count;
static unsigned records;
static bool running;
static bool seen[COUNTERS];             /* classes of which an instruction was executed */
static FILE *out, *profile;

EXPORT int qemu_plugin_version = QEMU_PLUGIN_API;

static struct slot *slot_of(uint64_t address)
{
    unsigned at = (unsigned)(address * 0x9e3779b97f4a7c15ull >> 44);

    while (slots[at].address && slots[at].address != address) {
        at = (at + 1) % SLOTS;
    }
    if (!slots[at].address) {
        if (used_count == SLOTS / 2) {
            fprintf(stderr, "count: more hypervisor code than expected\n");
            exit(1);
        }
        slots[at].address = address;
        used[used_count++] = at;
    }
    return &slots[at];
}

static void sum_hypervisor(void)
{
    uint64_t sum = 0;

    for (unsigned n = 0; n < used_count; n++) {
        sum += slots[used[n]].count;
    }
    counters[HYPERVISOR] = sum;
}

static void write_profile(unsigned index)
{
    if (!profile) {
        return;
    }
    for (unsigned n = 0; n < used_count; n++) {
        const struct slot *s = &slots[used[n]];

        if (s->count != s->before) {
            fprintf(profile, "%u %" PRIx64 " %" PRIu64 "\n", index, s->address, s->count - s->before);
        }
    }
    fflush(profile);
}

static void write_counters(const char *mark, unsigned index)
{
    sum_hypervisor();
    fprintf(out, "%s %u", mark, index);
    for (int c = 0; c < COUNTERS; c++) {
        fprintf(out, " %" PRIu64, counters[c] - before[c]);
    }
    fputc('\n', out);
    fflush(out);
}

static void write_record(const char *mark, unsigned index)
{
    write_counters(mark, index);
    write_profile(index);
}

/* data: the class whose first instruction this is. Its own count, made before or behind us, does not matter. */
static void on_first(unsigned vcpu, void *data)
{
    uintptr_t class = (uintptr_t)data;

    (void)vcpu;
    if (!seen[class] && !running && !records) {
        write_counters(class == KERNEL ? "kernel" : "hypervisor", 0);
    }
    seen[class] = true;
}

static void remember(void)
{
    sum_hypervisor();
    memcpy(before, counters, sizeof(before));
    for (unsigned n = 0; n < used_count; n++) {
        slots[used[n]].before = slots[used[n]].count;
    }
}

static void on_mark(unsigned vcpu, void *data)
{
    (void)vcpu;
    switch ((uintptr_t)data) {
    case MARK_INIT:
        write_record("init", 0);
        break;
    case MARK_START:
        remember();
        running = true;
        break;
    case MARK_STOP:
        if (running) {
            write_record("op", ++records);
        }
        running = false;
        break;
    }
}

/* The magic no-op is nopl DISP32(%rax): 0f 1f 80 and the displacement, whose low byte is the mark. */
static unsigned mark_of(const uint8_t *code, size_t size)
{
    uint32_t word;

    if (size != 7 || code[0] != 0x0f || code[1] != 0x1f || code[2] != 0x80) {
        return 0;
    }
    memcpy(&word, code + 3, sizeof(word));
    return (word & ~0xffu) == MARK_MAGIC ? word & 0xff : 0;
}

/* Counter of its own for an instruction, or -1. */
static int special(const uint8_t *code, size_t size, int class)
{
    if (size >= 1 && (code[0] == 0x48 || code[0] == 0x49 || code[0] == 0x41)) {
        code++, size--;
        if (size == 1 && code[0] == 0xcf) {
            return RETURN;
        }
    }
    if (size < 2 || code[0] != 0x0f) {
        return -1;
    }
    if (code[1] == 0x07) {
        return RETURN;
    }
    if (code[1] == 0x05) {
        return class == KERNEL ? HYPERCALL : -1;
    }
    if (size == 3 && code[1] == 0x22) {
        int reg = code[2] >> 3 & 7;

        return reg == 3 ? CR3 : reg == 4 ? CR4 : -1;
    }
    if (size >= 3 && code[1] == 0x01 && (code[2] >> 3 & 7) == 7 && code[2] < 0xc0) {
        return INVLPG;
    }
    return -1;
}

static void on_translate(plugin_id id, struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);

    (void)id;
    for (size_t n = 0; n < count; n++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, n);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        const uint8_t *code = qemu_plugin_insn_data(insn);
        size_t size = qemu_plugin_insn_size(insn);
        int class = address < USER_END ? USER : address >= HYPERVISOR_START && address < HYPERVISOR_END ? HYPERVISOR
                                                                                                        : KERNEL;
        uint64_t *counter = class == HYPERVISOR ? &slot_of(address)->count : &counters[class];
        int extra = class == USER ? -1 : special(code, size, class);
        unsigned mark = class == USER ? mark_of(code, size) : 0;

        qemu_plugin_register_vcpu_insn_exec_inline(insn, PLUGIN_ADD_U64, counter, 1);
        if (extra >= 0) {
            qemu_plugin_register_vcpu_insn_exec_inline(insn, PLUGIN_ADD_U64, &counters[extra], 1);
        }
        if (class != USER && !seen[class]) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_first, PLUGIN_NO_REGS, (void *)(uintptr_t)class);
        }
        if (mark) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, PLUGIN_NO_REGS, (void *)(uintptr_t)mark);
        }
    }
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int n = 0; n < argc; n++) {
        if (!strncmp(argv[n], "out=", 4)) {
            out = fopen(argv[n] + 4, "w");
        } else if (!strncmp(argv[n], "profile=", 8)) {
            profile = fopen(argv[n] + 8, "w");
        }
    }
    slots = calloc(SLOTS, sizeof(*slots));
    if (!out || !slots) {
        fprintf(stderr, "count: out=FILE is missing or cannot be written\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    return 0;
}
