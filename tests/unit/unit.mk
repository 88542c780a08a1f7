# Unit tests: host programs, one per tests/unit/test_*.c, with sanitizers. A test's opening comment names the sources it
# is linked with ("Links: core/x.c lib/y.c") and, if any, the libraries ("Libraries: -lz").
UNIT_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
UNIT_CFLAGS := -std=gnu11 -O1 -g -DSERAI_HOST -DSERAI_DEBUG -fsanitize=address,undefined -fno-sanitize-recover=all \
  -fno-omit-frame-pointer -fno-strict-aliasing -Wall -Wextra -Werror -Wno-unused-function -Wno-format-overflow -Wno-format-truncation -I. -idirafter arch/host

unit_comment = awk '/^\/\*/,/\*\//' $(1) | awk '/\*\// { print; exit } { print }' | tr -d '*' | tr -s '\n ' '  '
unit_links = $(shell $(call unit_comment,$(1)) | grep -o 'Links: .*' | grep -oE '[a-z0-9_/]+\.c' | sort -u)
unit_libs = $(shell $(call unit_comment,$(1)) | grep -o 'Libraries:[-a-z0-9 ]*' | grep -oE -- '-l[a-z0-9]+')

define unit_rule
$(BUILD)/tests/unit/$(1): tests/unit/$(1).c $(call unit_links,tests/unit/$(1).c)
	@mkdir -p $$(@D)
	$$(CC) $$(UNIT_CFLAGS) -MMD -MP $$< $(call unit_links,tests/unit/$(1).c) -o $$@ -lcmocka $(call unit_libs,tests/unit/$(1).c)
endef
$(foreach t,$(notdir $(UNIT_TESTS)),$(eval $(call unit_rule,$(t))))

.PHONY: unit
$(UNIT_TESTS): | packages
unit: $(UNIT_TESTS)        ## build and run the unit tests
	@for t in $(UNIT_TESTS); do $$t || exit 1; done

check check-fast: $(UNIT_TESTS)
-include $(UNIT_TESTS:=.d)
include tests/unit/x86/x86.mk
include tests/unit/headers.mk
