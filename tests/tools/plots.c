/* Pictures of what a network has learnt and how: snapshots of the weights, and what `plot` draws of them. */
#include "command.h"

#include <dotgrad/dotgrad.h>
#include <math.h>

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        dg_status status_ = (call);                                                                                    \
        cr_assert_eq(status_.code, DG_OK, "%s", status_.message);                                                      \
    } while (0)

static void begin(void)
{
    make_folder();
    write_text("bowl.dot",
               "digraph { graph [loss=f, optimizer=\"sgd(lr=0.1)\", epochs=6, dtype=float64];\n"
               "  a [op=\"parameter([2], init=constant(1))\"]; s [op=\"expr(x^2)\"]; f [op=sum]; a -> s -> f; }\n");
    write_text("points.dot",
               "digraph { graph [data=\"moons(n=60, test=0.5)\", epochs=3, batch_size=8, optimizer=\"adam(lr=0.01)\",\n"
               "         output=scores];\n"
               "  x [op=\"input([N, 2])\"]; t [op=\"input([N], dtype=int64)\"]; code [op=\"linear(2)\"];\n"
               "  act [op=tanh]; wide [op=\"linear(10)\"]; scores [op=\"linear(2)\"]; loss [op=cross_entropy];\n"
               "  x -> code -> act -> wide -> scores -> loss; t -> loss [arg=target]; }\n");
    write_text("pixels.dot",
               "digraph { graph [data=\"digits(scale=unit)\", epochs=1, batch_size=256, output=scores];\n"
               "  x [op=\"input([N, 1, 8, 8])\"]; t [op=\"input([N], dtype=int64)\"];\n"
               "  conv [op=\"conv2d(4, kernel_size=3)\"]; deep [op=\"conv2d(3, kernel_size=3)\"]; flat [op=flatten];\n"
               "  scores [op=\"linear(10)\"]; loss [op=cross_entropy];\n"
               "  x -> conv -> deep -> flat -> scores -> loss; t -> loss [arg=target]; }\n");
    write_text("memory.dot", "digraph { n [op=\"normal([5, 16])\"]; s [op=\"expr(where(x < 0, -1, 1) + 0 * x)\"];\n"
                             "  cue [op=\"expr(-s)\"]; n -> s; s -> cue [arg=s]; }\n");
}

TestSuite(plots, .init = begin, .fini = remove_folder);

/* The file is a whole picture; of an SVG, whose text is text, it holds `words`. */
static void expect_picture(outcome run, const char *path, const char *words)
{
    static char text[4000000];
    cr_assert_eq(run.status, 0, "%s: %s", path, run.err);
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = '\0';
    if (strstr(path, ".png")) {
        cr_assert_eq(memcmp(text, "\x89PNG", 4), 0, "%s", path);
        return;
    }
    cr_assert_not_null(strstr(text, "</svg>"), "%s", path);
    cr_assert_not_null(strstr(text, words), "%s does not say '%s'", path, words);
}

/* The numbers of the table stand in the picture. */
static void expect_counts(const char *table, const char *picture)
{
    static char text[4000], svg[400000];
    char label[40];
    read_text(table, text, sizeof text);
    read_text(picture, svg, sizeof svg);
    for (char *rest = strchr(text, '\n') + 1, *line = strsep(&rest, "\n"); line && *line; line = strsep(&rest, "\n"))
        for (char *cell = strchr(line, ','); cell; cell = strchr(cell + 1, ',')) {
            snprintf(label, sizeof label, ">%d<", atoi(cell + 1));
            cr_assert(strstr(svg, label), "%s does not say %s", picture, label);
        }
}

static double number_in(const char *path, const char *name, int64_t at)
{
    dg_tensors *set;
    MUST(dg_tensors_read(path, &set));
    const dg_tensor *tensor = dg_tensors_find(set, name);
    cr_assert_not_null(tensor, "%s: %s", path, name);
    double number = dg_tensor_get(tensor, at);
    dg_tensors_free(set);
    return number;
}

