/* What this CPU can do, and switching it on. */
#pragma once
/* Boot CPU: fill cpu_has from CPUID. Stops the machine if something indispensable is missing. */
void features_detect(void);
/* Every CPU: control registers and MSRs that Serai wants on. */
void features_enable(void);
/* Boot CPU, before the text becomes read-only: turn the STAC/CLAC places into the instructions if there is SMAP. */
void alternatives_patch(void);
