/*
 * The little of QEMU's TCG plugin interface (version 1) that count.c uses, declared by ourselves: Debian's QEMU loads
 * plugins but ships no header for them. QEMU exports these functions to a loaded shared object; what they do is
 * described in QEMU's documentation, "TCG Plugins".
 */
#ifndef BENCH_PLUGIN_QEMU_H
#define BENCH_PLUGIN_QEMU_H

#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_API 1

typedef uint64_t plugin_id;             /* our handle, given to qemu_plugin_install */
struct qemu_plugin_tb;                  /* a block of guest instructions that is being translated */
struct qemu_plugin_insn;                /* one of them; valid during the translation callback only */

typedef void (*translate_fn)(plugin_id id, struct qemu_plugin_tb *tb);
typedef void (*execute_fn)(unsigned vcpu, void *data);

enum { PLUGIN_ADD_U64 = 0 };            /* the only inline operation there is */
enum { PLUGIN_NO_REGS = 0 };            /* the callback touches no guest register */

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, translate_fn fn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, execute_fn fn, int regs, void *data);
/* Before every execution of insn, add imm to the 64-bit word at ptr; no call, hence cheap. */
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *ptr, uint64_t imm);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t n);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

#endif
