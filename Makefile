# Serai. `make` builds build/serai.elf; `make help` lists the rest.
#   DEBUG=1   assertions, lock-order checks, event counters for xenperf
#   PERFC=1   event counters and how often each class of lock was taken and waited for, without assertions
#   CC=clang  the other compiler
#   JOBS=n    recipes at once, if not as many as there are processors
BUILD ?= build
VERSION := 0.1
DEBUG ?= 0
PERFC ?= 0
CC = gcc
LD = ld
OBJCOPY = objcopy
PYTHON = /usr/bin/python3

CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fpie -fvisibility=hidden -include lib/hidden.h -mno-red-zone -mgeneral-regs-only \
  -fno-strict-aliasing -fno-common -fcf-protection=none \
  -fstack-protector-strong -mstack-protector-guard=global -fno-asynchronous-unwind-tables \
  -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wundef -Wvla \
  -I. -idirafter arch/x86 -DSERAI_VERSION='"$(VERSION)"' -ffile-prefix-map=$(CURDIR)=.
ifeq ($(DEBUG),1)
CFLAGS += -DSERAI_DEBUG
O := $(BUILD)/debug
else
O := $(BUILD)/obj
endif
ifeq ($(PERFC),1)
CFLAGS += -DSERAI_PERFC
O := $(O)-perfc
endif
ASFLAGS := $(filter-out -include lib/hidden.h,$(CFLAGS)) -D__ASSEMBLY__

SRC_C := $(sort $(wildcard abi/*.c core/*.c core/*/*.c lib/*.c arch/x86/*.c arch/x86/*/*.c))
SRC_S := $(sort $(wildcard arch/x86/*/*.S))
OBJ := $(SRC_C:%.c=$(O)/%.o) $(SRC_S:%.S=$(O)/%.o)
LIBDIR := /usr/lib/x86_64-linux-gnu
# Not :=, the compiler may only be installed by the first recipe that runs.
LIBS = $(LIBDIR)/liblzma.a $(LIBDIR)/libzstd.a $(LIBDIR)/libz.a $(LIBDIR)/liblz4.a $(shell $(CC) -print-libgcc-file-name)

# All processors, but for what talks to the user: with several jobs make may take a recipe's input away.
JOBS ?= $(shell nproc)
ifeq ($(MAKELEVEL)$(filter run image,$(MAKECMDGOALS)),0)
MAKEFLAGS += -j$(JOBS)
endif

.PHONY: all clean help FORCE
all: $(BUILD)/serai.elf

$(O)/%.o: %.c $(O)/offsets.h
	@mkdir -p $(@D); echo "  CC $<"
	@$(CC) $(CFLAGS) -MMD -MP -c $< -o $@
$(O)/%.o: %.S $(O)/offsets.h
	@mkdir -p $(@D); echo "  AS $<"
	@$(CC) $(ASFLAGS) -I$(O) -MMD -MP -c $< -o $@

# Structure offsets for assembly, computed by the compiler (arch/x86/entry/asm/offsets.c).
$(O)/offsets.h: arch/x86/entry/asm/offsets.c $(wildcard arch/x86/machine/*.h core/*.h arch/x86/cpu.h)
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -S $< -o $(O)/offsets.s
	@sed -n 's/^.*->\([A-Za-z_0-9]*\) \$$*\([-0-9]*\).*/#define \1 \2/p' $(O)/offsets.s > $@

# Two links: the second carries the symbol table made from the first, for stack traces.
LDFLAGS := -nostdlib -static -no-pie -z max-page-size=4096 -z noexecstack -z norelro --build-id=sha1 --gc-sections --no-relax \
  -T arch/x86/boot/serai.lds
$(O)/syms0.o: tools/symbols.py
	@mkdir -p $(@D)
	$(PYTHON) tools/symbols.py /dev/null > $(O)/syms0.s
	$(CC) -c $(O)/syms0.s -o $@
$(O)/serai0: $(OBJ) $(O)/syms0.o arch/x86/boot/serai.lds
	@$(LD) $(LDFLAGS) -o $@ $(OBJ) $(O)/syms0.o $(LIBS)
$(O)/syms1.o: $(O)/serai0 tools/symbols.py
	$(PYTHON) tools/symbols.py $< > $(O)/syms1.s
	$(CC) -c $(O)/syms1.s -o $@
$(O)/serai-syms: $(O)/serai0 $(O)/syms1.o
	@$(LD) $(LDFLAGS) -o $@ $(OBJ) $(O)/syms1.o $(LIBS)

# The loadable file is a 32-bit ELF (multiboot 1 loaders insist) around the flat image.
$(O)/serai.elf: $(O)/serai-syms arch/x86/boot/wrap/wrap.lds arch/x86/boot/wrap/wrap.S
	$(OBJCOPY) -O binary $< $(O)/serai.bin
	$(CC) -m32 -c -DIMAGE='"$(O)/serai.bin"' $$(nm $< | awk '$$3 ~ /^__(text|rodata|ro_after_init|init_text|load|bss)_end$$/ { \
	  n = toupper(substr($$3, 3)); sub(/_END$$/, "", n); printf "-DEND_%s=0x%s ", n, substr($$1, 10) }') \
	  arch/x86/boot/wrap/wrap.S -o $(O)/wrap.o
	$(LD) -m elf_i386 -nostdlib -z noexecstack --build-id=none -T arch/x86/boot/wrap/wrap.lds -o $@ $(O)/wrap.o

# Which variant build/serai.elf is: make after make DEBUG=1 must copy again.
$(BUILD)/variant: FORCE
	@mkdir -p $(@D)
	@echo $(O) | cmp -s - $@ || echo $(O) > $@
FORCE:

$(BUILD)/serai.elf: $(O)/serai.elf $(BUILD)/variant
	cp $< $@
	cp $(O)/serai-syms $(BUILD)/serai-syms

clean:
	rm -rf $(BUILD)/obj $(BUILD)/debug $(BUILD)/*-perfc $(BUILD)/perfc $(BUILD)/serai.elf $(BUILD)/serai-syms $(BUILD)/variant

-include $(OBJ:.o=.d)
-include tools/front.mk
-include tests/unit/unit.mk
-include tests/fuzz/fuzz.mk
-include tests/mutants/mutants.mk
-include tests/guest/guest.mk
-include bench/bench.mk
