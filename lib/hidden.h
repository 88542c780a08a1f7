/* Included before every file (Makefile): one image, so no symbol needs a global offset table, declared or defined. */
#pragma GCC visibility push(hidden)
