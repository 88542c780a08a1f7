# make bench: what every operation costs natively, on Debian's Xen and on Serai, counted in instructions. See bench/run.
.PHONY: bench bench-quick bench-docs
bench: $(BUILD)/serai.elf        ## measure native, Xen and Serai; table here, CSV and plot in bench/results
	@bench/build $(BUILD)/bench
	@$(PYTHON) bench/run --build $(BUILD)

bench-quick: $(BUILD)/serai.elf  ## Serai alone, against the last full run's native and Xen figures; half a minute; OPS='null fork' for some
	@bench/build $(BUILD)/bench
	@$(PYTHON) bench/run --quick --build $(BUILD) $(OPS)

bench-docs:                      ## put the last full run's table into docs/performance.md
	@$(PYTHON) bench/report
