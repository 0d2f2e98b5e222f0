/* Probes against numbers computed from the tensors themselves, and watching, which changes no bit of a run. */
#include "small.h"

#include <dotgrad/ops.h>

enum { MOST = 64 };

/* What was watched, record after record. */
typedef struct notes {
    int count, n_probes;
    char layers[8][32];
    double values[MOST][8][4];
    const dg_tensors *parameters;
    dg_tensors *before[MOST]; /* parameters as they were then */
} notes;

static dg_status note(void *argument, const dg_watched *now)
{
    notes *n = argument;
    cr_assert(n->count < MOST && now->n_layers <= 8 && now->n_probes <= 4);
    n->n_probes = now->n_probes;
    for (size_t i = 0; i < now->n_layers; i++) {
        snprintf(n->layers[i], sizeof n->layers[i], "%s", dg_node_name(now->layers[i]));
        for (int k = 0; k < now->n_probes; k++)
            n->values[n->count][i][k] = now->values[i * (size_t)now->n_probes + (size_t)k];
    }
    if (n->parameters) {
        MUST(dg_tensors_new(&n->before[n->count]));
        for (size_t k = 0; k < dg_tensors_count(n->parameters); k++)
            MUST(dg_tensors_put(n->before[n->count], dg_tensors_name(n->parameters, k),
                                dg_tensors_at(n->parameters, k)));
    }
    n->count++;
    return dg_ok();
}

static int layer_of(const notes *n, const char *name)
{
    for (int i = 0; i < 8; i++)
        if (strcmp(n->layers[i], name) == 0)
            return i;
    cr_assert_fail("%s is not watched", name);
    return 0;
}

static dg_tensors *trained(const char *optimizer, const char *watch, notes *n)
{
    dg_dataset data = three_clusters(80);
    MUST(dg_dataset_split_at(&data, 80));
    network net = small_classifier(0.3);
    dg_trainer_options options = options_for(&net, &data, optimizer);
    dg_trainer *trainer;
    options.watch = watch;
    options.watch_every = 3;
    options.watched = note;
    options.argument = n;
    options.epochs = 4;
    options.clip_norm = 0.7;
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    dg_trainer_free(trainer);
    dg_tensors *parameters = net.parameters;
    net.parameters = NULL;
    network_release(&net);
    dg_dataset_release(&data);
    return parameters;
}

/* With dropout, whose masks both plans draw, and with an optimiser that runs its steps itself. */
Test(watch, changes_no_bit_of_the_result)
{
    static const char *const optimizers[] = {"adam(lr=0.01)", "sgd(lr=0.1, momentum=0.9)", "lbfgs(max_iter=3)"};
    for (size_t o = 0; o < sizeof optimizers / sizeof *optimizers; o++) {
        notes with = {0}, without = {0};
        dg_tensors *a = trained(optimizers[o], "grad_norm, update_ratio, rank, saturated", &with),
                   *b = trained(optimizers[o], NULL, &without);
        cr_assert_eq(with.count, 7, "%d records", with.count); /* 20 steps */
        cr_assert_eq(without.count, 0);
        cr_assert_eq(dg_tensors_count(a), dg_tensors_count(b));
        for (size_t k = 0; k < dg_tensors_count(a); k++) {
            const dg_tensor *x = dg_tensors_at(a, k), *y = dg_tensors_find(b, dg_tensors_name(a, k));
            cr_assert_not_null(y);
            cr_assert_arr_eq(x->data, y->data, dg_tensor_bytes(x), "%s: %s", optimizers[o], dg_tensors_name(a, k));
        }
        dg_tensors_free(a);
        dg_tensors_free(b);
    }
}

static double norm_of(const dg_tensors *a, const dg_tensors *b, const char *const names[2])
{
    double squares = 0;
    for (int n = 0; n < 2; n++) {
        const dg_tensor *x = dg_tensors_find(a, names[n]), *y = b ? dg_tensors_find(b, names[n]) : NULL;
        for (int64_t k = 0; k < dg_tensor_count(x); k++)
            squares += pow(dg_tensor_get(x, k) - (y ? dg_tensor_get(y, k) : 0), 2);
    }
    return sqrt(squares);
}

