/*
 * The FIFO ABI: one 32-bit word per port in pages the guest gives, and per vcpu a control block with the heads of 16
 * queues, by priority. A word holds PENDING, MASKED, LINKED, BUSY and the number of the next port on its queue.
 *
 * We append, the guest consumes. To append port p we make the tail's word point to p; if the guest has consumed
 * the tail (LINKED is clear) the queue is empty, and p becomes the head. The tail of each queue is ours alone (struct
 * event_vcpu), so no number that a guest wrote is ever followed: of the guest's words we read only flags, and a
 * guest that forges them loses or repeats its own events.
 *
 * BUSY asks the guest to keep its hands off a word while we replace the link. A guest that does not care is given
 * LINK_TRIES compare-and-swaps, then its event is dropped.
 *
 * A port that is linked when its vcpu or priority changes stays on its old queue until consumed; it is linked on the
 * new one by the next raise. If it was the old queue's tail, that queue is empty by then and must forget it.
 */
#include "core/event_internal.h"
#include "core/frame.h"
#include "core/log_dirty.h"
#include "core/heap.h"
#include "core/hypercall.h"
#include "core/reject.h"
#include "arch/arch.h"

#define PENDING (1u << EVTCHN_FIFO_PENDING)
#define MASKED (1u << EVTCHN_FIFO_MASKED)
#define LINKED (1u << EVTCHN_FIFO_LINKED)
#define BUSY (1u << EVTCHN_FIFO_BUSY)
#define LINK_TRIES 4
#define RAISE_PIECE 32
#define DROPPED_PER_LOOK 32

event_word_t *fifo_word(const struct event_fifo *f, u32 port)
{
    u32 page = port / EVENT_WORDS_PER_PAGE, pages = __atomic_load_n(&f->nr_pages, __ATOMIC_ACQUIRE);

    if (unlikely(page >= pages))
        return NULL;
    return &f->page[index_clamp(page, pages)][port % EVENT_WORDS_PER_PAGE];
}

/* ---- appending ---- */

