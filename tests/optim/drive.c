/* Optimisers that drive the trainer, against torch.optim.LBFGS and the published formula of Levenberg-Marquardt:
 * drive.txt, made by drive.py. */
#include "small.h"

#include <stdlib.h>

static const double features[16] = {0.1,  -0.4, 0.9, 0.3,  -0.7, 0.8,  0.2, 0.5,
                                    -0.3, -0.9, 0.6, -0.2, -0.8, -0.1, 0.4, 0.7};
static const double values[8] = {0.3, -0.2, 0.8, 0.1, -0.6, 0.4, 0.5, -0.7};
static const double labels[8] = {0, 1, 1, 0, 0, 1, 1, 0};

typedef struct rig {
    dg_graph *graph;
    dg_tensors *parameters;
    dg_dataset data;
    dg_node *loss, *output;
    dg_trainer *trainer;
} rig;

static dg_trainer_options options_of(const rig *r, const char *call)
{
    return (dg_trainer_options){.task = {.graph = r->graph,
                                         .loss = r->loss,
                                         .output = r->output,
                                         .parameters = r->parameters,
                                         .data = &r->data,
                                         .batch_size = 8},
                                .optimizer = call,
                                .epochs = 20};
}

static rig make_rig(bool classes)
{
    rig r = {.trainer = NULL};
    dg_tensor *x, *y;
    MUST(dg_graph_new(&r.graph));
    MUST(dg_tensors_new(&r.parameters));
    dg_graph_set_dtype(r.graph, DG_FLOAT64);
    dg_node *input = dg_input(r.graph, DG_SHAPE(DG_N, 2), .name = "x");
    dg_node *w =
        dg_parameter(r.graph, DG_SHAPE(3, 2), .init = "constant([[0.3, -0.2], [-0.5, 0.4], [0.1, 0.6]])", .name = "w");
    dg_node *b = dg_parameter(r.graph, DG_SHAPE(3), .init = "constant([0.05, -0.1, 0.2])", .name = "b");
    dg_node *v = classes ? dg_parameter(r.graph, DG_SHAPE(2, 3),
                                        .init = "constant([[0.7, -0.3, 0.2], [-0.4, 0.5, 0.1]])", .name = "v")
                         : dg_parameter(r.graph, DG_SHAPE(1, 3), .init = "constant([[0.7, -0.3, 0.2]])", .name = "v");
    dg_node *c = classes ? dg_parameter(r.graph, DG_SHAPE(2), .init = "constant([0.1, -0.05])", .name = "c")
                         : dg_parameter(r.graph, DG_SHAPE(1), .init = "constant([0.1])", .name = "c");
    dg_node *hidden = dg_tanh(dg_add(dg_matmul(input, dg_transpose(w, 0, 1)), b));
    r.output = dg_add(dg_matmul(hidden, dg_transpose(v, 0, 1)), c);
    r.loss = classes ? dg_cross_entropy(r.output, dg_input(r.graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "y"))
                     : dg_mse_loss(r.output, dg_input(r.graph, DG_SHAPE(DG_N, 1), .name = "y"));
    MUST(dg_graph_status(r.graph));
    MUST(dg_dataset_new(&r.data));
    MUST(dg_tensors_add(r.data.fields, "features", DG_FLOAT64, DG_SHAPE(8, 2), &x));
    MUST(dg_tensors_add(r.data.fields, "target", classes ? DG_INT64 : DG_FLOAT64,
                        classes ? DG_SHAPE(8) : DG_SHAPE(8, 1), &y));
    for (int i = 0; i < 16; i++)
        dg_tensor_set(x, i, features[i]);
    for (int i = 0; i < 8; i++)
        dg_tensor_set(y, i, classes ? labels[i] : values[i]);
    MUST(dg_dataset_split(&r.data, 0, 0, 1));
    return r;
}

static void free_rig(rig *r)
{
    dg_trainer_free(r->trainer);
    dg_dataset_release(&r->data);
    dg_tensors_free(r->parameters);
    dg_graph_free(r->graph);
}

