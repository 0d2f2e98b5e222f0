/* Resuming gives, bit for bit, what a run without a pause gives. */
#include "small.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EPOCHS = 4, ROWS = 60, BATCH = 16, VALIDATION = 12, STEPS = EPOCHS * 3 };

typedef struct run {
    dg_dataset data;
    network net;
    dg_tensors *extra;
    dg_trainer_options options;
    int64_t stop_at; /* after this step; 0: never */
    bool kill;
    char path[64];
} run;

static bool stop_at_step(void *argument, const dg_progress *progress)
{
    const run *r = argument;
    if (r->stop_at && progress->step == (uint64_t)r->stop_at) {
        if (r->kill)
            raise(SIGKILL);
        return false;
    }
    return true;
}

static void make_run(run *r, int number)
{
    *r = (run){.data = three_clusters(ROWS), .net = small_classifier(0.25)};
    snprintf(r->path, sizeof r->path, "/tmp/dotgrad-checkpoint-%d-%d.safetensors", (int)getpid(), number);
    MUST(dg_dataset_split(&r->data, 0, (double)VALIDATION / ROWS, 1));
    MUST(dg_tensors_new(&r->extra));
    static const double mean[] = {1.5, 2.5};
    const dg_tensor scaling = dg_tensor_view(DG_FLOAT64, DG_SHAPE(2), mean);
    MUST(dg_tensors_put(r->extra, "data/mean", &scaling));
    MUST(dg_tensors_set_note(r->extra, "data", "clusters"));
    r->options = options_for(&r->net, &r->data, "adam(lr=0.02, weight_decay=0.001)");
    r->options.epochs = EPOCHS;
    r->options.schedule = "cosine(warmup=1)";
    r->options.clip_norm = 1;
    r->options.early_stopping = 2;
    r->options.graph_text = "digraph { }";
    r->options.extra = r->extra;
    r->options.checkpoint = r->path;
    r->options.progress = stop_at_step;
    r->options.argument = r;
}

static void free_run(run *r)
{
    unlink(r->path);
    dg_tensors_free(r->extra);
    network_release(&r->net);
    dg_dataset_release(&r->data);
}

static dg_status train(run *r, const dg_tensors *resume)
{
    dg_trainer *trainer;
    r->options.resume = resume;
    dg_status status = dg_trainer_new(&r->options, &trainer);
    if (status.code == DG_OK)
        status = dg_trainer_run(trainer);
    dg_trainer_free(trainer);
    return status;
}

static char *file_of(const char *path, size_t *size)
{
    char *bytes;
    MUST(dg_read_file(path, &bytes, size));
    return bytes;
}

/* Goes on from r's checkpoint in a new process's place: another graph, another trainer. */
static void resume_and_compare(run *r, const char *expected, size_t size)
{
    run again;
    dg_tensors *checkpoint;
    make_run(&again, 99);
    MUST(dg_safetensors_read(r->path, &checkpoint));
    MUST(train(&again, checkpoint));
    size_t got_size;
    char *got = file_of(again.path, &got_size);
    cr_assert(got_size == size && memcmp(got, expected, size) == 0, "stopped after step %d", (int)r->stop_at);
    free(got);
    dg_tensors_free(checkpoint);
    free_run(&again);
}

Test(checkpoint, resuming_after_any_step_gives_the_same_bytes)
{
    run whole;
    size_t size;
    make_run(&whole, 0);
    MUST(train(&whole, NULL));
    char *expected = file_of(whole.path, &size);
    for (int64_t step = 1; step < STEPS; step++) {
        run r;
        make_run(&r, 1);
        r.stop_at = step;
        MUST_FAIL(DG_INTERRUPTED, train(&r, NULL));
        resume_and_compare(&r, expected, size);
        free_run(&r);
    }
    resume_and_compare(&whole, expected, size); /* from the very end */
    free(expected);
    free_run(&whole);
}

Test(checkpoint, resuming_after_a_kill_gives_the_same_bytes)
{
    run whole;
    size_t size;
    make_run(&whole, 0);
    MUST(train(&whole, NULL));
    char *expected = file_of(whole.path, &size);
    for (int64_t step = 1; step <= STEPS; step += 2) {
        run r;
        int state;
        make_run(&r, 1);
        r.stop_at = step;
        r.kill = true;
        pid_t child = fork();
        if (child == 0) {
            train(&r, NULL);
            _exit(0);
        }
        cr_assert_eq(waitpid(child, &state, 0), child);
        cr_assert(WIFSIGNALED(state) && WTERMSIG(state) == SIGKILL);
        resume_and_compare(&r, expected, size);
        free_run(&r);
    }
    free(expected);
    free_run(&whole);
}

