/* Whether a perceptron can learn its rows. Proofs are checked by themselves: the weighted means of both sides are
 * equal, which no weights can part; 1e-9, of numbers near 1 in float64. */
#include "small.h"

#include <dotgrad/ops.h>

enum { FEATURES = 2 };

typedef struct perceptron {
    dg_graph *graph;
    dg_tensors *parameters;
    dg_dataset data;
    dg_node *x, *label, *says;
    dg_task task;
} perceptron;

/* Rows (x₀, x₁, wanted). */
static perceptron make(const double (*rows)[FEATURES + 1], int64_t count)
{
    perceptron p = {0};
    dg_tensor *features, *target;
    MUST(dg_dataset_new(&p.data));
    MUST(dg_tensors_add(p.data.fields, "features", DG_FLOAT64, DG_SHAPE(count, FEATURES), &features));
    MUST(dg_tensors_add(p.data.fields, "target", DG_FLOAT64, DG_SHAPE(count, 1), &target));
    for (int64_t i = 0; i < count; i++) {
        for (int64_t k = 0; k < FEATURES; k++)
            dg_tensor_set(features, i * FEATURES + k, rows[i][k]);
        dg_tensor_set(target, i, rows[i][FEATURES]);
    }
    MUST(dg_graph_new(&p.graph));
    dg_graph_set_dtype(p.graph, DG_FLOAT64);
    MUST(dg_tensors_new(&p.parameters));
    p.x = dg_input(p.graph, DG_SHAPE(DG_N, FEATURES), .dtype = DG_FLOAT64, .name = "x", .field = "features");
    p.label = dg_input(p.graph, DG_SHAPE(DG_N, 1), .dtype = DG_FLOAT64, .name = "label", .field = "target");
    return p;
}

static dg_separability find_by(perceptron *p, dg_node *loss, int64_t count)
{
    dg_separability found;
    MUST(dg_graph_status(p->graph));
    MUST(dg_parameters_init(p->parameters, p->graph, 3));
    p->task = (dg_task){.graph = p->graph, .loss = loss, .parameters = p->parameters, .data = &p->data};
    MUST(dg_separability_find(&p->task, (dg_rows){NULL, count}, &found));
    dg_tensors_free(p->parameters);
    dg_graph_free(p->graph);
    return found;
}

static dg_separability find(perceptron *p, dg_node *says, int64_t count)
{
    return find_by(p, dg_mse_loss(says, p->label), count);
}

static void check_proof(const dg_separability *found, const double (*rows)[FEATURES + 1])
{
    double difference[FEATURES + 1] = {0};
    for (int64_t k = 0; k < found->n_proof; k++) {
        const double *row = rows[found->proof[k].row];
        double signed_weight = row[FEATURES] > 0 ? found->proof[k].weight : -found->proof[k].weight;
        cr_expect_eq(found->proof[k].wanted, !found->is_score ? row[FEATURES] : row[FEATURES] > 0 ? 1 : -1);
        cr_expect_gt(found->proof[k].weight, 0);
        for (int i = 0; i < FEATURES; i++)
            difference[i] += signed_weight * row[i];
        difference[FEATURES] += signed_weight;
    }
    cr_expect_geq(found->n_proof, 2);
    for (int i = 0; i <= FEATURES; i++)
        cr_expect_float_eq(difference[i], 0, 1e-9, "%d: %g", i, difference[i]);
}

Test(separable, exclusive_or_is_not_and_its_rows_prove_it)
{
    static const double rows[4][3] = {{0, 0, 0}, {0, 1, 1}, {1, 0, 1}, {1, 1, 0}};
    perceptron p = make(rows, 4);
    dg_separability found = find(&p, dg_step(dg_linear(p.x, 1)), 4);
    cr_assert_eq(found.verdict, DG_INSEPARABLE);
    cr_expect_eq(found.n_rows, 4);
    cr_expect_eq(found.n_proof, 4);
    for (int64_t k = 0; k < found.n_proof; k++)
        cr_expect_float_eq(found.proof[k].weight, 0.5, 1e-12);
    check_proof(&found, rows);
    dg_separability_release(&found);
    cr_expect_null(found.proof);
    dg_dataset_release(&p.data);
}