/* The change that the step made indeed: float32's rounding of a parameter bounds the difference. */
Test(watch, says_before_a_step_how_far_it_will_go)
{
    static const char *const names[] = {"scores.weight", "scores.bias"};
    dg_dataset data = three_clusters(64);
    MUST(dg_dataset_split_at(&data, 64));
    network net = small_classifier(0.2);
    notes n = {.parameters = net.parameters};
    dg_trainer_options options = options_for(&net, &data, "sgd(lr=0.05)");
    dg_trainer *trainer;
    options.watch = "grad_norm, update_ratio";
    options.watch_every = 1;
    options.watched = note;
    options.argument = &n;
    options.epochs = 3;
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    cr_assert_eq(n.count, 12);
    int layer = layer_of(&n, "scores");
    for (int step = 0; step + 1 < n.count; step++) {
        double moved = norm_of(n.before[step + 1], n.before[step], names), size = norm_of(n.before[step], NULL, names);
        cr_assert_float_eq(n.values[step][layer][1], moved / size, 1e-5 * moved / size);
        cr_assert_float_eq(0.05 * n.values[step][layer][0], moved, 1e-5 * moved);
    }
    for (int k = 0; k < n.count; k++)
        dg_tensors_free(n.before[k]);
    dg_trainer_free(trainer);
    network_release(&net);
    dg_dataset_release(&data);
}

static double probed(const char *what, double values[12])
{
    dg_graph *g;
    dg_plan *plan;
    dg_probing *probing;
    int count;
    MUST(dg_graph_new(&g));
    dg_node *x = dg_input(g, DG_SHAPE(4, 3), .dtype = DG_FLOAT64, .name = "x"), *y = dg_relu(x, .name = "y"),
            *s = dg_sum(y);
    MUST(dg_graph_status(g));
    MUST(dg_probing_new(&(dg_probing_options){.what = what, .loss = s}, &probing));
    dg_node *const *fetch = dg_probing_fetch(probing, &count);
    dg_tensor data = dg_tensor_view(DG_FLOAT64, DG_SHAPE(4, 3), values);
    MUST(dg_plan_new(g, &(dg_plan_options){.fetch = fetch, .n_fetch = count}, &plan));
    MUST(dg_plan_run(plan, &(dg_feed){x, &data}, 1));
    MUST(dg_probing_measure(probing, plan, 0));
    double value = NAN;
    for (size_t k = 0; k < dg_probing_count(probing); k++)
        if (dg_probing_at(probing, k).node == y)
            value = dg_probing_at(probing, k).value;
    dg_plan_free(plan);
    dg_probing_free(probing);
    dg_graph_free(g);
    return value;
}

/* Singular values 1, 2, 3: q = 1/6, 1/3, 1/2. The rest by hand. */
Test(watch, probes_have_the_values_of_their_definitions)
{
    double values[12] = {1, 0, 0, 0, 2, 0, 0, 0, 3, -1, 0, 0};
    cr_assert_float_eq(probed("rank", values), exp(log(6) / 6 + log(3) / 3 + log(2) / 2), 1e-12);
    cr_assert_float_eq(probed("mean", values), 0.5, 1e-15);
    cr_assert_float_eq(probed("std", values), sqrt(14.0 / 12 - 0.25), 1e-14);
    cr_assert_float_eq(probed("saturated", values), 0.75, 1e-15);
    cr_assert_eq(probed("dead", values), 0);
    values[4] = 0;
    cr_assert_float_eq(probed("dead", values), 1.0 / 3, 1e-15);
    cr_assert_float_eq(probed("rank", values), exp(log(4) / 4 + 3 * log(4.0 / 3) / 4), 1e-12);
    cr_assert_eq(probed("memory", values), 96);
}

Test(watch, refuses_what_is_no_probe)
{
    dg_dataset data = three_clusters(32);
    MUST(dg_dataset_split_at(&data, 32));
    network net = small_classifier(0);
    dg_trainer_options options = options_for(&net, &data, "sgd");
    dg_trainer *trainer;
    options.watch = "grad_norm, deadd";
    dg_status status = dg_trainer_new(&options, &trainer);
    cr_assert_eq(status.code, DG_BAD_ARGUMENT);
    cr_assert_not_null(strstr(status.message, "'deadd' is not one of gradient, grad_norm"), "%s", status.message);
    network_release(&net);
    dg_dataset_release(&data);
}

Test(watch, every_probe_is_known_and_listed_where_one_is_not)
{
    dg_status status = dg_probe_check("deadd");
    cr_expect_eq(status.code, DG_BAD_ARGUMENT);
    for (size_t k = 0; dg_probe_name_at(k); k++) {
        cr_expect_eq(dg_probe_check(dg_probe_name_at(k)).code, DG_OK, "%s", dg_probe_name_at(k));
        cr_expect(strstr(status.message, dg_probe_name_at(k)), "%s: %s", dg_probe_name_at(k), status.message);
    }
    cr_expect_eq(dg_probe_check("update").code, DG_OK);
    cr_expect_eq(dg_probe_check(NULL).code, DG_BAD_ARGUMENT);
}