static void compare(const rig *r, const char *where, const char *expected)
{
    static const char *const names[] = {"w", "b", "v", "c"};
    char *rest = NULL;
    for (int i = 0; i < 4; i++) {
        const dg_tensor *tensor = dg_tensors_find(r->parameters, names[i]);
        for (int64_t k = 0; k < dg_tensor_count(tensor); k++) {
            double wanted = strtod(expected, &rest), found = dg_tensor_get(tensor, k);
            cr_assert(rest != expected, "%s: a number is missing", where);
            expected = rest;
            cr_assert(fabs(found - wanted) <= 1e-8 * fmax(fabs(wanted), 1e-2), "%s: %.17g, expected %.17g", where,
                      found, wanted);
        }
    }
}

Test(drive, follows_torch_for_twenty_steps)
{
    char path[512], line[1200], last[1200] = "";
    snprintf(path, sizeof path, "%s/optim/drive.txt", getenv("TESTS"));
    FILE *file = fopen(path, "r");
    cr_assert(file, "%s", path);
    rig r = {.trainer = NULL};
    int compared = 0;
    while (fgets(line, sizeof line, file)) {
        char *numbers = strrchr(line, ';');
        *numbers++ = '\0';
        char *step = strrchr(line, ';');
        *step++ = '\0';
        if (strcmp(line, last) != 0) {
            if (r.trainer)
                free_rig(&r);
            strcpy(last, line);
            r = make_rig(line[0] == 'c');
            dg_trainer_options options = options_of(&r, strchr(line, ';') + 1);
            MUST(dg_trainer_new(&options, &r.trainer));
        }
        bool done;
        MUST(dg_trainer_step(r.trainer, &done));
        char where[1300];
        snprintf(where, sizeof where, "%s, step %s", last, step);
        compare(&r, where, numbers);
        compared++;
    }
    fclose(file);
    free_rig(&r);
    cr_assert_eq(compared, 140);
}

/* Stopped after seven steps and resumed, it goes on bit for bit: pairs and directions are in the checkpoint. */
Test(drive, is_resumed_bit_for_bit)
{
    static const char *const calls[] = {"lbfgs(max_iter=3, history_size=4)", "lm"};
    for (int way = 0; way < 2; way++) {
        rig whole = make_rig(false), first = make_rig(false), second = make_rig(false);
        dg_trainer_options options = options_of(&whole, calls[way]);
        bool done;
        char path[] = "/tmp/dotgrad-drive-XXXXXX";
        cr_assert(mkstemp(path) >= 0);
        MUST(dg_trainer_new(&options, &whole.trainer));
        for (int i = 0; i < 12; i++)
            MUST(dg_trainer_step(whole.trainer, &done));
        options = options_of(&first, calls[way]);
        MUST(dg_trainer_new(&options, &first.trainer));
        for (int i = 0; i < 7; i++)
            MUST(dg_trainer_step(first.trainer, &done));
        MUST(dg_trainer_save(first.trainer, path));
        dg_tensors *checkpoint;
        MUST(dg_safetensors_read(path, &checkpoint));
        options = options_of(&second, calls[way]);
        options.resume = checkpoint;
        MUST(dg_trainer_new(&options, &second.trainer));
        for (int i = 7; i < 12; i++)
            MUST(dg_trainer_step(second.trainer, &done));
        cr_assert(same_bits(dg_tensors_find(whole.parameters, "w"), dg_tensors_find(second.parameters, "w")), "%s",
                  calls[way]);
        dg_tensors_free(checkpoint);
        remove(path);
        free_rig(&whole);
        free_rig(&first);
        free_rig(&second);
    }
}

Test(drive, has_no_updates_and_wants_a_loss_it_can_use)
{
    rig r = make_rig(true);
    dg_plan *plan;
    dg_trainer_options options = options_of(&r, "lm");
    MUST_FAIL(DG_BAD_ARGUMENT, dg_trainer_new(&options, &r.trainer));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_training_plan(r.loss, "lbfgs", r.parameters, &plan));
    free_rig(&r);
}

/* A step far beyond what float64 holds: the run ends with a message, and the parameters are those of the last epoch
 * that was good (here the first values). lm takes no step that does not lower the loss. */
