/*
 * The virtual address space while Serai runs. Top-level slots 256..271 belong to Serai in every address space
 * (ABI: HYPERVISOR_VIRT_START..END, xen-x86_64.h); everything else is the guest's.
 *
 *   slot  start               what
 *   256   0xffff800000000000  machine-to-physical table, readable by guests (ABI)
 *   260   0xffff820000000000  per-CPU windows: GDT (64 KiB) and LDT (64 KiB) of the running vcpu
 *   261   0xffff828000000000  frame table
 *         0xffff82a000000000  machine-to-physical table, writable
 *         0xffff82b000000000  device mappings
 *         0xffff82c000000000  CPUs' stacks
 *         0xffff82d080000000  Serai's image (linked here)
 *   262+  0xffff830000000000  direct map of all RAM
 */
#pragma once

#define SERAI_L4_FIRST 256
#define SERAI_L4_LAST 271
#define GUEST_HOLE_START 0xffff800000000000UL
#define GUEST_HOLE_END 0xffff880000000000UL
#define M2P_RO_VIRT 0xffff800000000000UL
#define CPU_WINDOW_VIRT 0xffff820000000000UL
#define CPU_WINDOW_SIZE 0x20000UL
#define FRAME_TABLE_VIRT 0xffff828000000000UL
#define M2P_VIRT 0xffff82a000000000UL
#define DEVICE_VIRT 0xffff82b000000000UL
#define DEVICE_VIRT_END 0xffff82c000000000UL
#define STACK_VIRT 0xffff82c000000000UL
#define IMAGE_VIRT 0xffff82d080000000UL
#define IMAGE_PHYS 0x200000UL
#define DIRECT_VIRT 0xffff830000000000UL
#define DIRECT_VIRT_END 0xffff880000000000UL

/* Descriptor table of a running vcpu: guest entries, then ours from page 14 (FIRST_RESERVED_GDT_PAGE). */
#define SERAI_CS 0xe008
#define SERAI_DS 0xe010
#define SERAI_TSS 0xe040
#define SERAI_LDT_SEL 0xe050
#define RESERVED_GDT_PAGE 14
#define RESERVED_GDT_ENTRY (RESERVED_GDT_PAGE * 512)

#define STACK_ORDER 4
#define STACK_SIZE (4096 << STACK_ORDER)