/* Each step of descent on x² with rate 0.1 multiplies x by 0.8. */
Test(plots, snapshots_are_the_weights_after_so_many_steps)
{
    char path[100];
    expect_fine(dotgrad("train bowl.dot --snapshot-every 2 -o run"));
    for (int step = 0; step <= 6; step++) {
        snprintf(path, sizeof path, "run/snapshots/%d.safetensors", step);
        if (step % 2) {
            cr_assert_neq(access(path, F_OK), 0, "%s", path);
            continue;
        }
        cr_assert_float_eq(number_in(path, "a", 1), pow(0.8, step), 1e-15, "%s", path);
    }
    /* going on keeps what there is; a new run does not */
    expect_fine(dotgrad("train --resume run --epochs 8 --snapshot-every 2"));
    cr_assert_float_eq(number_in("run/snapshots/8.safetensors", "a", 0), pow(0.8, 8), 1e-15);
    cr_assert_float_eq(number_in("run/snapshots/6.safetensors", "a", 0), pow(0.8, 6), 1e-15);
    expect_fine(dotgrad("train bowl.dot -o run"));
    cr_assert_neq(access("run/snapshots/6.safetensors", F_OK), 0);
    /* the graph may ask for them as well */
    cr_assert_eq(system("sed 's/graph \\[/graph [snapshot_every=3, /' bowl.dot >kept.dot"), 0);
    expect_fine(dotgrad("train kept.dot -o kept"));
    cr_assert_float_eq(number_in("kept/snapshots/3.safetensors", "a", 1), pow(0.8, 3), 1e-15);
    cr_assert_neq(access("kept/snapshots/2.safetensors", F_OK), 0);
}

/* With batches, too: those of 3 epochs of 4 steps, equal to a run that ends there. */
Test(plots, snapshots_equal_runs_that_end_there)
{
    expect_fine(dotgrad("train points.dot --snapshot-every 4 -o run --no-pictures"));
    expect_fine(dotgrad("train points.dot --epochs 2 -o short --no-pictures"));
    for (int64_t k = 0; k < 4; k++)
        cr_assert_eq(number_in("run/snapshots/8.safetensors", "code.weight", k),
                     number_in("short/checkpoint.safetensors", "code.weight", k));
}

Test(plots, a_contour_has_the_paths_of_all_runs)
{
    expect_fine(dotgrad("train bowl.dot --snapshot-every 1 -o slow"));
    expect_fine(dotgrad("train bowl.dot --optimizer 'sgd(lr=0.9)' --snapshot-every 1 -o fast"));
    outcome run = dotgrad("plot slow fast --contour 'a[0], a[1]'");
    expect_picture(run, "contour.svg", "fast");
    expect_picture(run, "contour.svg", "a[1]");
    expect_picture(dotgrad("plot slow --contour 'a[0], a[1]' --range '-2, 2, -1, 1' -o c.png --title both"), "c.png",
                   "");
    expect_picture(dotgrad("plot bowl.dot --contour 'a[0], a[1]' -o g.svg"), "g.svg", "a[0]");
    expect_fine(dotgrad("train points.dot --snapshot-every 1 -o points --no-pictures"));
    expect_fine(dotgrad("train points.dot --seed 2 -o other --no-pictures"));
    expect_picture(dotgrad("plot points --contour 'random, random' -o r.svg"), "r.svg", "random");
    expect_picture(dotgrad("plot points other --contour 'other, wide.bias[0]' -o o.svg"), "o.svg", "other");
    expect_picture(dotgrad("plot points --contour 'wide.bias[3], code.weight[1, 0]' -o p.svg"), "p.svg",
                   "code.weight[1, 0]");
}

Test(plots, weights_and_values_are_pictures)
{
    expect_fine(dotgrad("train pixels.dot -o run --snapshot-every 3 --no-pictures"));
    expect_picture(dotgrad("plot run --filters"), "filters.svg", "conv.weight");
    expect_picture(dotgrad("plot run --filters=deep -o d.svg"), "d.svg", "deep.weight");
    expect_picture(dotgrad("plot run --maps conv --row 5"), "maps.svg", "conv");
    expect_picture(dotgrad("plot run --maps x -o x.png"), "x.png", "");
    expect_picture(dotgrad("plot run --confusion"), "confusion.svg", "decision");
    expect_counts("run/confusion.csv", "confusion.svg");
    expect_picture(dotgrad("plot run --confusion --data 'digits(scale=unit)' -o all.svg"), "all.svg", "target");
    expect_picture(dotgrad("plot run --samples x"), "samples.svg", "step 3");
    expect_picture(dotgrad("plot memory.dot --recall s,cue"), "recall.svg", "cue");
}

Test(plots, values_in_the_plane_are_points)
{
    expect_fine(dotgrad("train points.dot -o run --snapshot-every 6 --no-pictures"));
    expect_picture(dotgrad("plot run --latent act"), "latent.svg", "act[1]");
    expect_picture(dotgrad("plot run --latent act --data 'moons(n=30)' -o l.png"), "l.png", "");
    expect_picture(dotgrad("plot run --samples code"), "samples.svg", "step 12");
    expect_picture(dotgrad("plot run --boundary"), "boundary.svg", "first feature");
    expect_picture(dotgrad("plot points.dot --latent code -o u.svg"), "u.svg", "code[0]");
}