static bool try_link(event_word_t *tail, u32 *seen, u32 port)
{
    return __atomic_compare_exchange_n(tail, seen, (*seen & ~(BUSY | EVTCHN_FIFO_LINK_MASK)) | port, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* Let the tail's word point to port. False: the tail was consumed, the queue is empty. */
static bool append(event_word_t *tail, u32 port)
{
    u32 seen = READ_ONCE(*tail);

    if (!(seen & LINKED))
        return false;
    if (likely(try_link(tail, &seen, port)))
        return true;
    seen = __atomic_or_fetch(tail, BUSY, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < LINK_TRIES && (seen & LINKED); i++)
        if (try_link(tail, &seen, port))
            return true;
    __atomic_fetch_and(tail, ~BUSY, __ATOMIC_SEQ_CST);
    return seen & LINKED; /* still linked: it does not stop changing a word that is ours to change; event dropped */
}

/*
 * Lock the queues port was last linked on and those of v. last_vcpu changes only under the lock of its own old value,
 * so it is read again once that is held.
 */
static struct event_vcpu *lock_queues(struct domain *d, const struct evtchn *chn, struct vcpu *v)
{
    for (;;) {
        u16 last = READ_ONCE(chn->last_vcpu);
        if (likely(last == v->id)) {
            spin_lock(&v->event->lock);
            if (likely(READ_ONCE(chn->last_vcpu) == last))
                return v->event;
            spin_unlock(&v->event->lock);
            continue;
        }
        struct event_vcpu *old = d->vcpu[last] ? d->vcpu[last]->event : v->event;

        spin_lock_two(&old->lock, &v->event->lock);
        if (likely(READ_ONCE(chn->last_vcpu) == last))
            return old;
        spin_unlock_two(&old->lock, &v->event->lock);
    }
}

/* A pending, unmasked port that is on no queue: put it on the queue of v and its priority, tell v of a new head. */
static void enqueue(struct domain *d, struct event_fifo *f, struct evtchn *chn, struct vcpu *v, u32 port)
{
    struct event_vcpu *q = v->event, *old = lock_queues(d, chn, v);
    u8 prio = READ_ONCE(chn->priority);
    bool new_head = false;

    /* No control block: the guest must not unmask before it has one, and gets nothing if it does. */
    if (q->control && !(__atomic_fetch_or(fifo_word(f, port), LINKED, __ATOMIC_SEQ_CST) & LINKED)) {
        if (old->tail[chn->last_priority] == port)
            old->tail[chn->last_priority] = 0;
        WRITE_ONCE(chn->last_vcpu, v->id);
        chn->last_priority = prio;
        new_head = !q->tail[prio] || !append(fifo_word(f, q->tail[prio]), port);
        if (new_head)
            WRITE_ONCE(q->control->head[prio], port);
        q->tail[prio] = port;
    }
    if (likely(old == q))
        spin_unlock(&q->lock);
    else
        spin_unlock_two(&old->lock, &q->lock);
    if (new_head && !(__atomic_fetch_or(&q->control->ready, 1u << prio, __ATOMIC_SEQ_CST) & (1u << prio)))
        vcpu_mark_pending(v);
}

bool fifo_raise(struct domain *d, struct event_fifo *f, struct evtchn *chn, struct vcpu *v, u32 port)
{
    event_word_t *word = fifo_word(f, port);

    if (unlikely(!word)) {
        /* Remember it for fifo_expand_array(); if that has passed us by, do it ourselves. */
        (void)__atomic_exchange_n(&chn->pending_early, true, __ATOMIC_SEQ_CST);
        word = fifo_word(f, port);
        if (!word || !__atomic_exchange_n(&chn->pending_early, false, __ATOMIC_SEQ_CST))
            return true;
    }
    u32 was = __atomic_fetch_or(word, PENDING, __ATOMIC_SEQ_CST);
    if (!(was & (MASKED | LINKED)))
        enqueue(d, f, chn, v, port);
    return !(was & PENDING);
}

void fifo_unmask(struct domain *d, struct event_fifo *f, struct evtchn *chn, struct vcpu *v, u32 port)
{
    event_word_t *word = fifo_word(f, port);

    if (word && (__atomic_fetch_and(word, ~MASKED, __ATOMIC_SEQ_CST) & (PENDING | LINKED)) == PENDING)
        enqueue(d, f, chn, v, port);
}

/* ---- setting up ---- */

/* The guest's frame as memory of ours, or NULL: not its own, or used as a page table. */
static void *take_page(struct domain *d, mfn_t mfn)
{
    return frame_get_writable(mfn, d) ? mfn_to_virt(mfn) : NULL;
}

static void drop_page(void *in_page)
{
    frame_put_writable(virt_to_mfn((void *)((uintptr_t)in_page & PAGE_MASK)));
}

/*
 * Leave two-level: what is pending there is remembered until the words arrive. A guest may say that all 4096 are. Who
 * raises looks for us after it has set its bit, and we look for bits after we can be seen: one sees the other.
 */
static long start_fifo(struct domain *d)
{
    struct event_table *t = d->event;
    struct event_fifo *f = zalloc(d, sizeof(*f));
    u32 end = min(t->nr_ports, ports_of_abi(t));        /* those beyond are closed since a reset */

    if (!f)
        return -ENOMEM;
    __atomic_store_n(&t->fifo, f, __ATOMIC_SEQ_CST);
    for (u32 first = 0; first < end; first += BITS_PER_LONG)
        for (u64 bits = READ_ONCE(d->shared->evtchn_pending[first / BITS_PER_LONG]); bits; bits &= bits - 1) {
            u32 port = first + lowest_bit(bits);
            struct evtchn *chn = port < end ? port_known(t, port) : NULL;
            if (chn && chn->state != EVTCHNSTAT_closed && chn->state != PORT_RESERVED)
                chn->pending_early = true;
        }
    return 0;
}

static long init_control_locked(struct domain *d, struct vcpu *v, const evtchn_init_control_t *op)
{
    if (READ_ONCE(d->dying) || d->event->resetting || v->event->control)
        return reject(-EINVAL, "vcpu %u %s", v->id, v->event->control ? "has a control block already"
                                                                     : "is of a domain that resets its events");
    char *page = take_page(d, op->control_gfn);
    if (!page)
        return reject(-EINVAL, "control block in frame %lx, which is not a writable page of the domain",
                      (u64)op->control_gfn);
    long err = d->event->fifo ? 0 : start_fifo(d);
    if (err) {
        drop_page(page);
        return err;
    }
    spin_lock(&v->event->lock);
    v->event->control = (void *)(page + op->offset);
    spin_unlock(&v->event->lock);
    return 0;
}

long fifo_init_control(struct domain *d, evtchn_init_control_t *op)
{
    struct vcpu *v = vcpu_by_id(d, op->vcpu);

    op->link_bits = EVTCHN_FIFO_LINK_BITS;
    if (!v)
        return reject(-ENOENT, "control block for vcpu %u, which does not exist", op->vcpu);
    if (op->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) || (op->offset & 7))
        return reject(-EINVAL, "control block at offset %u: not a multiple of 8 inside the page", op->offset);
    spin_lock(&d->event->lock);
    long err = init_control_locked(d, v, op);
    spin_unlock(&d->event->lock);
    return err;
}

/* One more page of words; its number. */
static long expand_locked(struct domain *d, mfn_t mfn)
{
    struct event_table *t = d->event;
    struct event_fifo *f = t->fifo;

    if (!f || t->resetting)
        return reject(-EOPNOTSUPP, "event array without a control block");
    if (f->nr_pages == FIFO_MAX_PAGES)
        return reject(-ENOSPC, "event array is complete: %u of %u pages", f->nr_pages, (u32)FIFO_MAX_PAGES);
    event_word_t *page = take_page(d, mfn);
    if (!page)
        return reject(-EINVAL, "event array in frame %lx, which is not a writable page of the domain", mfn);
    f->page[f->nr_pages] = page;
    __atomic_store_n(&f->nr_pages, f->nr_pages + 1, __ATOMIC_SEQ_CST);
    return f->nr_pages - 1;
}

/*
 * Raise the ports that waited for words of that page, a few between two chances of an interrupt: with many vcpus that
 * poll, each may cost a thousand instructions. If all were closed meanwhile (a reset), none waits any more.
 */
static void raise_early(struct domain *d, u32 first)
{
    struct event_table *t = d->event;
    struct evtchn *chn;
    u32 port = first;

    for (bool more = true; more;) {
        spin_lock(&t->lock);
        do {
            chn = port_record(t, port);
            if (chn && t->fifo && __atomic_exchange_n(&chn->pending_early, false, __ATOMIC_SEQ_CST))
                port_raise(d, chn, port);
            more = chn && ++port < first + EVENT_WORDS_PER_PAGE;
        } while (more && port % RAISE_PIECE);
        spin_unlock(&t->lock);
        (void)preempt_check();
    }
}

long fifo_expand_array(struct domain *d, const evtchn_expand_array_t *op)
{
    spin_lock(&d->event->lock);
    long page = expand_locked(d, op->array_gfn);
    spin_unlock(&d->event->lock);
    if (page < 0)
        return page;
    raise_early(d, (u32)page * EVENT_WORDS_PER_PAGE);
    return 0;
}

void fifo_take_away(struct domain *d, struct fifo_left *left)
{
    struct vcpu *v;

    ASSERT(spin_is_held(&d->event->lock));
    left->nr_controls = 0;
    left->fifo = d->event->fifo;
    if (!left->fifo)
        return;
    for_each_vcpu(d, v) {
        if (v->event->control)
            left->control[left->nr_controls++] = v->event->control;
        v->event->control = NULL;
        memset(v->event->tail, 0, sizeof(v->event->tail));
    }
    WRITE_ONCE(d->event->fifo, NULL);
}

void fifo_give_back(struct fifo_left *left)
{
    struct event_fifo *f = left->fifo;
    u32 pages = f ? f->nr_pages : 0;

    for (u32 i = 0; i < left->nr_controls + pages; i++) {
        drop_page(i < pages ? (void *)f->page[i] : left->control[i - pages]);
        if (i % DROPPED_PER_LOOK == DROPPED_PER_LOOK - 1)
            (void)preempt_check();
    }
    zfree(f);
}

void event_note_frames(struct domain *d)
{
    struct event_fifo *f;
    struct vcpu *v;

    spin_lock(&d->event->lock);
    f = d->event->fifo;
    for_each_vcpu(d, v)
        if (f && v->event->control)
            log_dirty_note(virt_to_mfn((void *)((uintptr_t)v->event->control & PAGE_MASK)));
    for (u32 i = 0; f && i < f->nr_pages; i++)
        log_dirty_note(virt_to_mfn(f->page[i]));
    spin_unlock(&d->event->lock);
}
