# Fuzzing: libFuzzer programs, one per tests/fuzz/fuzz_*.c, linked as its opening comment says (see tests/unit/unit.mk).
# fuzz-short gives each FUZZ_SECONDS; `make check` gives each a minute beside its other tests. make fuzz goes on for
# FUZZ_HOURS and keeps what it finds in build/fuzz; what is worth keeping goes to tests/fuzz/corpus/<name>.
FUZZ_SECONDS ?= 10
FUZZ_HOURS ?= 1
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_CC ?= clang
FUZZ_CFLAGS := -std=gnu11 -O1 -g -DSERAI_HOST -DSERAI_DEBUG -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
  -fno-omit-frame-pointer -fno-strict-aliasing -Wall -Wextra -Werror -Wno-unused-function -Wno-array-bounds -Wno-gnu-variable-sized-type-not-at-end -I.

# These see the machine's own headers, not the host's stand-ins.
FUZZ_X86 := fuzz_acpi fuzz_multiboot fuzz_insn fuzz_emulate fuzz_ptwr fuzz_saved

define fuzz_rule
$(BUILD)/tests/fuzz/$(1): tests/fuzz/$(1).c $(call unit_links,tests/fuzz/$(1).c) tests/fuzz/fuzz.mk
	@mkdir -p $$(@D)
	$$(FUZZ_CC) $$(FUZZ_CFLAGS) -idirafter $(if $(filter $(FUZZ_X86),$(1)),arch/x86,arch/host) -MMD -MP $$< \
	  $(call unit_links,tests/fuzz/$(1).c) -o $$@ -lcmocka
endef
$(foreach t,$(notdir $(FUZZERS)),$(eval $(call fuzz_rule,$(t))))

.PHONY: fuzz fuzz-short
$(FUZZERS): | packages
fuzz-short: $(FUZZERS)     ## every fuzz target for FUZZ_SECONDS (10)
	@for f in $(FUZZERS); do tests/fuzz/run $$f $(FUZZ_SECONDS) || exit 1; done
fuzz: $(FUZZERS)           ## every fuzz target in turn, for FUZZ_HOURS (1) in all
	@for f in $(FUZZERS); do tests/fuzz/run $$f $$(( $(FUZZ_HOURS) * 3600 / $(words $(FUZZERS)) )) || exit 1; done

check: $(FUZZERS)
-include $(FUZZERS:=.d)
