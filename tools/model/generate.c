/* Text by a trained network. */
#include "core/base/null.h"
#include "model.h"

#include <dotgrad/op.h>
#include <dotgrad/utf8.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The one input of integers that the output reads. */
static dg_status find_input(const dg_model *model, const char **name)
{
    const dg_graph *graph = model->file->graph;
    int64_t last = dg_node_id(model->output);
    bool *read = calloc((size_t)last + 1, 1);
    int found = 0;
    if (!read)
        return dg_no_memory("%s", model->path);
    read[last] = true;
    for (int64_t id = last; id >= 0; id--) {
        dg_node *node = dg_graph_node(graph, id);
        for (int k = 0; read[id] && k < dg_node_input_count(node); k++)
            if (dg_node_input(node, k))
                read[dg_node_id(dg_node_input(node, k))] = true;
        if (read[id] && dg_node_op(node)->role == DG_ROLE_INPUT) {
            *name = dg_node_name(node);
            found++;
        }
    }
    free(read);
    return found == 1 ? dg_ok()
                      : dg_error(DG_BAD_ARGUMENT, "'%s' reads %d inputs, expected one, the characters",
                                 dg_node_name(model->output), found);
}

static dg_status make_stepper(dg_model *model, bool is_whole)
{
    const char *input = NULL;
    if (!dg_data_kept_text(model->checkpoint) || !model->classes)
        return dg_error(DG_BAD_ARGUMENT, "it was not trained on a text: data=\"text('book.txt')\"");
    if (model->stepper && model->is_whole == is_whole) {
        dg_stepper_reset(model->stepper);
        return dg_ok();
    }
    DG_TRY(find_input(model, &input));
    dg_stepper_free(model->stepper);
    model->stepper = NULL;
    model->is_whole = is_whole;
    if (is_whole || dg_graph_status(model->copy->graph).code != DG_OK)
        return dg_stepper_new(&(dg_stepper_options){.graph = model->file->graph,
                                                    .input = input,
                                                    .output = dg_node_name(model->output),
                                                    .parameters = model->parameters,
                                                    .threads = model->threads,
                                                    .memory_limit = model->memory_limit},
                              &model->stepper);
    return dg_stepper_new(&(dg_stepper_options){.graph = model->file->graph,
                                                .copy = model->copy->graph,
                                                .input = input,
                                                .output = dg_node_name(model->output),
                                                .parameters = model->parameters,
                                                .threads = model->threads,
                                                .memory_limit = model->memory_limit},
                          &model->stepper);
}

/* ---- the prompt ---- */

static size_t length_of(const char *character)
{
    unsigned char head = (unsigned char)*character;
    return head < 0x80 ? 1 : head < 0xE0 ? 2 : head < 0xF0 ? 3 : 4;
}

static int64_t class_of(const dg_model *model, const char *character, size_t length)
{
    for (int64_t k = 0; k < model->n_classes; k++)
        if (strlen(model->classes[k]) == length && memcmp(model->classes[k], character, length) == 0)
            return k;
    return -1;
}

static dg_status unknown(const dg_model *model, const char *character, size_t length)
{
    char known[200] = "";
    size_t used = 0;
    for (int64_t k = 0; k < model->n_classes && used + 8 < sizeof known; k++)
        if ((unsigned char)model->classes[k][0] > ' ')
            used += (size_t)snprintf(known + used, sizeof known - used, "%s", model->classes[k]);
    return dg_error(DG_BAD_ARGUMENT,
                    "prompt: the character '%.*s' was not in the text of training; its %lld characters are %s%s",
                    (int)length, *character == '\n' ? " " : character, (long long)model->n_classes, known,
                    used + 8 < sizeof known ? "" : "…");
}

static dg_status take_prompt(dg_model *model, const char *prompt, const double **scores)
{
    int64_t line_end = class_of(model, "\n", 1);
    size_t place;
    if (!prompt || !*prompt)
        return dg_stepper_step(model->stepper, line_end < 0 ? 0 : line_end, scores);
    if (!dg_utf8_check(prompt, strlen(prompt), &place))
        return dg_error(DG_BAD_ARGUMENT, "prompt: byte %zu is not UTF-8", place + 1);
    for (const char *at = prompt; *at; at += length_of(at))
        if (class_of(model, at, length_of(at)) < 0)
            return unknown(model, at, length_of(at));
    for (const char *at = prompt; *at; at += length_of(at))
        DG_TRY(dg_stepper_step(model->stepper, class_of(model, at, length_of(at)), scores));
    return dg_ok();
}

/* ---- the text ---- */

static dg_status generate(dg_model *model, const dg_generate_options *options)
{
    const double *scores;
    int64_t token;
    DG_TRY(make_stepper(model, options->whole));
    if (dg_stepper_classes(model->stepper) != model->n_classes)
        return dg_error(DG_BAD_SHAPE, "'%s' has %lld scores, and the text of training %lld characters",
                        dg_node_name(model->output), (long long)dg_stepper_classes(model->stepper),
                        (long long)model->n_classes);
    DG_TRY(take_prompt(model, options->prompt, &scores));
    for (int64_t k = 0; k < options->length; k++) {
        DG_TRY(dg_sample_token(scores, model->n_classes, &options->sampling, (uint64_t)k, &token));
        if (options->take && !options->take(options->argument, model->classes[token]))
            return dg_ok();
        if (k + 1 < options->length)
            DG_TRY(dg_stepper_step(model->stepper, token, &scores));
    }
    return dg_ok();
}

dg_status dg_model_generate(dg_model *model, const dg_generate_options *options)
{
    REFUSE_NULL(model);
    REFUSE_NULL(options);
    if (options->length < 0)
        return dg_error(DG_BAD_ARGUMENT, "length is %lld, expected a number from 0 on", (long long)options->length);
    dg_status status = generate(model, options);
    return status.code == DG_OK ? status : dg_prefixed(status, "%s", model->path);
}

const char *dg_model_generate_reason(const dg_model *model)
{
    return model ? dg_stepper_reason(model->stepper) : NULL;
}
