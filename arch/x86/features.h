/* What this CPU can do, and switching it on. */
#pragma once
/* Boot CPU: fill cpu_has from CPUID. Stops the machine if something indispensable is missing. */
void features_detect(void);
/* Say what of it is used. */
void features_report(void);
/* Every CPU: control registers and MSRs that Serai wants on. */
void features_enable(void);
/* Every CPU, debug builds: panic unless the protections it has are on. */
void features_check(void *unused);
/* Boot CPU, before the text becomes read-only: STAC and CLAC where there is SMAP, detours where there are PCIDs. */
void alternatives_patch(void);
