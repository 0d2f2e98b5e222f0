/* dotgrad summary: a table of the nodes. */
#include "tools/run/print.h"
#include "tools/session/command.h"
#include "tools/session/graph_options.h"
#include "tools/session/needs.h"
#include "tools/session/options.h"
#include "tools/session/session.h"

#include <dotgrad/cost.h>
#include <dotgrad/graph_file.h>
#include <dotgrad/ops/source.h>
#include <dotgrad/optim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_COLUMNS = 6 };

typedef struct summary_options {
    const char *path;
    dg_symbol_size sizes[SESSION_SIZES]; /* the first is N */
    int n_sizes;
    size_t memory_limit;
} summary_options;

/* ---- the table ---- */

typedef struct table_row {
    char *cells[N_COLUMNS];
} table_row;

static char *text_copy(const char *text)
{
    char *copy = strdup(text ? text : "");
    for (char *at = copy; at && *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' '; /* a name is no command to the terminal */
    return copy;
}

static bool fill_row(table_row *row, const dg_graph_file *file, int k, const dg_node_cost *cost)
{
    const dg_file_node *node = &file->nodes[k];
    char shape[DG_SHAPE_TEXT], count[40], flops[40], bytes[40];
    dg_graph_print_shape(file->graph, &dg_node_type(node->node, 0)->shape, shape, sizeof shape);
    row->cells[0] = text_copy(node->name);
    row->cells[1] = text_copy(node->call.s);
    row->cells[2] = text_copy(shape);
    row->cells[3] = text_copy(cost->parameters ? dg_count_print(cost->parameters, count, sizeof count) : "");
    row->cells[4] = text_copy(cost->flops == 0 ? "" : dg_amount_print(cost->flops, "", flops, sizeof flops));
    row->cells[5] = text_copy(cost->bytes == 0 ? "" : dg_amount_print(cost->bytes, "B", bytes, sizeof bytes));
    for (int c = 0; c < N_COLUMNS; c++)
        if (!row->cells[c])
            return false;
    return true;
}

static void print_row(const table_row *row, const int *widths)
{
    char line[4096];
    size_t used = 0;
    line[0] = '\0';
    for (int c = 0; c < N_COLUMNS && used < sizeof line; c++) {
        int pad = widths[c] - text_columns(row->cells[c]);
        bool right = c >= 3;
        used += (size_t)snprintf(line + used, sizeof line - used, "%s%*s%s%*s", c ? "  " : "", right ? pad : 0, "",
                                 row->cells[c], right ? 0 : pad, "");
    }
    used = strlen(line);
    while (used && line[used - 1] == ' ')
        line[--used] = '\0';
    puts(line);
}

static void print_table(const table_row *rows, int n)
{
    int widths[N_COLUMNS] = {0}, whole = 2 * (N_COLUMNS - 1);
    for (int k = 0; k < n; k++)
        for (int c = 0; c < N_COLUMNS; c++)
            widths[c] = text_columns(rows[k].cells[c]) > widths[c] ? text_columns(rows[k].cells[c]) : widths[c];
    for (int c = 0; c < N_COLUMNS; c++)
        whole += widths[c];
    print_row(&rows[0], widths);
    for (int c = 0; c < whole; c++)
        fputs("─", stdout);
    puts("");
    for (int k = 1; k < n; k++)
        print_row(&rows[k], widths);
    for (int c = 0; c < whole; c++)
        fputs("─", stdout);
    puts("");
}

/* ---- the totals ---- */

/* "N = 32, T = 50", and of an input that still has a symbol the first such. */
static const char *print_sizes(const dg_graph_file *file, const summary_options *options, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int k = 0; k < options->n_sizes && used < size; k++)
        used += (size_t)snprintf(text + used, size - used, "%s%s = %lld", k ? ", " : "", options->sizes[k].symbol,
                                 (long long)options->sizes[k].size);
    for (int k = 0; k < file->n_nodes; k++) {
        const dg_shape *shape = &dg_node_type(file->nodes[k].node, 0)->shape;
        for (int d = 0; dg_node_op(file->nodes[k].node)->role == DG_ROLE_INPUT && d < shape->rank; d++)
            if (shape->dims[d] < DG_UNKNOWN)
                return dg_symbol_name(file->graph, shape->dims[d]);
    }
    return NULL;
}

