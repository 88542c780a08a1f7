	.file	"offsets.c"
	.text
.Ltext0:
	.cfi_sections	.debug_frame
	.file 0 "." "arch/x86/entry/asm/offsets.c"
	.p2align 4
	.globl	offsets
	.hidden	offsets
	.type	offsets, @function
offsets:
.LFB27:
	.file 1 "arch/x86/entry/asm/offsets.c"
	.loc 1 9 1 view -0
	.cfi_startproc
	.loc 1 10 5 view .LVU1
#APP
# 10 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->CPU_INFO_SIZE $264"

# 0 "" 2
	.loc 1 11 5 view .LVU2
# 11 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->INFO_current $200"

# 0 "" 2
	.loc 1 12 5 view .LVU3
# 12 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->INFO_pending $216"

# 0 "" 2
	.loc 1 13 5 view .LVU4
# 13 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_rax $80"

# 0 "" 2
	.loc 1 14 5 view .LVU5
# 14 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_rdi $112"

# 0 "" 2
	.loc 1 15 5 view .LVU6
# 15 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_rsi $104"

# 0 "" 2
	.loc 1 16 5 view .LVU7
# 16 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_rdx $96"

# 0 "" 2
	.loc 1 17 5 view .LVU8
# 17 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_r10 $56"

# 0 "" 2
	.loc 1 18 5 view .LVU9
# 18 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_r8 $72"

# 0 "" 2
	.loc 1 19 5 view .LVU10
# 19 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_r9 $64"

# 0 "" 2
	.loc 1 20 5 view .LVU11
# 20 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_rbx $40"

# 0 "" 2
	.loc 1 21 5 view .LVU12
# 21 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_rbp $32"

# 0 "" 2
	.loc 1 22 5 view .LVU13
# 22 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_r12 $24"

# 0 "" 2
	.loc 1 23 5 view .LVU14
# 23 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_r13 $16"

# 0 "" 2
	.loc 1 24 5 view .LVU15
# 24 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_r14 $8"

# 0 "" 2
	.loc 1 25 5 view .LVU16
# 25 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_r15 $0"

# 0 "" 2
	.loc 1 26 5 view .LVU17
# 26 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_rcx $88"

# 0 "" 2
	.loc 1 27 5 view .LVU18
# 27 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_r11 $48"

# 0 "" 2
	.loc 1 28 5 view .LVU19
# 28 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_rflags $144"

# 0 "" 2
	.loc 1 29 5 view .LVU20
# 29 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_rsp $152"

# 0 "" 2
	.loc 1 30 5 view .LVU21
# 30 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_ss $160"

# 0 "" 2
	.loc 1 31 5 view .LVU22
# 31 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_entry_vector $124"

# 0 "" 2
	.loc 1 32 5 view .LVU23
# 32 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_rip $128"

# 0 "" 2
	.loc 1 33 5 view .LVU24
# 33 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_cs $136"

# 0 "" 2
	.loc 1 34 5 view .LVU25
# 34 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->REGS_es $168"

# 0 "" 2
	.loc 1 35 5 view .LVU26
# 35 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->INFO_cr3 $224"

# 0 "" 2
	.loc 1 36 5 view .LVU27
# 36 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->INFO_tlb_time $232"

# 0 "" 2
	.loc 1 37 5 view .LVU28
# 37 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->INFO_scratch $240"

# 0 "" 2
	.loc 1 38 5 view .LVU29
# 38 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->VCPU_cr3 $4976"

# 0 "" 2
	.loc 1 39 5 view .LVU30
# 39 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->VCPU_kernel_cr3 $4984"

# 0 "" 2
	.loc 1 40 5 view .LVU31
# 40 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->VCPU_user_cr3 $4992"

# 0 "" 2
	.loc 1 41 5 view .LVU32
# 41 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->VCPU_syscall_frame $5000"

# 0 "" 2
	.loc 1 42 5 view .LVU33
# 42 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->VCPU_syscall_callback $824"

# 0 "" 2
	.loc 1 43 5 view .LVU34
# 43 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->VCPU_syscall_masks_events $861"

# 0 "" 2
	.loc 1 44 5 view .LVU35
# 44 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->VCPU_fast_syscall $5012"

# 0 "" 2
	.loc 1 45 5 view .LVU36
# 45 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->VCPU_fast_iret $5013"

# 0 "" 2
	.loc 1 46 5 view .LVU37
# 46 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->VCPU_runstate_stale $112"

# 0 "" 2
	.loc 1 47 5 view .LVU38
# 47 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->INFO_CR2 $16"

# 0 "" 2
	.loc 1 48 5 view .LVU39
# 48 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->VCPU_cr2 $5016"

# 0 "" 2
	.loc 1 49 5 view .LVU40
# 49 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->VCPU_fast_fault $5014"

# 0 "" 2
	.loc 1 50 5 view .LVU41
# 50 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->VCPU_fault_handler $1088"

# 0 "" 2
	.loc 1 51 5 view .LVU42
# 51 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->VCPU_info $40"

# 0 "" 2
	.loc 1 52 5 view .LVU43
# 52 "arch/x86/entry/asm/offsets.c" 1
	
.ascii "->VCPU_kernel_mode $768"

# 0 "" 2
	.loc 1 53 1 is_stmt 0 view .LVU44
#NO_APP
	ret
	.cfi_endproc
.LFE27:
	.size	offsets, .-offsets
