# Unit tests: host programs, one per tests/unit/test_*.c, with sanitizers. A test's opening comment names the sources it
# is linked with ("Links: core/x.c lib/y.c") and, if any, the libraries ("Libraries: -lz"). Those named *_threads run
# several threads and are built, with all their sources, for the thread sanitizer.
UNIT_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
UNIT_COMMON := -std=gnu11 -O1 -g -DSERAI_HOST -DSERAI_DEBUG -fno-omit-frame-pointer -fno-strict-aliasing -Wall \
  -Wextra -Werror -Wno-unused-function -Wno-format-overflow -Wno-format-truncation -I. -idirafter arch/host
UNIT_CFLAGS := $(UNIT_COMMON) -fsanitize=address,undefined -fno-sanitize-recover=all
# It does not know fences, which only the guest's copies of its runstate and time need here.
THREAD_CFLAGS := $(UNIT_COMMON) -fsanitize=thread -Wno-tsan

UNIT_SAYS := $(sort $(shell awk -f tests/unit/links.awk tests/unit/test_*.c tests/fuzz/fuzz_*.c))
unit_links = $(patsubst $(1)=%,%,$(filter $(1)=%.c,$(UNIT_SAYS)))
unit_libs = $(patsubst $(1)=%,%,$(filter $(1)=-l%,$(UNIT_SAYS)))

# Each source is compiled once for all tests, with its own list of headers (one compiler for several sources keeps only
# the last one's).
U := $(BUILD)/tests/unit/obj
$(U)/%.o: %.c | packages
	@mkdir -p $(@D)
	@$(CC) $(UNIT_CFLAGS) -MMD -MP -c $< -o $@

UT := $(U)/threads
$(UT)/%.o: %.c | packages
	@mkdir -p $(@D)
	@$(CC) $(THREAD_CFLAGS) -MMD -MP -c $< -o $@

# Of test $(1): objects in $(2), flags $(3).
define unit_rule
$(BUILD)/tests/unit/$(1): $(patsubst %.c,$(2)/%.o,tests/unit/$(1).c $(call unit_links,tests/unit/$(1).c))
	@echo "  UNIT $(1)"
	@$$(CC) $$($(3)) $$^ -o $$@ -lcmocka $(call unit_libs,tests/unit/$(1).c)
endef
$(foreach t,$(filter-out %_threads,$(notdir $(UNIT_TESTS))),$(eval $(call unit_rule,$(t),$(U),UNIT_CFLAGS)))
$(foreach t,$(filter %_threads,$(notdir $(UNIT_TESTS))),$(eval $(call unit_rule,$(t),$(UT),THREAD_CFLAGS)))
UNIT_SOURCES := $(wildcard core/*.c core/*/*.c lib/*.c arch/host/*.c tests/unit/*.c)
.SECONDARY: $(UNIT_SOURCES:%.c=$(U)/%.o) $(UNIT_SOURCES:%.c=$(UT)/%.o)

.PHONY: unit
$(UNIT_TESTS): | packages
unit: $(UNIT_TESTS)        ## build and run the unit tests
	@for t in $(UNIT_TESTS); do $$t || exit 1; done

check check-fast check-units: $(UNIT_TESTS)
-include $(wildcard $(U)/*/*.d $(U)/*/*/*.d $(U)/*/*/*/*.d $(U)/*/*/*/*/*.d)
include tests/unit/x86/x86.mk
include tests/unit/headers.mk