/* The product of the features is all that a line lacks; a hidden layer that learns is no perceptron. */
Test(separable, what_the_unit_looks_at_decides)
{
    static const double rows[4][3] = {{0, 0, 0}, {0, 1, 1}, {1, 0, 1}, {1, 1, 0}};
    perceptron p = make(rows, 4);
    dg_node *product = dg_prod(p.x, .dim = DG_INTS(1), .keepdim = true);
    dg_separability found = find(&p, dg_step(dg_linear(dg_cat(DG_NODES(p.x, product), .dim = 1), 1)), 4);
    cr_expect_eq(found.verdict, DG_SEPARABLE);
    dg_separability_release(&found);
    dg_dataset_release(&p.data);
    p = make(rows, 4);
    found = find(&p, dg_step(dg_linear(dg_tanh(dg_linear(p.x, 4)), 1)), 4);
    cr_expect_eq(found.verdict, DG_SEPARABILITY_UNKNOWN);
    cr_expect_null(found.unit);
    dg_dataset_release(&p.data);
    p = make(rows, 4); /* two thresholds */
    found = find(&p, dg_step(dg_linear(dg_step(dg_linear(p.x, 4)), 1)), 4);
    cr_expect_eq(found.verdict, DG_SEPARABILITY_UNKNOWN);
    dg_dataset_release(&p.data);
}

static const dg_op own_steps[] = {{.name = "fires",
                                   .family = "own",
                                   .summary = "y = high where u > from, else low",
                                   .inputs = {{.name = "u"}},
                                   .attrs = {{.name = "from", .kind = DG_ATTR_FLOAT, .fallback = "0"},
                                             {.name = "low", .kind = DG_ATTR_FLOAT, .fallback = "0"},
                                             {.name = "high", .kind = DG_ATTR_FLOAT, .fallback = "1"}},
                                   .flags = DG_NOT_DIFFERENTIABLE,
                                   .formula = "where(u > from, high, low)"},
                                  {.name = "fires_from",
                                   .family = "own",
                                   .summary = "y = 1 where u >= from, else 0",
                                   .inputs = {{.name = "u"}},
                                   .attrs = {{.name = "from", .kind = DG_ATTR_FLOAT, .fallback = "0"}},
                                   .flags = DG_NOT_DIFFERENTIABLE,
                                   .formula = "0.5 * (sign(u - from + 0.1 - 0.1) + 1)"},
                                  {.name = "three_levels",
                                   .family = "own",
                                   .summary = "y = 0, 1/2 or 1",
                                   .inputs = {{.name = "u"}},
                                   .flags = DG_NOT_DIFFERENTIABLE,
                                   .formula = "where(u > 1, 1, where(u > -1, 0.5, 0))"},
                                  {.name = "steep",
                                   .family = "own",
                                   .summary = "y = u · 10⁹ between 0 and 1",
                                   .inputs = {{.name = "u"}},
                                   .formula = "min(1, max(0, 1e9 * u))"}};

/* A call as a graph file has it, or a formula of `sum`. */
static dg_node *called(const char *text, dg_node *u)
{
    dg_arena *arena;
    dg_value call;
    if (strncmp(text, "where", 5) == 0)
        return dg_expr(text, {"sum", u});
    MUST(dg_arena_new(&arena));
    MUST(dg_call_parse(arena, text, &call));
    dg_node *made = dg_apply(&(dg_application){
        .op = call.s, .at = DG_HERE, .n_inputs = 1, .inputs = &u, .n_attrs = (int)call.count, .attrs = call.items});
    dg_arena_free(arena);
    return made;
}

/* What makes a threshold is its formula, of an op that ships or not. */
Test(separable, a_registered_step_is_a_threshold_too)
{
    static const double rows[4][3] = {{0, 0, 0}, {0, 1, 1}, {1, 0, 1}, {1, 1, 0}};
    static const struct {
        const char *call;
        dg_separability_verdict verdict;
        bool is_score; /* no threshold: what it is the loss of is */
    } cases[] = {{"fires()", DG_INSEPARABLE, false},
                 {"fires(from=0.3)", DG_INSEPARABLE, false},
                 {"fires(low=1, high=0)", DG_INSEPARABLE, false},
                 {"fires(low=1, high=1)", DG_SEPARABILITY_UNKNOWN, false},
                 {"fires_from(from=-2.5)", DG_INSEPARABLE, false},
                 {"where(sum < 0.7, 1, 0)", DG_INSEPARABLE, false},
                 {"three_levels", DG_INSEPARABLE, true},
                 {"steep", DG_INSEPARABLE, true},
                 {"floor", DG_SEPARABILITY_UNKNOWN, false}};
    MUST(dg_register_family(&(dg_op_family)DG_FAMILY(own_steps)));
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        perceptron p = make(rows, 4);
        dg_separability found = find(&p, called(cases[k].call, dg_linear(p.x, 1)), 4);
        cr_expect_eq(found.verdict, cases[k].verdict, "%s: %d", cases[k].call, (int)found.verdict);
        cr_expect_eq(found.is_score, cases[k].is_score, "%s", cases[k].call);
        if (cases[k].verdict == DG_INSEPARABLE)
            check_proof(&found, rows);
        dg_separability_release(&found);
        dg_dataset_release(&p.data);
    }
}

