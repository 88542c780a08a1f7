# Every header compiled alone, and no circles (tools/check-headers). The program that tools/check runs is a line that
# says with which compiler and flags; it depends on nothing else, because it looks at all headers each time.
$(BUILD)/tests/unit/headers: tools/check-headers tests/unit/headers.mk Makefile
	@mkdir -p $(@D)
	@printf '%s\n' '#!/bin/sh' "exec tools/check-headers $(CC) "'$(subst ','\'',$(CFLAGS))' > $@
	@chmod +x $@

.PHONY: headers
headers: $(BUILD)/tests/unit/headers  ## is every header self-standing?
	@$<

check check-fast check-units: $(BUILD)/tests/unit/headers