Test(checkpoint, holds_everything_in_one_file)
{
    run r;
    dg_tensors *set;
    make_run(&r, 0);
    MUST(train(&r, NULL));
    MUST(dg_safetensors_read(r.path, &set));
    static const char *const tensors[] = {"fc1.weight",     "scores.bias",     "optimizer/fc1.weight/exp_avg",
                                          "optimizer/step", "best/fc1.weight", "trainer/history",
                                          "data/mean"};
    static const struct {
        const char *key, *text;
    } notes[] = {
        {"dotgrad.format", "1"},
        {"dotgrad.graph", "digraph { }"},
        {"dotgrad.optimizer", "adam(lr=0.02, betas=[0.9, 0.999], eps=1e-08, weight_decay=0.001, amsgrad=false)"},
        {"dotgrad.seed", "7"},
        {"dotgrad.epoch", "4"},
        {"dotgrad.batch", "0"},
        {"dotgrad.step", "12"},
        {"dotgrad.rows", "48,12"},
        {"dotgrad.history", "loss,accuracy,validation_loss,validation_accuracy,lr"},
        {"data", "clusters"}};
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++)
        cr_assert_not_null(dg_tensors_find(set, tensors[i]), "%s", tensors[i]);
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        const char *note = dg_tensors_note(set, notes[i].key);
        cr_assert(note && strcmp(note, notes[i].text) == 0, "%s: %s", notes[i].key, note ? note : "missing");
    }
    dg_tensors_free(set);
    free_run(&r);
}

Test(checkpoint, weights_are_the_best_ones_without_the_optimizer)
{
    dg_tensors *checkpoint, *weights;
    static const double last = 1, best = 2;
    const dg_tensor a = dg_tensor_view(DG_FLOAT64, dg_scalar(), &last),
                    b = dg_tensor_view(DG_FLOAT64, dg_scalar(), &best);
    MUST(dg_tensors_new(&checkpoint));
    MUST(dg_tensors_new(&weights));
    MUST(dg_tensors_put(checkpoint, "w", &a));
    MUST(dg_tensors_put(checkpoint, "v", &a));
    MUST(dg_tensors_put(checkpoint, "best/w", &b));
    MUST(dg_tensors_put(checkpoint, "optimizer/w/exp_avg", &a));
    MUST(dg_tensors_put(checkpoint, "trainer/sums", &a));
    MUST(dg_checkpoint_weights(checkpoint, weights));
    cr_assert_eq(dg_tensors_count(weights), 2);
    cr_assert_eq(dg_tensor_get(dg_tensors_find(weights, "w"), 0), 2);
    cr_assert_eq(dg_tensor_get(dg_tensors_find(weights, "v"), 0), 1);
    dg_tensors_free(checkpoint);
    dg_tensors_free(weights);
}

/* Trains again from `checkpoint` with options that `change` has changed. */
static dg_status resume_changed(const dg_tensors *checkpoint, void (*change)(run *r))
{
    run r;
    make_run(&r, 98);
    change(&r);
    dg_status status = train(&r, checkpoint);
    free_run(&r);
    return status;
}

static void other_batch_size(run *r)
{
    r->options.task.batch_size = 8;
}
static void other_seed(run *r)
{
    r->options.task.seed = 8;
}
static void other_graph(run *r)
{
    r->options.graph_text = "digraph { a }";
}
static void other_optimizer(run *r)
{
    r->options.optimizer = "adam(lr=0.03)";
}
static void other_schedule(run *r)
{
    r->options.schedule = "constant";
}
static void other_clipping(run *r)
{
    r->options.clip_norm = 2;
}
static void other_rows(run *r)
{
    MUST(dg_dataset_split(&r->data, 0.1, 0.2, 1));
}
static void more_epochs(run *r)
{
    r->options.epochs = EPOCHS + 2;
    r->options.early_stopping = 2;
}
static void nothing(run *r)
{
    (void)r;
}