/* Of rows 1, 2 and 3 the sum of the features, times a weight w, is to be above the threshold for the last two: without
 * a bias there is such a w where the threshold is above 0. A row that is the threshold is answered as the unit does. */
Test(separable, the_place_of_a_threshold_counts)
{
    static const double rows[3][3] = {{1, 1, 0}, {2, 2, 1}, {3, 3, 1}}, at_it[2][3] = {{0, 0, 1}, {1, 1, 0}};
    static const struct {
        const char *call;
        bool is_at_it;
        dg_separability_verdict verdict;
    } cases[] = {{"fires(from=1.5)", false, DG_SEPARABLE},
                 {"fires(from=0)", false, DG_INSEPARABLE},
                 {"fires(from=-1.5)", false, DG_INSEPARABLE},
                 {"fires(from=-1.5, low=1, high=0)", false, DG_SEPARABLE},
                 {"step", true, DG_SEPARABLE}, /* step(0) = 1 */
                 {"fires", true, DG_INSEPARABLE},
                 {"fires(low=1, high=0)", true, DG_SEPARABLE}};
    MUST(dg_register_family(&(dg_op_family)DG_FAMILY(own_steps)));
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const int64_t n = cases[k].is_at_it ? 2 : 3;
        perceptron p = make(cases[k].is_at_it ? at_it : rows, n);
        dg_separability found = find(&p, called(cases[k].call, dg_linear(p.x, 1, .bias = false)), n);
        cr_expect_eq(found.verdict, cases[k].verdict, "%s: %d", cases[k].call, (int)found.verdict);
        dg_separability_release(&found);
        dg_dataset_release(&p.data);
    }
}

/* A threshold on the data alone is no unit: here a layer of fixed ones, through which exclusive or is a line. */
Test(separable, thresholds_that_nothing_learnt_reaches_are_features)
{
    static const double rows[4][3] = {{0, 0, 0}, {0, 1, 1}, {1, 0, 1}, {1, 1, 0}};
    MUST(dg_register_family(&(dg_op_family)DG_FAMILY(own_steps)));
    perceptron p = make(rows, 4);
    dg_node *both = called("fires(from=1.5)", dg_sum(p.x, .dim = DG_INTS(1), .keepdim = true));
    dg_separability found = find(&p, dg_step(dg_linear(dg_cat(DG_NODES(p.x, both), .dim = 1), 1)), 4);
    cr_expect_eq(found.verdict, DG_SEPARABLE);
    dg_separability_release(&found);
    dg_dataset_release(&p.data);
}

/* Without a bias the line goes through the origin, and a fixed one is an offset that the weights cannot scale away. */
Test(separable, a_missing_or_fixed_bias_counts)
{
    static const double rows[3][3] = {{1, 1, 0}, {2, 2, 1}, {3, 3, 1}};
    perceptron p = make(rows, 3);
    dg_separability found = find(&p, dg_step(dg_linear(p.x, 1, .bias = false)), 3);
    cr_expect_eq(found.verdict, DG_INSEPARABLE);
    dg_separability_release(&found);
    dg_dataset_release(&p.data);
    for (int above = 0; above < 2; above++) {
        p = make(rows, 3);
        dg_node *sum = dg_linear(p.x, 1, .bias = false);
        const double fixed = above ? 1.5 : -1.5;
        const dg_tensor bias = dg_tensor_view(DG_FLOAT64, dg_scalar(), &fixed);
        found = find(&p, dg_step(dg_add(sum, dg_constant(p.graph, &bias, .dtype = DG_FLOAT64))), 3);
        cr_expect_eq(found.verdict, above ? DG_INSEPARABLE : DG_SEPARABLE, "%d", above);
        dg_separability_release(&found);
        dg_dataset_release(&p.data);
    }
    p = make(rows, 3);
    found = find(&p, dg_step(dg_linear(p.x, 1)), 3);
    cr_expect_eq(found.verdict, DG_SEPARABLE);
    dg_separability_release(&found);
    dg_dataset_release(&p.data);
}

