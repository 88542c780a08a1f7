/* Changing what a CPU runs. */
#pragma once
struct vcpu;
/* The idle vcpu and CPU are set up: enter the scheduler's world on this stack, never to return. */
void cpu_enter_idle(void);
