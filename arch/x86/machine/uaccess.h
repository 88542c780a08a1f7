/* Word access to the running guest's memory for core's hot paths. */
#pragma once
#include "arch/x86/mm/uaccess.h"