/* Points on both sides of a random line at a distance of 1e-3 at least: separable. One more, beyond the line, as the
 * mean of two of the other side: not. By `sign`, and beside a feature a million times as large. */
Test(separable, rows_by_the_hundred)
{
    enum { ROWS = 300 };
    static double rows[ROWS][3];
    const dg_random key = {.seed = 9, .stream = 4};
    for (int seed = 0; seed < 5; seed++) {
        uint64_t at = (uint64_t)seed * 100000;
        double angle = 6.28 * dg_random_unit(&key, at++), offset = 0.4 * dg_random_unit(&key, at++) - 0.2;
        for (int64_t i = 0; i < ROWS;) {
            double u = 2 * dg_random_unit(&key, at++) - 1, v = 2 * dg_random_unit(&key, at++) - 1;
            double side = u * cos(angle) + v * sin(angle) - offset;
            if (fabs(side) < 1e-3)
                continue;
            rows[i][0] = 1e6 * u;
            rows[i][1] = v;
            rows[i++][2] = side > 0 ? 1 : -1;
        }
        for (int is_mixed = 0; is_mixed < 2; is_mixed++) {
            int64_t one = 0, other = 1;
            while (rows[one][2] < 0)
                one++;
            for (other = one + 1; rows[other][2] < 0;)
                other++;
            if (is_mixed) {
                for (int k = 0; k < 2; k++)
                    rows[ROWS - 1][k] = (rows[one][k] + rows[other][k]) / 2;
                rows[ROWS - 1][2] = -1;
            }
            perceptron p = make(rows, ROWS);
            dg_separability found = find(&p, dg_sign(dg_linear(p.x, 1)), ROWS);
            cr_expect_eq(found.verdict, is_mixed ? DG_INSEPARABLE : DG_SEPARABLE, "seed %d, %d", seed, is_mixed);
            if (is_mixed)
                for (int64_t k = 0; k < found.n_proof; k++)
                    cr_expect(found.proof[k].wanted == rows[found.proof[k].row][2]);
            dg_separability_release(&found);
            dg_dataset_release(&p.data);
        }
    }
}

/* Random rows of many features, parted by the plane cos(k)·xₖ = 0; mixed: the last row is the mean of two of the other
 * side. */
static perceptron make_wide(int64_t features, int64_t count, bool is_mixed)
{
    perceptron p = {0};
    dg_tensor *x, *target;
    const dg_random key = {.seed = 2, .stream = 6};
    MUST(dg_dataset_new(&p.data));
    MUST(dg_tensors_add(p.data.fields, "features", DG_FLOAT64, DG_SHAPE(count, features), &x));
    MUST(dg_tensors_add(p.data.fields, "target", DG_FLOAT64, DG_SHAPE(count, 1), &target));
    for (int64_t i = 0; i < count; i++) {
        double sum = 0;
        for (int64_t k = 0; k < features; k++) {
            double value = 2 * dg_random_unit(&key, (uint64_t)(i * features + k)) - 1;
            dg_tensor_set(x, i * features + k, value);
            sum += value * cos((double)k);
        }
        dg_tensor_set(target, i, sum > 0 ? 1 : -1);
    }
    if (is_mixed) {
        int64_t one = 0, other;
        while (dg_tensor_get(target, one) < 0)
            one++;
        for (other = one + 1; dg_tensor_get(target, other) < 0;)
            other++;
        for (int64_t k = 0; k < features; k++)
            dg_tensor_set(x, (count - 1) * features + k,
                          (dg_tensor_get(x, one * features + k) + dg_tensor_get(x, other * features + k)) / 2);
        dg_tensor_set(target, count - 1, -1);
    }
    MUST(dg_graph_new(&p.graph));
    dg_graph_set_dtype(p.graph, DG_FLOAT64);
    MUST(dg_tensors_new(&p.parameters));
    p.x = dg_input(p.graph, DG_SHAPE(DG_N, features), .dtype = DG_FLOAT64, .name = "x", .field = "features");
    p.label = dg_input(p.graph, DG_SHAPE(DG_N, 1), .dtype = DG_FLOAT64, .name = "label", .field = "target");
    return p;
}

/* Fewer rows than features are always separable, twice as many as good as never by chance (T. Cover, 1965): by the
 * plane they are. */