/* A graph that names no output: what its loss compares. The columns' names and their own numbers stand at the axes. */
Test(plots, a_boundary_has_the_names_and_numbers_of_the_table)
{
    write_text("t.csv", "height,weight,kind\n100,7,cat\n150,8,cat\n170,3,dog\n190,2,dog\n110,7.5,cat\n185,2.5,dog\n"
                        "120,7,cat\n180,3,dog\n");
    write_text("t.dot", "digraph { graph [data=\"t.csv\", epochs=20, optimizer=\"adam(lr=0.1)\"];\n"
                        "  x [op=\"input([N, 2])\"]; t [op=\"input([N], dtype=int64)\"]; scores [op=\"linear(2)\"];\n"
                        "  loss [op=cross_entropy]; x -> scores -> loss; t -> loss [arg=target]; }\n");
    expect_fine(dotgrad("train t.dot -o run --no-pictures"));
    outcome run = dotgrad("plot run --boundary");
    expect_picture(run, "boundary.svg", ">height<");
    expect_picture(run, "boundary.svg", ">weight<");
    expect_picture(run, "boundary.svg", ">chance of dog<");
    expect_picture(run, "boundary.svg", ">180<");
    outcome rows = dotgrad("predict run t.csv");
    expect_fine(rows);
    cr_assert(strncmp(rows.out, "class,p_cat,p_dog\ncat,", 22) == 0, "%s", rows.out);
}

Test(plots, refuses_what_is_no_picture)
{
    expect_fine(dotgrad("train points.dot -o run --no-pictures"));
    expect_fine(dotgrad("train bowl.dot -o bowl --no-pictures"));
    expect_fine(dotgrad("train points.dot --epochs 0 -o begun --no-pictures"));
    static const struct {
        const char *arguments, *words;
        int status;
    } cases[] = {
        {"run --contour 'wide.bias[3]'", "expected two of", 1},
        {"run --contour 'wide.bias[10], wide.bias[0]'", "'wide.bias[10]' is no number of 'wide.bias' [10]", 1},
        {"run --contour 'wide.bias, wide.bias[0]'", "'wide.bias' is no number of", 1},
        {"run --contour 'none[0], wide.bias[0]'", "no parameter 'none'", 1},
        {"run --contour 'wide.bias[1], wide.bias[0], wide.bias[2]'", "expected two of", 1},
        {"run --contour 'wide.bias[1, wide.bias[0]'", "expected two of", 1},
        {"run --contour 'wide.bias[1], wide.bias[1]'", "are one direction", 1},
        {"run --contour 'run, random'", "are one direction", 1},
        {"run --contour 'bowl, random'", "is not as in run", 1},
        {"bowl --contour 'random, random'", "no weights of two dimensions", 1},
        {"run --contour 'wide.bias[1], wide.bias[0]' --range '1, 0, 0, 1'", "the smaller first", 1},
        {"run --range '0, 1, 0, 1'", "changes nothing without --contour", 2},
        {"run --filters", "no weights that are pictures", 1},
        {"run --filters=wide", "'wide' has no weights that are pictures", 1},
        {"run --maps wide --row 60", "row 60 of data of 60 rows", 1},
        {"run --maps none", "no node 'none'", 1},
        {"run --latent wide", "'wide' is [60, 10]", 1},
        {"run --samples code", "train with --snapshot-every", 1},
        {"run --recall ''", "a value", 2},
        {"bowl --latent f", "no data", 1},
        {"bowl --maps f", "no data", 1},
        {"run --boundary --latent code", "does not go with", 2},
        {"run bowl --latent code", "needs a single run", 2},
        {"none --confusion", "none", 1},
        {"bowl --confusion", "no data", 1},
        {"begun", "nothing to draw: no epoch was trained", 1},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        outcome run = dotgrad("plot %s -o no.svg", cases[k].arguments);
        cr_assert_eq(run.status, cases[k].status, "%s: %s", cases[k].arguments, run.err);
        cr_assert_not_null(strstr(run.err, cases[k].words), "%s: %s", cases[k].arguments, run.err);
        cr_assert_neq(access("no.svg", F_OK), 0, "%s", cases[k].arguments);
    }
    outcome run = dotgrad("plot begun run -o two.svg");
    expect_picture(run, "two.svg", "loss");
    cr_expect(strstr(run.err, "begun: no epoch has a number for 'loss'"), "%s", run.err);
}
