/* Linux's bzImage: a real-mode setup part, then a wrapper around the compressed kernel. */
#pragma once
#include "lib/types.h"
#include "core/build/why.h"

/* Does it begin like a bzImage (boot sector signature and "HdrS")? */
bool bzimage_magic(const void *data, u64 size);

/*
 * Find the compressed kernel in it: *payload, *bytes within the image. False with the reason when the header is too old
 * or points outside. (Linux documentation: x86 boot protocol, 2.08 and later.)
 */
bool bzimage_payload(const void *data, u64 size, const u8 **payload, u64 *bytes, struct why *why);
