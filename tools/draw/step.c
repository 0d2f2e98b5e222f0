/* The derivatives of the views that show them: gradients, or a step of training as the file describes it. */
#include "draw.h"

#include <dotgrad/rules.h>

#include <string.h>

/* What the loss says of its own, else the file. */
static const char *setting(const drawing_work *work, const dg_file_attributes *own, const char *name)
{
    const char *its = own ? dg_file_attribute_find(own, name) : NULL;
    return its ? its : work->options->file ? dg_graph_file_setting(work->options->file, name) : NULL;
}

/* Forms have been checked when the file was read. */
static double number(const drawing_work *work, const char *words)
{
    dg_value value;
    double number = 0;
    if (words && dg_value_parse(dg_graph_arena(work->graph), words, &value).code == DG_OK)
        dg_value_number(&value, &number);
    return number;
}

/* What the step does beside the rule. */
static const char *print_settings(dg_arena *arena, const char *optimizer, const dg_training_plan_options *step)
{
    char number[DG_NUMBER_TEXT];
    text t = {0};
    text_put(&t, optimizer);
    if (step->clip_value > 0)
        text_add(&t, ", clip_value %s", dg_number_print(step->clip_value, DG_FLOAT64, number));
    if (step->clip_norm > 0)
        text_add(&t, ", clip_norm %s", dg_number_print(step->clip_norm, DG_FLOAT64, number));
    if (step->accumulate > 1)
        text_add(&t, ", accumulate %d", step->accumulate);
    const struct {
        const char *name, *value;
    } words[] = {{"average", step->average}, {"groups", step->groups}, {"freeze", step->freeze}};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (words[k].value && *words[k].value && strcmp(words[k].value, "none") != 0)
            text_add(&t, ", %s %s", words[k].name, words[k].value);
    const char *kept = text_keep(arena, &t);
    text_free(&t);
    return kept;
}

dg_status draw_derive(drawing_work *work)
{
    const dg_draw_options *options = work->options;
    bool is_step = options->view == DG_VIEW_STEP || options->view == DG_VIEW_PLAN;
    int at = options->file && options->loss ? dg_graph_file_index(options->file, options->loss) : -1;
    const dg_file_attributes *own = at >= 0 ? &options->file->nodes[at].attributes : NULL;
    const dg_training_plan_options of_file = {.trains = own ? dg_file_attribute_find(own, "trains") : NULL,
                                              .groups = setting(work, NULL, "groups"),
                                              .freeze = setting(work, NULL, "freeze"),
                                              .clip_value = number(work, setting(work, own, "clip_value")),
                                              .clip_norm = number(work, setting(work, own, "clip_norm")),
                                              .accumulate = (int)number(work, setting(work, NULL, "accumulate")),
                                              .average = setting(work, NULL, "average")};
    const dg_training_plan_options step = options->step ? *options->step : of_file;
    const char *optimizer = options->optimizer ? options->optimizer : setting(work, own, "optimizer");
    if (!options->loss)
        return dg_error(DG_BAD_ARGUMENT,
                        "%s: the views of derivatives need a loss: name one with --loss (.loss in C), or by the "
                        "attribute loss of its graph",
                        work->who);
    if (dg_node_graph(options->loss) != work->graph)
        return dg_error(DG_BAD_ARGUMENT, "%s: the loss is a node of another graph", work->who);
    if (!optimizer)
        optimizer = DG_DEFAULT_OPTIMIZER;
    DG_TRY(
        dg_prefixed(derive_nodes(options->loss, is_step ? optimizer : NULL, &step, &work->derived), "%s", work->who));
    if (is_step && work->derived.n_gradients)
        work->derived.settings = print_settings(dg_graph_arena(work->graph), optimizer, &step);
    if (options->view == DG_VIEW_STEP && !work->derived.count)
        return dg_error(DG_BAD_ARGUMENT,
                        "%s: a step updates nothing: there is no trainable parameter%s, and no assign node; the joint "
                        "view shows the gradients by the inputs",
                        work->who, step.trains ? " that the loss trains" : "");
    return dg_ok();
}