Test(drive, that_diverges_keeps_the_last_good_values)
{
    static const char *const calls[] = {"lbfgs(lr=1e300, line_search_fn=fixed)", "lbfgs(lr=1e308)"};
    for (int k = 0; k < 2; k++) {
        rig r = make_rig(false);
        dg_trainer_options options = options_of(&r, calls[k]);
        MUST(dg_trainer_new(&options, &r.trainer));
        dg_status status = dg_trainer_run(r.trainer);
        for (int i = 0; status.code == DG_OK && i < 3; i++) /* the search may have found its way */
            cr_assert(isfinite(dg_tensor_get(dg_tensors_find(r.parameters, "w"), i)), "%s", calls[k]);
        cr_assert(status.code == DG_OK || status.code == DG_NUMERIC, "%s", status.message);
        cr_assert(k == 1 || status.code == DG_NUMERIC, "%s", calls[k]);
        for (int64_t i = 0; i < 6; i++)
            cr_assert(isfinite(dg_tensor_get(dg_tensors_find(r.parameters, "w"), i)), "%s", calls[k]);
        if (status.code != DG_OK)
            cr_assert_not_null(strstr(status.message, "in epoch"), "%s", status.message);
        free_rig(&r);
    }
    rig r = make_rig(false);
    dg_trainer_options options = options_of(&r, "lm(lr=1e300)");
    MUST(dg_trainer_new(&options, &r.trainer));
    MUST(dg_trainer_run(r.trainer));
    cr_assert_eq(dg_tensor_get(dg_tensors_find(r.parameters, "w"), 0), 0.3);
    cr_assert_eq(dg_tensor_get(dg_tensors_find(r.parameters, "v"), 2), 0.2);
    free_rig(&r);
}

/* 13 parameters, 8 rows of one value, float64: lm takes 2·13 numbers, 2·13² + 4·13 for its equations, 8·(1 + 13) of
 * residuals and Jacobian, 8 bytes each. */
Test(drive, counts_its_room_against_the_memory_limit)
{
    rig r = make_rig(false);
    dg_trainer_options options = options_of(&r, "lm");
    options.task.memory_limit = 4000;
    dg_status status = dg_trainer_new(&options, &r.trainer);
    cr_assert_eq(status.code, DG_NO_MEMORY);
    cr_assert_not_null(strstr(status.message, "optimizer lm takes 4224 bytes beside"), "%s", status.message);
    options.task.memory_limit = 5000; /* the plans do not fit beside that */
    status = dg_trainer_new(&options, &r.trainer);
    cr_assert_eq(status.code, DG_NO_MEMORY);
    cr_assert_not_null(strstr(status.message, "data and other plans, of 5000 in all"), "%s", status.message);
    options.task.memory_limit = 100000;
    MUST(dg_trainer_new(&options, &r.trainer));
    free_rig(&r);
    r = make_rig(false);
    dg_parameter(r.graph, DG_SHAPE(1), .name = "other"); /* of no loss */
    dg_node *large = dg_parameter(r.graph, DG_SHAPE(20001), .init = "zeros", .name = "large");
    r.output = dg_add(r.output, dg_mean(large));
    r.loss = dg_mse_loss(r.output, dg_graph_find(r.graph, "y"));
    options = options_of(&r, "lm");
    status = dg_trainer_new(&options, &r.trainer);
    cr_assert_eq(status.code, DG_NO_MEMORY);
    cr_assert_not_null(strstr(status.message, "there are 20014, at most 20000"), "%s", status.message);
    free_rig(&r);
}

/* Of a positive parameter the logarithm is stepped: the same steps as of exp(u), where the graph says so itself. */
Test(drive, steps_logarithms_of_positive_parameters)
{
    double reached[2];
    for (int way = 0; way < 2; way++) {
        rig r = make_rig(false);
        dg_node *p = dg_parameter(r.graph, DG_SHAPE(1), .init = way ? "constant(0)" : "constant(1)",
                                  .positive = way == 0, .name = "p");
        dg_node *scale = way ? dg_exp(p) : dg_identity(p);
        r.loss = dg_mse_loss(dg_mul(r.output, scale), dg_node_input(r.loss, 1));
        MUST(dg_graph_status(r.graph));
        dg_trainer_options options = options_of(&r, "lbfgs(max_iter=5)");
        MUST(dg_trainer_new(&options, &r.trainer));
        bool done;
        for (int i = 0; i < 4; i++)
            MUST(dg_trainer_step(r.trainer, &done));
        double value = dg_tensor_get(dg_tensors_find(r.parameters, "p"), 0);
        reached[way] = way ? exp(value) : value;
        free_rig(&r);
    }
    cr_assert(reached[0] != 1);
    cr_assert_float_eq(reached[0], reached[1], 1e-7 * reached[1], "%.12g %.12g", reached[0], reached[1]);
}
