/* What core's page-type machine asks about descriptor tables. */
#pragma once
#include "arch/x86/pv/descriptor.h"