Test(checkpoint, refuses_to_go_on_with_something_else)
{
    run r;
    dg_tensors *set;
    make_run(&r, 0);
    r.stop_at = 5;
    MUST_FAIL(DG_INTERRUPTED, train(&r, NULL));
    MUST(dg_safetensors_read(r.path, &set));
    static void (*const changes[])(run *) = {other_batch_size, other_seed,     other_graph, other_optimizer,
                                             other_schedule,   other_clipping, other_rows};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        MUST_FAIL(DG_BAD_ARGUMENT, resume_changed(set, changes[i]));
    MUST(resume_changed(set, more_epochs));
    dg_tensors_remove(set, "optimizer/step");
    MUST_FAIL(DG_BAD_DATA, resume_changed(set, nothing));
    dg_tensors_free(set);
    MUST(dg_tensors_new(&set));
    MUST_FAIL(DG_BAD_DATA, resume_changed(set, nothing));
    dg_tensors_free(set);
    free_run(&r);
}

Test(checkpoint, a_parameter_is_not_replaced_by_what_the_caller_adds)
{
    dg_graph *g;
    dg_tensors *parameters, *extra;
    dg_trainer *trainer;
    dg_tensor *mine;
    dg_data *iris;
    MUST(dg_data_open("iris", NULL, &iris));
    MUST(dg_graph_new(&g));
    MUST(dg_tensors_new(&parameters));
    MUST(dg_tensors_new(&extra));
    MUST(dg_tensors_add(extra, "fc.bias", DG_FLOAT32, DG_SHAPE(3), &mine));
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 4)), *label = dg_input(g, DG_SHAPE(DG_N), .dtype = DG_INT64);
    dg_node *loss = dg_cross_entropy(dg_linear(x, 3, .name = "fc"), label);
    const dg_task task = {.graph = g, .loss = loss, .parameters = parameters, .data = dg_data_set(iris)};
    dg_status status = dg_trainer_new(&(dg_trainer_options){.task = task, .epochs = 1, .extra = extra}, &trainer);
    cr_expect_eq(status.code, DG_BAD_ARGUMENT);
    cr_expect(strstr(status.message, "'fc.bias'"), "%s", status.message);
    dg_trainer_free(trainer);
    dg_tensors_free(extra);
    dg_tensors_free(parameters);
    dg_graph_free(g);
    dg_data_free(iris);
}

/* A parameter's numbers would be lost behind them, or theirs behind the parameter's. */
Test(checkpoint, names_that_it_keeps_other_things_under_are_refused)
{
    static const char *const names[] = {"optimizer/step", "trainer/history", "best/fc.weight", "data.offset"};
    dg_data *iris;
    MUST(dg_data_open("iris", NULL, &iris));
    for (size_t k = 0; k <= sizeof names / sizeof *names; k++) {
        const char *name = k < sizeof names / sizeof *names ? names[k] : "data.weight"; /* that is nothing's */
        dg_graph *g;
        dg_tensors *parameters;
        dg_trainer *trainer;
        MUST(dg_graph_new(&g));
        MUST(dg_tensors_new(&parameters));
        dg_node *x = dg_input(g, DG_SHAPE(DG_N, 4)), *label = dg_input(g, DG_SHAPE(DG_N), .dtype = DG_INT64);
        dg_node *shift = dg_parameter(g, DG_SHAPE(3), .name = name);
        dg_node *loss = dg_cross_entropy(dg_add(dg_linear(x, 3, .name = "fc"), shift), label);
        const dg_task task = {.graph = g, .loss = loss, .parameters = parameters, .data = dg_data_set(iris)};
        dg_status status = dg_trainer_new(&(dg_trainer_options){.task = task, .epochs = 1}, &trainer);
        cr_expect_eq(status.code, k < sizeof names / sizeof *names ? DG_BAD_ARGUMENT : DG_OK, "%s: %s", name,
                     status.message);
        cr_expect(status.code == DG_OK || strstr(status.message, name), "%s", status.message);
        dg_trainer_free(trainer);
        dg_tensors_free(parameters);
        dg_graph_free(g);
    }
    dg_data_free(iris);
}

Test(checkpoint, an_unwritable_path_is_an_error)
{
    run r;
    make_run(&r, 0);
    r.options.checkpoint = "/nonexistent/folder/x.safetensors";
    MUST_FAIL(DG_IO, train(&r, NULL));
    free_run(&r);
}

/* ---- damaged checkpoints ---- */