/* Of several losses that take turns: what each trains, with which optimiser. */
static void print_objectives(const dg_graph_file *file)
{
    for (int i = 0; file->n_losses > 1 && i < file->n_losses; i++) {
        int index = dg_graph_file_index(file, file->losses[i]), count = 0;
        const dg_file_attributes *own = index >= 0 ? &file->nodes[index].attributes : &file->attributes;
        const char *trains = index >= 0 ? dg_file_attribute_find(own, "trains") : NULL;
        const char *optimizer = index >= 0 ? dg_file_attribute_find(own, "optimizer") : NULL;
        const char *turns = index >= 0 ? dg_file_attribute_find(own, "turns") : NULL;
        dg_node *const *wrt;
        char text[48];
        int64_t numbers = 0;
        if (dg_trainable_matching(file->losses[i], trains, &wrt, &count).code != DG_OK)
            count = 0;
        for (int k = 0; k < count; k++)
            numbers += dg_shape_count(&dg_node_type(wrt[k], 0)->shape);
        optimizer = optimizer ? optimizer : option_or_attribute(file, "optimizer");
        printf("objective   %s trains %s (%s numbers) by %s, %s turn%s\n", dg_node_name(file->losses[i]),
               trains ? trains : "all", dg_count_print(numbers, text, sizeof text), optimizer ? optimizer : "adam",
               turns ? turns : "1", !turns || strcmp(turns, "1") == 0 ? "" : "s");
    }
}

static void print_parameters(const dg_node_cost *all)
{
    char first[48], second[48];
    printf("parameters  %s (%s)", dg_count_print(all->parameters, first, sizeof first),
           dg_amount_print(all->weights, "B", second, sizeof second));
    printf(", trainable %s\n", dg_count_print(all->trainable, first, sizeof first));
}

static void print_need(const char *label, const memory_need *need, bool is_of_several, const dg_status *status)
{
    char arena[48], state[48], all[48];
    if (status->code != DG_OK)
        printf("%-10s  %s\n", label, status->message);
    if (status->code != DG_OK || need->all == 0)
        return;
    printf("%-10s  %s in the %s, %s with parameters and inputs", label,
           dg_amount_print(need->arena, "B", arena, sizeof arena), is_of_several ? "plans' arenas" : "plan's arena",
           dg_amount_print(need->all, "B", all, sizeof all));
    if (need->state > 0)
        printf(" (%s of it the optimizer's state)", dg_amount_print(need->state, "B", state, sizeof state));
    puts("");
}

/* A tensor that no machine can hold; DG_OK: there is none. */
static dg_status find_too_large(const dg_graph_file *file)
{
    for (int64_t id = 0; id < dg_graph_node_count(file->graph); id++) {
        dg_node *node = dg_graph_node(file->graph, id);
        const dg_type *type = dg_node_type(node, 0);
        size_t bytes;
        dg_status status =
            dg_shape_is_known(&type->shape) ? dg_shape_bytes(&type->shape, type->dtype, &bytes) : dg_ok();
        if (status.code != DG_OK)
            return dg_prefixed(status, "'%s'", dg_node_name(node));
    }
    return dg_ok();
}

static dg_status check_limit(const char *label, const memory_need *need, size_t limit)
{
    char all[48], most[48];
    if (!limit || need->all <= (double)limit)
        return dg_ok();
    return dg_error(DG_NO_MEMORY, "%s takes %s with parameters and inputs, the limit is %s", label,
                    dg_amount_print(need->all, "B", all, sizeof all),
                    dg_amount_print((double)limit, "B", most, sizeof most));
}

