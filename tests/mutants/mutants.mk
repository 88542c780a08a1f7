.PHONY: mutants
mutants:                   ## plant a few dozen bugs one by one and see which test notices each
	@tests/mutants/run
