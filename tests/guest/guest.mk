# Guest tests: one directory per behaviour, each a tiny kernel that the hypervisor starts as domain 0. A test's opening
# comment may say "Build: -Dflags" (for it and for the library) and "QEMU: options"; tests/guest/run reads the latter.
GUEST_TESTS := $(patsubst tests/guest/%/test.c,$(BUILD)/tests/guest/%.elf,$(wildcard tests/guest/*/test.c))
GUEST_LIB := $(wildcard tests/guest/lib/*.c) tests/guest/lib/entry.S
GUEST_CFLAGS := -std=gnu11 -O1 -g -ffreestanding -fno-pie -no-pie -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
  -fno-strict-aliasing -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -fno-builtin \
  -Wall -Wextra -Werror -Wno-unused-function -Wno-clobbered -Wno-return-type -Wno-missing-field-initializers -I. -Itests/guest/lib
guest_flags = $(shell sed -n 's/^.*Build: *\(.*\)$$/\1/p;/\*\//q' $(1))

# The library is compiled once for all tests that do not ask for flags; their own objects otherwise.
G := $(BUILD)/tests/guest/obj
GUEST_OBJ := $(patsubst tests/guest/lib/%,$(G)/%.o,$(GUEST_LIB))
$(G)/%.o: tests/guest/lib/% $(wildcard tests/guest/lib/*.h)
	@mkdir -p $(@D)
	@$(CC) $(GUEST_CFLAGS) -c $< -o $@

$(BUILD)/tests/guest/%.elf: tests/guest/%/test.c $(GUEST_OBJ) $(wildcard tests/guest/lib/*.h tests/guest/*/*.h) tests/guest/lib/link.lds
	@mkdir -p $(@D); echo "  GUEST $*"
	@$(CC) $(GUEST_CFLAGS) $(call guest_flags,$<) -DTEST_NAME='"$*"' -c $< -o $(G)/$*.o
	@$(CC) $(GUEST_CFLAGS) $(call guest_flags,$<) -c tests/guest/lib/entry.S -o $(G)/$*.entry.o
	@echo 'const char test_name[] = "$*";' | $(CC) $(GUEST_CFLAGS) -x c -c - -o $(G)/$*.name.o
	@$(LD) -nostdlib -static -z noexecstack --build-id=none --no-warn-rwx-segments -z max-page-size=4096 -T tests/guest/lib/link.lds -o $@ \
	  $(G)/$*.entry.o $(G)/$*.o $(G)/$*.name.o $(filter-out $(G)/entry.S.o,$(GUEST_OBJ))

$(GUEST_OBJ) $(GUEST_TESTS): | packages
.SECONDARY: $(GUEST_OBJ)

# Tests whose header says "Image: debug" run on the other build.
.PHONY: guest guest-tests debug-image
ifeq ($(DEBUG),1)
debug-image: $(BUILD)/debug/serai.elf
else
debug-image: | packages
	@$(MAKE) --no-print-directory -s DEBUG=1 $(BUILD)/debug/serai.elf
endif
guest-tests: $(GUEST_TESTS)
guest: $(BUILD)/serai.elf debug-image $(GUEST_TESTS)    ## build and run the tiny guests that test the interface
	@tests/guest/run

# The fuzzing guest for long: SEEDS lives of OPS operations per vcpu, fifty a boot, from SEED on, and what each boot reached.
# DEBUG=1 has assertions and the auditor. Seven boots in eight have their CPUs in one thread, which does five times as much
# in a second of machine time; the eighth has a thread for each, so that they do run at once.
SEEDS ?= 500
SEED ?= 1
OPS ?= 50000
.PHONY: fuzz-guest
fuzz-guest: $(BUILD)/serai.elf $(BUILD)/tests/guest/fuzz.elf  ## the guest that does anything, with SEEDS=n seeds
	@for at in $$(seq $(SEED) 50 $$(($(SEED) + $(SEEDS) - 1))); do \
	  left=$$(($(SEED) + $(SEEDS) - at)); n=$$((left < 50 ? left : 50)); echo "seeds $$at to $$((at + n - 1))"; \
	  [ $$((at / 50 % 8)) = 7 ] && accel=tcg || accel=tcg,thread=single; GUEST_TIMEOUT=1200 GUEST_ACCEL=$$accel \
	  GUEST_ARGS="seed=$$at seeds=$$n ops=$(OPS)" tests/guest/run -v fuzz || exit 1; done

check check-fast: $(GUEST_TESTS) debug-image
