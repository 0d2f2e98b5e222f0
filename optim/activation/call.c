/* A function as the op of a node. */
#include "activation.h"

#include <dotgrad/value.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_number(FILE *to, const char *before, double value)
{
    char text[DG_NUMBER_TEXT];
    fprintf(to, "%s%s", before, dg_number_print(value, DG_FLOAT64, text));
}

/* ", beta=parameter(1, min=0, per=channel)", or ", beta=1" of one that is not trained. */
static void print_parameter(FILE *to, const dg_activation_parameter *p)
{
    fprintf(to, ", %s=", p->name);
    print_number(to, p->trainable ? "parameter(" : "", p->value);
    if (!p->trainable)
        return;
    if (isfinite(p->min))
        print_number(to, ", min=", p->min);
    if (isfinite(p->max))
        print_number(to, ", max=", p->max);
    if (p->per)
        fprintf(to, ", per=%s", p->per);
    fputc(')', to);
}

dg_status make_call(dg_activation *a)
{
    char *text = NULL;
    size_t size;
    if (a->is_op) {
        a->call = a->name;
        return dg_ok();
    }
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return dg_no_memory("a function");
    fprintf(to, "expr(%s", a->text);
    for (int k = 0; k < a->n_parameters; k++)
        print_parameter(to, &a->parameters[k]);
    fputc(')', to);
    a->call = fclose(to) == 0 ? dg_arena_text(a->arena, text, size) : NULL;
    free(text);
    return a->call ? dg_ok() : dg_no_memory("a function");
}

const char *dg_activation_call(const dg_activation *activation)
{
    return activation ? activation->call : NULL;
}
