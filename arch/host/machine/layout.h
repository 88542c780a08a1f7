/* The host has no address-space layout of its own: guest memory and ours are ordinary allocations. */
#pragma once