static void print_work(const dg_node_cost *all, const char *sizes, const training_turns *training)
{
    char text[48];
    printf("work        %s in a forward pass with %s", dg_amount_print(all->flops, "FLOP", text, sizeof text), sizes);
    for (int k = 0; k < training->count; k++) {
        const training_turn *turn = &training->turns[k];
        if (turn->flops <= 0)
            continue;
        printf(", %s in a ", dg_amount_print(turn->flops, "FLOP", text, sizeof text));
        printf(training->count > 1 ? "turn of '%s'" : "training step", dg_node_name(turn->loss));
    }
    puts("");
}

/* Work and memory of a forward pass and of a training step, as far as the sizes are known. A graph that cannot run as
 * it stands, or not on this machine, is no failure here, but one that passes the limit is. */
static dg_status print_plans(const dg_graph_file *sized, const dg_node_cost *all, const summary_options *options)
{
    char sizes[400];
    memory_need forward = {0};
    training_turns training = {0};
    const char *missing = print_sizes(sized, options, sizes, sizeof sizes);
    if (missing) {
        printf("work and memory depend on %s: give --size %s=50, for instance\n", missing, missing);
        return dg_ok();
    }
    dg_status first_status = find_too_large(sized), second_status = first_status;
    bool is_possible = first_status.code == DG_OK;
    if (is_possible) {
        first_status = needs_of_forward(sized, options->memory_limit, &forward);
        second_status = needs_of_training(sized, options->memory_limit, &training);
    }
    print_work(all, sizes, &training);
    print_need("forward", &forward, false, &first_status);
    print_need("training", &training.need, training.count > 1, &second_status);
    free(training.turns);
    if (!is_possible)
        return options->memory_limit ? dg_prefixed(first_status, "%s", sized->path) : dg_ok();
    const dg_status *failed = first_status.code == DG_NO_MEMORY ? &first_status : &second_status;
    dg_status status =
        failed->code == DG_NO_MEMORY ? *failed : check_limit("a forward pass", &forward, options->memory_limit);
    if (status.code == DG_OK)
        status = check_limit("a training step", &training.need, options->memory_limit);
    return dg_prefixed(status, "%s", sized->path);
}

static dg_status print_totals(const dg_graph_file *sized, const dg_node_cost *costs, const summary_options *options)
{
    dg_node_cost all = {0};
    for (int k = 0; k < sized->n_nodes; k++) {
        all.parameters = dg_count_add(all.parameters, costs[k].parameters);
        all.trainable = dg_count_add(all.trainable, costs[k].trainable);
        all.weights += costs[k].weights;
        all.flops += costs[k].flops;
    }
    print_objectives(sized);
    print_parameters(&all);
    return print_plans(sized, &all, options);
}

static dg_status print_summary(const dg_graph_file *file, const dg_graph_file *sized, const summary_options *options)
{
    static const char *const heads[N_COLUMNS] = {"node", "op", "output", "parameters", "FLOPs", "memory"};
    dg_node_cost *costs = NULL;
    DG_TRY(dg_graph_file_costs(sized, &costs));
    dg_status status = dg_ok();
    table_row *rows = calloc((size_t)file->n_nodes + 1, sizeof *rows);
    bool fine = rows != NULL;
    for (int c = 0; fine && c < N_COLUMNS; c++)
        fine = (rows[0].cells[c] = text_copy(heads[c])) != NULL;
    for (int k = 0; fine && k < file->n_nodes; k++)
        fine = fill_row(&rows[k + 1], file, k, &costs[k]);
    if (fine) {
        print_table(rows, file->n_nodes + 1);
        status = print_totals(sized, costs, options);
    }
    for (int k = 0; rows && k <= file->n_nodes; k++)
        for (int c = 0; c < N_COLUMNS; c++)
            free(rows[k].cells[c]);
    free(rows);
    free(costs);
    return fine ? status : dg_no_memory("%s", file->path);
}