Test(separable, rows_of_hundreds_of_features)
{
    enum { WIDE = 300, ROWS = 900 };
    for (int is_mixed = 0; is_mixed < 2; is_mixed++) {
        perceptron p = make_wide(WIDE, ROWS, is_mixed);
        dg_separability found = find(&p, dg_sign(dg_linear(p.x, 1)), ROWS);
        const dg_tensor *x = dg_tensors_find(p.data.fields, "features");
        cr_expect_eq(found.verdict, is_mixed ? DG_INSEPARABLE : DG_SEPARABLE);
        cr_expect_eq(found.n_rows, ROWS);
        cr_expect_gt(found.n_wrong, 0);
        for (int64_t i = 0; is_mixed && i < WIDE; i++) {
            double difference = 0;
            for (int64_t k = 0; k < found.n_proof; k++)
                difference += (found.proof[k].wanted > 0 ? 1 : -1) * found.proof[k].weight *
                              dg_tensor_get(x, found.proof[k].row * WIDE + i);
            cr_expect_float_eq(difference, 0, 1e-9, "%d: %g", (int)i, difference);
        }
        dg_separability_release(&found);
        dg_dataset_release(&p.data);
    }
}

/* What would take too long is said to. */
Test(separable, too_many_weights_are_not_looked_into)
{
    enum { WIDE = 1500, ROWS = 40 };
    perceptron p = make_wide(WIDE, ROWS, false);
    dg_separability found = find(&p, dg_sign(dg_linear(p.x, 1)), ROWS);
    cr_expect_eq(found.verdict, DG_SEPARABILITY_TOO_LARGE);
    cr_expect_not_null(found.unit);
    cr_expect_eq(found.n_rows, ROWS);
    cr_expect(found.n_wrong > 0 && found.n_wrong < ROWS, "%d", (int)found.n_wrong);
    dg_separability_release(&found);
    dg_dataset_release(&p.data);
    p = make_wide(WIDE, ROWS, false); /* a hidden layer is no perceptron, however large */
    found = find(&p, dg_sign(dg_linear(dg_tanh(dg_linear(p.x, 4)), 1)), ROWS);
    cr_expect_eq(found.verdict, DG_SEPARABILITY_UNKNOWN);
    dg_dataset_release(&p.data);
}

/* ---- scores: losses of margins, without a threshold ---- */

/* y: −1 or 1, s: the score. Whether the data are told to be inseparable follows from the loss's shape alone. */
static const struct {
    const char *loss;
    bool is_margin;
} score_losses[] = {{"relu(1 - y * s)", true},
                    {"relu(-y * s)", true},
                    {"softplus(-y * s)", true},
                    {"relu(1 - y * s)^2", true},
                    {"exp(-y * s)", true},
                    {"(3 + y) * softplus(-y * s)", true},                                       /* weights */
                    {"-((1 + y) * log(sigmoid(s)) + (1 - y) * log(1 - sigmoid(s))) / 2", true}, /* NaN far out */
                    {"(sigmoid(s) - (1 + y) / 2)^2", true},
                    {"(tanh(s) - y)^2", true},
                    {"(s - y)^2", false}, /* regressions */
                    {"(s - 3000 * y)^2", false},
                    {"abs(s - y)", false},
                    {"softplus(s) - (0.5 + 0.4 * y) * s", false}, /* probabilities as targets */
                    {"exp(s) - (1 + y) * s", false},              /* counts */
                    {"-y * s", false}};                           /* a mean of scores has no right ones */

enum { N_SCORE_LOSSES = sizeof score_losses / sizeof *score_losses };

static dg_separability find_scores(const double (*rows)[FEATURES + 1], int64_t count, const char *loss, bool has_bias,
                                   bool is_weighed_down)
{
    perceptron p = make(rows, count);
    dg_node *score = dg_linear(p.x, 1, .bias = has_bias, .name = "score");
    dg_node *mean = dg_mean(dg_expr(loss, {"s", score}, {"y", p.label}));
    if (is_weighed_down)
        mean = dg_expr("loss + 0.01 * w", {"loss", mean}, {"w", dg_sum(dg_square(dg_node_input(score, 1)))});
    dg_separability found = find_by(&p, mean, count);
    dg_dataset_release(&p.data);
    return found;
}

