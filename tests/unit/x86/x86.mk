# Tests of arch/x86/pv on the host: tests/unit/x86/test_*.c include the sources they test (see guest.h there).
X86_TESTS := $(patsubst tests/unit/x86/test_%.c,$(BUILD)/tests/unit/test_x86_%,$(wildcard tests/unit/x86/test_*.c))
X86_TEST_CFLAGS := -std=gnu11 -O1 -g -DSERAI_HOST -DSERAI_DEBUG -fsanitize=undefined -fno-sanitize-recover=all \
  -fno-strict-aliasing -mno-red-zone -Wall -Wextra -Werror -I. -idirafter arch/x86

$(X86_TESTS): $(BUILD)/tests/unit/test_x86_%: tests/unit/x86/test_%.c | packages
	@mkdir -p $(@D)
	$(CC) $(X86_TEST_CFLAGS) -MMD -MP -o $@ $< -lcmocka

unit: unit-x86
.PHONY: unit-x86
unit-x86: $(X86_TESTS)
	@for t in $(X86_TESTS); do $$t || exit 1; done

check check-fast check-units: $(X86_TESTS)
-include $(X86_TESTS:=.d)
