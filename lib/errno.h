/* Error numbers of the interface, named EPERM, ENOENT, ... (public header xen/errno.h). */
#pragma once
#define XEN_ERRNO(name, value) name = (value),
enum {
#include <xen/errno.h>
};
/* Internal only, never seen by a guest: the call was pre-empted and will be re-entered. */
#define ERESTART 85