/* Trains 3 epochs and one step of scores of iris on `csv`, from `from`; NULL: from the start. */
static dg_status train_iris(const char *spec, const char *path, const dg_tensors *from)
{
    run r = {.stop_at = 31};
    dg_data *data;
    dg_trainer *trainer;
    MUST(dg_data_open(spec, NULL, &data));
    MUST(dg_graph_new(&r.net.graph));
    MUST(dg_tensors_new(&r.net.parameters));
    dg_node *x = dg_input(r.net.graph, DG_SHAPE(DG_N, 4), .name = "x");
    dg_node *label = dg_input(r.net.graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label");
    r.net.scores = dg_linear(x, 3, .name = "scores");
    r.net.loss = dg_cross_entropy(r.net.scores, label, .name = "loss");
    r.options = options_for(&r.net, dg_data_set(data), "sgd(lr=0.01)");
    r.options.task.batch_size = 12;
    r.options.epochs = 4;
    r.options.checkpoint = path;
    r.options.progress = stop_at_step;
    r.options.argument = &r;
    r.options.resume = from;
    dg_status status = dg_data_suit(data, r.net.graph);
    if (status.code == DG_OK)
        status = dg_trainer_new(&r.options, &trainer);
    if (status.code == DG_OK) {
        status = dg_trainer_run(trainer);
        dg_trainer_free(trainer);
    }
    network_release(&r.net);
    dg_data_free(data);
    return status;
}

typedef struct damage {
    const char *name; /* of a tensor, one of whose numbers becomes `number`; or of a note, which becomes `text` */
    int64_t at;
    double number;
    const char *text;
    dg_code code;
    const char *says;
} damage;

static void expect_damage(const char *path, const damage *d)
{
    dg_tensors *set;
    MUST(dg_safetensors_read(path, &set));
    dg_tensor *tensor = d->text ? NULL : dg_tensors_find(set, d->name);
    cr_assert(d->text || tensor, "%s", d->name);
    if (tensor)
        dg_tensor_set(tensor, d->at, d->number);
    else
        MUST(dg_tensors_set_note(set, d->name, d->text));
    dg_status status = train_iris("iris(test=0)", path, set);
    cr_expect(status.code == d->code && strstr(status.message, d->says), "%s: %d, '%s'", d->says, (int)status.code,
              status.message);
    dg_tensors_free(set);
}

#define COLUMN_TEXT(name)                                                                                              \
    "{\"named\":true,\"fill\":\"mean\",\"missing\":[],\"features\":1,\"columns\":[{\"name\":\"" name                   \
    "\",\"use\":\"feature\",\"first\":0,\"width\":1,\"style\":0}]}"

Test(checkpoint, what_is_damaged_or_of_other_data_is_named)
{
    char path[64];
    dg_tensors *set;
    snprintf(path, sizeof path, "/tmp/dotgrad-damaged-%d.safetensors", (int)getpid());
    MUST_FAIL(DG_INTERRUPTED, train_iris("iris(test=0)", path, NULL));
    static const damage damages[] = {
        {"trainer/history", 0, NAN, NULL, DG_BAD_DATA, "'trainer/history' is damaged: a loss is NaN"},
        {"trainer/history", 5, INFINITY, NULL, DG_BAD_DATA,
         "'trainer/history' is damaged: a learning rate is not finite"},
        {"trainer/history", 5, NAN, NULL, DG_BAD_DATA, "'trainer/history' is damaged: a learning rate is not finite"},
        {"trainer/sums", 0, NAN, NULL, DG_BAD_DATA, "'trainer/sums' is damaged: the loss so far is NaN"},
        {"trainer/sums", DG_MAX_METRICS + 1, INFINITY, NULL, DG_BAD_DATA,
         "'trainer/sums' is damaged: a number of rows"},
        {"data.offset", 2, NAN, NULL, DG_BAD_DATA, "scaling (data.offset, data.divisor) is damaged"},
        {"data.divisor", 0, INFINITY, NULL, DG_BAD_DATA, "scaling (data.offset, data.divisor) is damaged"},
        {"data.columns", 0, 0, "{\"columns\":", DG_BAD_DATA, "'data.columns' is damaged"},
        {"data.columns", 0, 0, "[]", DG_BAD_DATA, "'data.columns' is damaged"},
        {"data.columns", 0, 0, COLUMN_TEXT("a"), DG_BAD_ARGUMENT, "was made with 1 columns, iris has 5"},
        {"data.classes", 0, 0, "[\"a\", 2]", DG_BAD_DATA, "'data.classes' is damaged"},
        {"data.classes", 0, 0, "[\"a\", \"b\", \"c\"]", DG_BAD_ARGUMENT, "was made with other classes than iris has"},
    };
    for (size_t k = 0; k < sizeof damages / sizeof damages[0]; k++)
        expect_damage(path, &damages[k]);
    MUST(dg_safetensors_read(path, &set));
    MUST_FAIL(DG_BAD_ARGUMENT, train_iris("wine(columns=[1,2,3,4], test=0)", path, set));
    dg_tensors_free(set);
    unlink(path);
}
