/* Names of sizes in shapes: N, T. */
#include "core/base/plain.h"
#include "graph.h"

/* Two sizes of one name are the same size: None, which elsewhere is any size, is no name. */
bool size_is_name(const char *name)
{
    static const char *const others[] = {"none", "null", "nan", "inf", "true", "false"};
    bool fits = *name >= 'A' && *name <= 'Z';
    for (size_t k = 0; fits && k < sizeof others / sizeof *others; k++)
        fits = !plain_same(name, others[k]);
    return fits;
}

dg_status size_error(const char *attribute, const dg_value *size, const char *shape)
{
    bool is_word = size->kind == DG_VALUE_NAME && size->s[0] >= 'A' && size->s[0] <= 'Z';
    return dg_error(DG_BAD_SHAPE,
                    "'%s' is %s: a size is a number from 0 on or a capitalised name%s: N is the batch, and other sizes "
                    "that are not known yet have names of their own, such as T",
                    attribute, shape, is_word ? ", and None and the like are no names" : "");
}