.Letext0:
	.section	.debug_info,"",@progbits
.Ldebug_info0:
	.long	0x99
	.value	0x5
	.byte	0x1
	.byte	0x8
	.long	.Ldebug_abbrev0
	.uleb128 0x2
	.long	.LASF13
	.byte	0x1d
	.long	.LASF0
	.long	.LASF1
	.quad	.Ltext0
	.quad	.Letext0-.Ltext0
	.long	.Ldebug_line0
	.uleb128 0x1
	.byte	0x8
	.byte	0x5
	.long	.LASF2
	.uleb128 0x1
	.byte	0x8
	.byte	0x7
	.long	.LASF3
	.uleb128 0x3
	.byte	0x4
	.byte	0x5
	.string	"int"
	.uleb128 0x1
	.byte	0x8
	.byte	0x5
	.long	.LASF4
	.uleb128 0x1
	.byte	0x10
	.byte	0x4
	.long	.LASF5
	.uleb128 0x1
	.byte	0x1
	.byte	0x6
	.long	.LASF6
	.uleb128 0x1
	.byte	0x2
	.byte	0x5
	.long	.LASF7
	.uleb128 0x1
	.byte	0x1
	.byte	0x8
	.long	.LASF8
	.uleb128 0x1
	.byte	0x2
	.byte	0x7
	.long	.LASF9
	.uleb128 0x1
	.byte	0x4
	.byte	0x7
	.long	.LASF10
	.uleb128 0x1
	.byte	0x1
	.byte	0x6
	.long	.LASF11
	.uleb128 0x1
	.byte	0x1
	.byte	0x2
	.long	.LASF12
	.uleb128 0x4
	.long	.LASF14
	.byte	0x1
	.byte	0x8
	.byte	0x6
	.quad	.LFB27
	.quad	.LFE27-.LFB27
	.uleb128 0x1
	.byte	0x9c
	.byte	0
	.section	.debug_abbrev,"",@progbits
.Ldebug_abbrev0:
	.uleb128 0x1
	.uleb128 0x24
	.byte	0
	.uleb128 0xb
	.uleb128 0xb
	.uleb128 0x3e
	.uleb128 0xb
	.uleb128 0x3
	.uleb128 0xe
	.byte	0
	.byte	0
	.uleb128 0x2
	.uleb128 0x11
	.byte	0x1
	.uleb128 0x25
	.uleb128 0xe
	.uleb128 0x13
	.uleb128 0xb
	.uleb128 0x3
	.uleb128 0x1f
	.uleb128 0x1b
	.uleb128 0x1f
	.uleb128 0x11
	.uleb128 0x1
	.uleb128 0x12
	.uleb128 0x7
	.uleb128 0x10
	.uleb128 0x17
	.byte	0
	.byte	0
	.uleb128 0x3
	.uleb128 0x24
	.byte	0
	.uleb128 0xb
	.uleb128 0xb
	.uleb128 0x3e
	.uleb128 0xb
	.uleb128 0x3
	.uleb128 0x8
	.byte	0
	.byte	0
	.uleb128 0x4
	.uleb128 0x2e
	.byte	0
	.uleb128 0x3f
	.uleb128 0x19
	.uleb128 0x3
	.uleb128 0xe
	.uleb128 0x3a
	.uleb128 0xb
	.uleb128 0x3b
	.uleb128 0xb
	.uleb128 0x39
	.uleb128 0xb
	.uleb128 0x27
	.uleb128 0x19
	.uleb128 0x11
	.uleb128 0x1
	.uleb128 0x12
	.uleb128 0x7
	.uleb128 0x40
	.uleb128 0x18
	.uleb128 0x7a
	.uleb128 0x19
	.byte	0
	.byte	0
	.byte	0
	.section	.debug_aranges,"",@progbits
	.long	0x2c
	.value	0x2
	.long	.Ldebug_info0
	.byte	0x8
	.byte	0
	.value	0
	.value	0
	.quad	.Ltext0
	.quad	.Letext0-.Ltext0
	.quad	0
	.quad	0
	.section	.debug_line,"",@progbits
.Ldebug_line0:
	.section	.debug_str,"MS",@progbits,1
.LASF10:
	.string	"unsigned int"
.LASF3:
	.string	"long unsigned int"
.LASF14:
	.string	"offsets"
.LASF6:
	.string	"signed char"
.LASF13:
	.ascii	"GNU C11 12.2.0 -mno-re"
	.string	"d-zone -mgeneral-regs-only -mstack-protector-guard=global -mtune=generic -march=x86-64 -g -O2 -std=gnu11 -ffreestanding -fpie -fvisibility=hidden -fno-strict-aliasing -fno-common -fcf-protection=none -fstack-protector-strong -fno-asynchronous-unwind-tables"
.LASF5:
	.string	"long double"
.LASF7:
	.string	"short int"
.LASF8:
	.string	"unsigned char"
.LASF2:
	.string	"long int"
.LASF4:
	.string	"long long int"
.LASF11:
	.string	"char"
.LASF9:
	.string	"short unsigned int"
.LASF12:
	.string	"_Bool"
	.section	.debug_line_str,"MS",@progbits,1
.LASF0:
	.string	"arch/x86/entry/asm/offsets.c"
.LASF1:
	.string	"."
	.ident	"GCC: (Debian 12.2.0-14+deb12u1) 12.2.0"
	.section	.note.GNU-stack,"",@progbits
