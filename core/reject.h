/*
 * How Serai says no. Every refusal is born here: reject(-EINVAL, "why %u", n) records domain, operation and
 * reason in a ring of the calling domain that its owner can read (debug key 'e', `xl dmesg` at loglvl=all),
 * and evaluates to the code.
 */
#pragma once
#include "lib/types.h"
#include "lib/errno.h"

struct domain;
long reject_at(const char *where, long code, const char *fmt, ...) __printf(3, 4);
#define reject(code, ...) reject_at(__func__, (code), __VA_ARGS__)
/* For answers that are part of normal life (an absent vcpu, a probe): no record, same reading. */
#define refuse_quietly(code) (code)
void reject_dump(struct domain *d);
