# The front door: what a user types. Included by the top Makefile, which makes $(BUILD)/serai.elf and sets VERSION.
# A fragment with tests to build adds them by a line of its own:   check check-fast: $(ITS_PROGRAMS)
HYPERVISOR ?= $(BUILD)/serai.elf
export HYPERVISOR

.PHONY: packages run image iso check check-fast check-units check-many install deb help

# Of everything that is compiled: before the first of it, also where several recipes run at once.
PURPOSES := build $(if $(filter check check-fast check-units,$(MAKECMDGOALS))$(findstring unit,$(MAKECMDGOALS)),unit) \
  $(if $(filter check,$(MAKECMDGOALS))$(findstring fuzz,$(MAKECMDGOALS)),fuzz)
packages:                  ## install the packages the build needs, or name them
	@tools/need $(PURPOSES)
$(OBJ) $(O)/offsets.h $(O)/syms0.o: | packages

run: $(HYPERVISOR) image   ## boot Serai with Debian as domain 0 in QEMU, console on this terminal
	@tools/need run
	@tools/run

image:                     ## the Debian disk image of make run; kept until its recipe changes
	@tools/image/build $(BUILD)/image

iso: $(HYPERVISOR)         ## build/serai.iso, which boots through GRUB on BIOS and on UEFI
	@tools/iso $(BUILD)/serai.iso

check: $(HYPERVISOR)       ## every test; the last line is 'N passed, N failed'
	@tools/need run tiny iso image check
	@tools/check

check-fast: $(HYPERVISOR)  ## the selection that needs less than two minutes
	@tools/need run tiny check
	@tools/check fast

check-units:                ## unit tests, headers and pages only: a minute
	@tools/check units

check-many: $(HYPERVISOR)  ## 128 domains at once, made by xl (half an hour)
	@tools/need run tiny image check
	@MANY=128 TIME_SCALE=$${TIME_SCALE:-4} $(PYTHON) -m pytest -v -p no:cacheprovider tests/system/test_xl.py -k many

# Debian's 20_linux_xen makes a boot menu entry for every pair of /boot/xen-*.gz and domain 0 kernel.
install: $(HYPERVISOR)     ## put the hypervisor where Debian's GRUB scripts find it (then run update-grub)
	install -d $(DESTDIR)/boot
	gzip -9nc $(HYPERVISOR) > $(DESTDIR)/boot/xen-serai-$(VERSION).gz

deb: $(HYPERVISOR)         ## a Debian package that does the same and updates the boot menu
	@tools/deb $(VERSION)

help:
	@sed -n 's/^\([a-z-]*\):[^#]*## */\1 -- /p' $(MAKEFILE_LIST) | sort -u | awk -F ' -- ' '{ printf "make %-12s %s\n", $$1, $$2 }'
