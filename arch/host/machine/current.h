/* Who am I: a variable that the test sets (fake_machine.c). */
#pragma once
#include "abi/xen.h"

struct vcpu;
unsigned smp_cpu(void);
extern struct vcpu *fake_current;
#define current fake_current
