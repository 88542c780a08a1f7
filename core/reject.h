/*
 * How Serai says no. Every refusal is born here: reject(-EINVAL, "why %u", n) records domain, operation and
 * reason in a ring of the calling domain that its owner can read (debug key 'n', `xl dmesg` at guest_loglvl=all),
 * and evaluates to the code. Theory in core/reject.c.
 */
#pragma once
#include "lib/types.h"
#include "lib/errno.h"

struct domain;
/* Its value is `code`, negative or a grant's status. Takes: reject; allocates nothing: works out of memory, too. */
long reject_at(const char *where, long code, const char *fmt, ...) __printf(3, 4);
#define reject(code, ...) reject_at(__func__, (code), __VA_ARGS__)
/* The commonest one: what an argument points to cannot be read or written. */
#define reject_fault(va) reject(-EFAULT, "guest memory at %#lx cannot be accessed", (unsigned long)(va))
/* For answers that are part of normal life (an absent vcpu, a probe): no record, same reading. */
#define refuse_quietly(code) (code)
/* d->reject; -ENOMEM. Before that refusals of d are only logged. */
long reject_domain_init(struct domain *d);
void reject_domain_destroy(struct domain *d);
/* Print what is in d's ring, oldest first. Takes: reject. */
void reject_dump(struct domain *d);
