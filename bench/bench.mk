# make bench: what every operation costs natively, on Debian's Xen and on Serai, counted in instructions. See bench/run.
.PHONY: bench bench-quick bench-docs bench-perfc bench-bounded
bench: $(BUILD)/serai.elf bench-perfc bench-bounded  ## measure native, Xen, Serai; PARTS=--paths, --io, --scale or --throughput for a part
	@bench/build $(BUILD)/bench
	@bench/stack/build $(BUILD)/bench
	@$(PYTHON) bench/run --build $(BUILD) $(PARTS)

bench-bounded: $(BUILD)/serai.elf $(BUILD)/tests/guest/bounded.elf  ## longest stretches without an interrupt taken, worst arguments
	@HYPERVISOR=$(BUILD)/serai.elf tests/guest/run -v bounded > $(BUILD)/bounded.log || { cat $(BUILD)/bounded.log; exit 1; }
	@grep -ao '@bounded.*' $(BUILD)/bounded.log | tr -d '\r' | cut -c2-

bench-perfc:                     # a build that counts who waits for locks
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/perfc DEBUG=0 PERFC=1 $(BUILD)/perfc/serai.elf

bench-quick: $(BUILD)/serai.elf  ## Serai alone, against the last full run's native and Xen figures; half a minute; OPS='null fork' for some
	@bench/build $(BUILD)/bench
	@$(PYTHON) bench/run --quick --build $(BUILD) $(OPS)

bench-docs:                      ## put the last full run's table into docs/performance.md
	@$(PYTHON) bench/report
