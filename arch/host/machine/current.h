/* Who am I: a variable that the test sets (fake_machine.c), in tests with threads each for itself. */
#pragma once
#include "abi/xen.h"

struct vcpu;
unsigned smp_cpu(void);
extern _Thread_local struct vcpu *fake_current;
#define current fake_current