Test(separable, losses_of_margins_ask_for_a_sign)
{
    static const double not_separable[4][3] = {{0, 0, -1}, {0, 1, 1}, {1, 0, 1}, {1, 1, -1}},
                        is_separable[4][3] = {{0, 0, -1}, {0, 1, -1}, {1, 0, -1}, {1, 1, 1}};
    for (int k = 0; k < N_SCORE_LOSSES; k++)
        for (int way = 0; way < 4; way++) {
            bool is_xor = way % 2, is_told = score_losses[k].is_margin;
            dg_separability found =
                find_scores(is_xor ? not_separable : is_separable, 4, score_losses[k].loss, true, way / 2);
            cr_expect_eq(found.verdict,
                         !is_told ? DG_SEPARABILITY_UNKNOWN
                         : is_xor ? DG_INSEPARABLE
                                  : DG_SEPARABLE,
                         "%s, way %d: %d", score_losses[k].loss, way, (int)found.verdict);
            cr_expect_eq(found.is_score, is_told);
            if (is_xor && is_told)
                check_proof(&found, not_separable);
            dg_separability_release(&found);
        }
}

/* A line through the origin, and the answer of the score's sign: x = 1 and x = 2 on different sides. Where the loss is
 * not mirrored at 0, any number may be meant to part them. */
Test(separable, a_score_without_a_bias)
{
    static const double rows[2][3] = {{1, 1, -1}, {2, 2, 1}}, around[2][3] = {{-1, -1, -1}, {2, 2, 1}};
    static const struct {
        const char *loss;
        dg_separability_verdict one_side, around;
    } cases[] = {{"relu(1 - y * s)", DG_INSEPARABLE, DG_SEPARABLE},
                 {"(5 + y) * softplus(-y * s)", DG_INSEPARABLE, DG_SEPARABLE},
                 {"relu(1 - y * (s - 1.5))", DG_SEPARABLE, DG_SEPARABLE},
                 {"relu(1 - y * (s - 5))", DG_SEPARABLE, DG_SEPARABLE}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        dg_separability found = find_scores(rows, 2, cases[k].loss, false, false);
        cr_expect_eq(found.verdict, cases[k].one_side, "%s: %d", cases[k].loss, (int)found.verdict);
        if (found.verdict == DG_INSEPARABLE) { /* half of row 1 has the features of row 0 */
            cr_assert_eq(found.n_proof, 2);
            cr_expect_float_eq(found.proof[0].weight, 1, 1e-9);
            cr_expect_float_eq(found.proof[1].weight, 0.5, 1e-9);
        }
        dg_separability_release(&found);
        found = find_scores(around, 2, cases[k].loss, false, false);
        cr_expect_eq(found.verdict, cases[k].around, "%s: %d", cases[k].loss, (int)found.verdict);
        dg_separability_release(&found);
    }
}

/* A bias that joins after the product is one, too. */
Test(separable, a_score_in_two_steps)
{
    static const double rows[2][3] = {{1, 1, -1}, {2, 2, 1}};
    perceptron p = make(rows, 2);
    dg_node *bias = dg_parameter(p.graph, dg_scalar(), .init = "zeros", .dtype = DG_FLOAT64, .name = "bias");
    dg_node *product = dg_linear(p.x, 1, .bias = false);
    dg_separability found =
        find_by(&p, dg_mean(dg_expr("relu(1 - y * s)", {"s", dg_add(product, bias)}, {"y", p.label})), 2);
    cr_expect_eq(found.verdict, DG_SEPARABLE, "%d", (int)found.verdict);
    dg_separability_release(&found);
    dg_dataset_release(&p.data);
}

/* Whatever the first numbers are, units that are off for all rows among them: hidden layers are no linear classifiers.
 */
Test(separable, hidden_layers_are_not_asked)
{
    static const double rows[4][3] = {{0, 0, -1}, {0, 1, 1}, {1, 0, 1}, {1, 1, -1}};
    static const char *const units[] = {"relu", "tanh", "step", "floor", "leaky_relu(0.01)"};
    for (size_t k = 0; k < sizeof units / sizeof *units; k++)
        for (int64_t width = strcmp(units[k], "step") ? 1 : 2; width <= 3; width++) /* one step is the unit */
            for (int ends = 0; ends < 2; ends++) {
                perceptron p = make(rows, 4);
                dg_node *score = dg_linear(called(units[k], dg_linear(p.x, width)), 1);
                dg_separability found =
                    ends ? find_by(&p, dg_mean(dg_expr("softplus(-y * s)", {"s", score}, {"y", p.label})), 4)
                         : find(&p, dg_sign(score), 4);
                cr_expect_eq(found.verdict, DG_SEPARABILITY_UNKNOWN, "%s %lld %d: %d", units[k], (long long)width, ends,
                             (int)found.verdict);
                dg_separability_release(&found);
                dg_dataset_release(&p.data);
            }
}
