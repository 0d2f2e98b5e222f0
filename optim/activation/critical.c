/* critical(activation, sigma_b): weights at the edge of chaos of an activation, N(0, σ_w²/fan_in) with the σ_w of
 * dg_activation_edge(). */
#include "activation.h"

#include <dotgrad/parameters.h>

#include <math.h>

static dg_status edge_of(const dg_init_call *call, dg_edge *edge)
{
    const dg_value *given = call->given[0];
    if (!given || (given->kind != DG_VALUE_NAME && given->kind != DG_VALUE_STRING && given->kind != DG_VALUE_TEXT))
        return dg_error(
            DG_BAD_ARGUMENT,
            "activation is the name of one, critical(mish), or a formula in quotes, critical('x * tanh(x)')");
    dg_activation *a;
    DG_TRY(dg_activation_analyse(given->s, &(dg_activation_options){.sections = DG_SECTION_FORMULA}, &a));
    dg_status status = dg_activation_edge(a, call->values[1], edge);
    if (status.code == DG_NUMERIC && !call->given[1]) /* ReLU has an edge without biases alone */
        status = dg_activation_edge(a, 0, edge);
    dg_activation_free(a);
    return status;
}

static dg_status check_critical(const dg_init_call *call, const dg_type *type)
{
    (void)type;
    dg_edge edge;
    return edge_of(call, &edge);
}

static dg_status fill_critical(dg_tensor *tensor, const dg_init_call *call)
{
    dg_edge edge;
    DG_TRY(edge_of(call, &edge));
    dg_random_normal(call->key, tensor->dtype, tensor->data, 0, dg_tensor_count(tensor), 0,
                     edge.sigma_w / sqrt(call->fan_in));
    return dg_ok();
}

const dg_initialiser critical_initialisers[] = {
    {
        .name = "critical",
        .summary = "N(0, σ_w²/fan_in) at the edge of chaos of an activation: critical(mish), critical(tanh, sigma_b=0)",
        .source =
            "Poole, Lahiri, Raghu, Sohl-Dickstein, Ganguli 2016; Schoenholz, Gilmer, Ganguli, Sohl-Dickstein 2017",
        .arguments = {{.name = "activation",
                       .range = DG_ARGUMENT_VALUE,
                       .required = true,
                       .doc = "a name of the catalogue, or a formula in quotes"},
                      {.name = "sigma_b",
                       .range = DG_ARGUMENT_NOT_NEGATIVE,
                       .fallback = {0.2},
                       .doc = "standard deviation of the biases the edge is solved for (another initialiser gives "
                              "them); left out for a function without such an edge, as relu: 0"}},
        .least_rank = 2,
        .check = check_critical,
        .fill = fill_critical,
    },
    {.name = NULL},
};
