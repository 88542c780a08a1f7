# Unit tests: host programs, one per tests/unit/test_*.c, with sanitizers. A test's opening comment names the sources it
# is linked with ("Links: core/x.c lib/y.c") and, if any, the libraries ("Libraries: -lz").
UNIT_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
UNIT_CFLAGS := -std=gnu11 -O1 -g -DSERAI_HOST -DSERAI_DEBUG -fsanitize=address,undefined -fno-sanitize-recover=all \
  -fno-omit-frame-pointer -fno-strict-aliasing -Wall -Wextra -Werror -Wno-unused-function -Wno-format-overflow -Wno-format-truncation -I. -idirafter arch/host

UNIT_SAYS := $(sort $(shell awk -f tests/unit/links.awk tests/unit/test_*.c tests/fuzz/fuzz_*.c))
unit_links = $(patsubst $(1)=%,%,$(filter $(1)=%.c,$(UNIT_SAYS)))
unit_libs = $(patsubst $(1)=%,%,$(filter $(1)=-l%,$(UNIT_SAYS)))

# Each source is compiled once for all tests, with its own list of headers (one compiler for several sources keeps only
# the last one's).
U := $(BUILD)/tests/unit/obj
$(U)/%.o: %.c | packages
	@mkdir -p $(@D)
	@$(CC) $(UNIT_CFLAGS) -MMD -MP -c $< -o $@

define unit_rule
$(BUILD)/tests/unit/$(1): $(patsubst %.c,$(U)/%.o,tests/unit/$(1).c $(call unit_links,tests/unit/$(1).c))
	@echo "  UNIT $(1)"
	@$$(CC) $$(UNIT_CFLAGS) $$^ -o $$@ -lcmocka $(call unit_libs,tests/unit/$(1).c)
endef
$(foreach t,$(notdir $(UNIT_TESTS)),$(eval $(call unit_rule,$(t))))
.SECONDARY: $(patsubst %.c,$(U)/%.o,$(wildcard core/*.c core/*/*.c lib/*.c arch/host/*.c tests/unit/*.c))

.PHONY: unit
$(UNIT_TESTS): | packages
unit: $(UNIT_TESTS)        ## build and run the unit tests
	@for t in $(UNIT_TESTS); do $$t || exit 1; done

check check-fast: $(UNIT_TESTS)
-include $(wildcard $(U)/*/*.d $(U)/*/*/*.d $(U)/*/*/*/*.d)
include tests/unit/x86/x86.mk
include tests/unit/headers.mk
