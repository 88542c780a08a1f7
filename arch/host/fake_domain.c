/* Who is there (fake.h): the list that tests keep. */
#include "arch/host/fake.h"

FAKE struct domain *domain0, *domain_list;

FAKE struct domain *domain_get(domid_t id)
{
    struct domain *d;

    for_each_domain(d)
        if (d->id == id) {
            d->refs++;
            return d;
        }
    return NULL;
}

FAKE void domain_put(struct domain *d) { assert_true(d->refs-- > 1); } /* the test holds one */

FAKE struct domain *domain_get_target(domid_t id, long *err)
{
    struct domain *me = current->domain;
    struct domain *d = domain_get(id == DOMID_SELF ? me->id : id);

    if (d && d != me && !me->privileged) {
        domain_put(d);
        d = NULL;
        *err = -EPERM;
    } else if (!d) {
        *err = me->privileged ? -ESRCH : -EPERM;
    }
    return d;
}

FAKE void domain_list_lock(void) {}
FAKE void domain_list_unlock(void) {}
