/* What this CPU can do, and switching it on. */
#pragma once
/* Boot CPU: fill cpu_has from CPUID. Stops the machine if something indispensable is missing. */
void features_detect(void);
/* Say what of it is used. */
void features_report(void);
/* Every CPU: control registers and MSRs that Serai wants on. */
void features_enable(void);
/* Boot CPU, when faults are caught: what is to be read from registers that older CPUs do not have. */
void features_probe(void);
/* Every CPU, when faults are caught, and again when ACPI was switched on: no idle state that stops the timer. */
void features_no_c1e(void *unused);
/* Every CPU, debug builds: panic unless the protections it has are on. */
void features_check(void *unused);
/* Boot CPU, before the text becomes read-only: STAC and CLAC where there is SMAP, detours where there are PCIDs. */
void alternatives_patch(void);
