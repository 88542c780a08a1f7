/* Who we say we are: one place for the answers of xen_version, hypfs and the banner. */
#pragma once
#include "lib/types.h"

#define XEN_MAJOR 4u            /* the interface of Xen 4.17: Debian's tools look for their folder by it */
#define XEN_MINOR 17u
#define VERSION_EXTRA ".7-serai"
#define VERSION_CAPABILITIES "xen-3.0-x86_64 "
#ifndef SERAI_VERSION
#define SERAI_VERSION "unversioned"
#endif
#define VERSION_CHANGESET "Serai " SERAI_VERSION
#define VERSION_COMPILER "gcc " __VERSION__
#define VERSION_COMPILE_BY "serai"
#define VERSION_COMPILE_DOMAIN "reproducible"
#define VERSION_COMPILE_DATE "not recorded"

/* Serai's command line as booted, for XENVER_commandline; the string is not copied. Boot, once. */
void version_set_cmdline(const char *cmdline);