/* What would stop a run of the graph before it begins. */
static dg_status check_settings(const dg_graph_file *file)
{
    const char *optimizer = option_or_attribute(file, "optimizer"), *schedule = dg_graph_file_setting(file, "schedule");
    dg_optimizer made;
    dg_schedule plan;
    dg_status status = optimizer ? dg_optimizer_parse(optimizer, &made) : dg_ok();
    const char *loss = option_text("loss");
    dg_node *node;
    if (status.code == DG_OK && loss)
        status = dg_graph_file_require(file, loss, &node);
    if (status.code == DG_OK && schedule)
        status = dg_schedule_parse(schedule, &plan);
    if (status.code == DG_OK)
        status = dg_parameters_check(file->graph);
    return session_setting_error(file, status);
}

/* Of the sizes that are given, those that data would say: the table shows them, not their names. */
static int data_sizes(const summary_options *options, dg_symbol_size sizes[SESSION_SIZES])
{
    int count = 0;
    for (int k = 0; k < options->n_sizes; k++)
        for (size_t i = 0; dg_data_size_at(i); i++)
            if (strcmp(options->sizes[k].symbol, dg_data_size_at(i)->name) == 0)
                sizes[count++] = options->sizes[k];
    return count;
}

static dg_status summarise(summary_options *options)
{
    dg_graph_file *file = NULL, *sized = NULL;
    dg_graph_read_options reading = graph_options();
    char *text;
    DG_TRY(dg_graph_file_text(options->path, &reading, &text));
    dg_symbol_size sizes[SESSION_SIZES];
    reading.text = text;
    if (option_given("dtype"))
        dg_dtype_parse(option_text("dtype"), &reading.dtype);
    reading.sizes = sizes;
    reading.n_sizes = data_sizes(options, sizes);
    dg_status status = dg_graph_read(options->path, &reading, &file);
    if (status.code == DG_OK)
        status = session_check_sizes(file);
    if (status.code == DG_OK)
        status = check_settings(file);
    if (status.code == DG_OK)
        options->sizes[0].size = option_or_attribute_whole(file, "batch_size", 1);
    if (status.code == DG_OK && option_or_attribute(file, "memory_limit"))
        dg_bytes_parse(option_or_attribute(file, "memory_limit"), &options->memory_limit);
    if (status.code == DG_OK)
        graph_options_warn(file);
    reading.sizes = options->sizes;
    reading.n_sizes = options->n_sizes;
    if (status.code == DG_OK)
        status = dg_graph_read(options->path, &reading, &sized);
    if (status.code == DG_OK)
        status = print_summary(file, sized, options);
    dg_graph_file_free(sized);
    dg_graph_file_free(file);
    free(text);
    return status;
}

int command_summary(int argc, char **argv)
{
    static const option_row own[] = {SIZE_OPTION, {0}};
    static const command_options known = {
        .command = "summary",
        .usage = "dotgrad summary GRAPH.dot [options]",
        .about = "A table of the nodes: op, shape of the output, parameters, work and memory of a forward pass. Below "
                 "it, what\n"
                 "a forward pass and a training step take before anything runs. GRAPH.dot may be - for standard input.",
        .own = own,
        .use = DG_USE_ALWAYS | DG_USE_BATCH | DG_USE_DTYPE | DG_USE_STEP | DG_USE_UPDATES | DG_USE_LOSS | DG_USE_MEMORY,
        .footer = "--batch-size is the size of N; where neither it nor the graph says one, it is 1.",
        .operand = "one graph file",
        .least = 1,
        .most = 1};
    summary_options options = {.sizes = {{"N", 0}}, .n_sizes = 1};
    char **operands;
    int over = options_take(&known, argc, argv, &operands);
    over = over < 0 ? session_take_sizes("summary", options.sizes, &options.n_sizes) : over;
    if (over >= 0)
        return over;
    options.path = operands[0];
    dg_status status = summarise(&options);
    return status.code == DG_OK ? 0 : command_failed(status);
}
