/* Circular doubly linked list; a head is a node that points to itself when empty. */
#pragma once
#include "lib/types.h"
struct list { struct list *next, *prev; };
#define LIST_INIT(name) { &(name), &(name) }
static inline void list_init(struct list *l) { l->next = l->prev = l; }
static inline bool list_empty(const struct list *l) { return l->next == l; }
static inline void list_add(struct list *n, struct list *after)
{
    n->next = after->next; n->prev = after; after->next->prev = n; after->next = n;
}
static inline void list_add_tail(struct list *n, struct list *head) { list_add(n, head->prev); }
static inline void list_del(struct list *n)
{
    n->prev->next = n->next; n->next->prev = n->prev; n->next = n->prev = n;
}
#define list_entry(p, type, member) container_of(p, type, member)
#define list_for_each(pos, head, member) \
    for (pos = list_entry((head)->next, __typeof__(*pos), member); &pos->member != (head); \
         pos = list_entry(pos->member.next, __typeof__(*pos), member))
#define list_for_each_safe(pos, tmp, head, member) \
    for (pos = list_entry((head)->next, __typeof__(*pos), member), \
         tmp = list_entry(pos->member.next, __typeof__(*pos), member); &pos->member != (head); \
         pos = tmp, tmp = list_entry(tmp->member.next, __typeof__(*tmp), member))
