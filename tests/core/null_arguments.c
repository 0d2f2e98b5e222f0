/* NULL for every pointer argument of every public function of core and autograd: DG_BAD_ARGUMENT, or the answer that
 * <dotgrad/core.h> promises; never a crash. */
#include "planned.h"

#define REFUSED(call)                                                                                                  \
    do {                                                                                                               \
        dg_status refused_ = (call);                                                                                   \
        cr_expect_eq(refused_.code, DG_BAD_ARGUMENT, "%s: code %d, '%s'", #call, refused_.code, refused_.message);     \
        cr_expect(refused_.message[0], "%s: no message", #call);                                                       \
    } while (0)
#define EMPTY(call) cr_expect(!(call), "%s is not empty", #call)

static dg_graph *g;
static dg_node *x, *y, *out[2];
static dg_tensors *set;
static dg_tensor tensor;
static dg_arena *arena;
static dg_plan *plan;

static void set_up(void)
{
    g = new_graph();
    set = new_tensors();
    x = dg_input(g, DG_SHAPE(2), .name = "x");
    y = dg_sin(x);
    OK(dg_graph_status(g));
    OK(dg_tensor_make(&tensor, DG_FLOAT32, DG_SHAPE(2)));
    OK(dg_arena_new(&arena));
    plan = plan_of(y, NULL);
}

static void tear_down(void)
{
    dg_plan_free(plan);
    dg_arena_free(arena);
    dg_tensor_release(&tensor);
    dg_tensors_free(set);
    dg_graph_free(g);
}

TestSuite(null_arguments, .init = set_up, .fini = tear_down);

Test(null_arguments, freeing_nothing_is_fine)
{
    dg_graph_free(NULL);
    dg_plan_free(NULL);
    dg_tensors_free(NULL);
    dg_tensor_release(NULL);
    dg_arena_free(NULL);
    dg_formulas_free(NULL);
    dg_threads_free(NULL);
    dg_check_report_free(NULL);
    dg_sample_release(NULL);
}

Test(null_arguments, tensors)
{
    dg_shape shape = DG_SHAPE(2);
    dg_dtype dtype;
    size_t bytes;
    char text[DG_SHAPE_TEXT];
    dg_tensor made, empty = dg_tensor_view(DG_FLOAT32, shape, NULL);
    EMPTY(dg_dtype_parse(NULL, &dtype));
    EMPTY(dg_dtype_parse("bool", NULL));
    EMPTY(dg_shape_equal(NULL, &shape));
    EMPTY(dg_shape_equal(&shape, NULL));
    EMPTY(dg_shape_is_known(NULL));
    cr_expect_eq(dg_shape_count(NULL), DG_UNKNOWN);
    REFUSED(dg_shape_bytes(NULL, DG_FLOAT32, &bytes));
    REFUSED(dg_shape_bytes(&shape, DG_FLOAT32, NULL));
    REFUSED(dg_shape_broadcast(NULL, &shape, &shape));
    REFUSED(dg_shape_broadcast(&shape, NULL, &shape));
    REFUSED(dg_shape_broadcast(&shape, &shape, NULL));
    EMPTY(dg_shape_print(&shape, NULL, 10));
    cr_expect_eq(dg_shape_print(NULL, text, sizeof text), text);
    REFUSED(dg_tensor_make(NULL, DG_FLOAT32, shape));
    REFUSED(dg_tensor_copy(NULL, &tensor));
    REFUSED(dg_tensor_copy(&made, NULL));
    REFUSED(dg_tensor_copy(&made, &empty));
    REFUSED(dg_tensor_convert(NULL, &tensor, DG_INT64));
    REFUSED(dg_tensor_convert(&made, NULL, DG_INT64));
    REFUSED(dg_tensor_convert(&made, &empty, DG_INT64));
    EMPTY(dg_tensor_bytes(NULL));
    EMPTY(dg_tensor_count(NULL));
    cr_expect(isnan(dg_tensor_get(NULL, 0)));
    cr_expect(isnan(dg_tensor_get(&empty, 0)));
    dg_tensor_set(NULL, 0, 1);
    dg_tensor_set(&empty, 0, 1);
}

Test(null_arguments, elements_that_a_tensor_does_not_have)
{
    float numbers[] = {1, 2, 3};
    dg_tensor middle = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1), &numbers[1]);
    cr_expect(isnan(dg_tensor_get(&middle, 1)));
    cr_expect(isnan(dg_tensor_get(&middle, -1)));
    dg_tensor_set(&middle, 1, 7);
    dg_tensor_set(&middle, -1, 7);
    dg_tensor_set(&middle, 0, 5);
    cr_expect_eq(dg_tensor_get(&middle, 0), 5);
    cr_expect_arr_eq(numbers, ((float[]){1, 5, 3}), sizeof numbers);
}

Test(null_arguments, sets_and_files)
{
    dg_tensor empty = dg_tensor_view(DG_FLOAT32, DG_SHAPE(2), NULL);
    dg_tensors *read;
    char *bytes;
    size_t size;
    REFUSED(dg_tensors_new(NULL));
    EMPTY(dg_tensors_count(NULL));
    EMPTY(dg_tensors_name(NULL, 0));
    EMPTY(dg_tensors_at(NULL, 0));
    EMPTY(dg_tensors_find(NULL, "a"));
    EMPTY(dg_tensors_find(set, NULL));
    REFUSED(dg_tensors_put(NULL, "a", &tensor));
    REFUSED(dg_tensors_put(set, NULL, &tensor));
    REFUSED(dg_tensors_put(set, "a", NULL));
    REFUSED(dg_tensors_put(set, "a", &empty));
    REFUSED(dg_tensors_add(NULL, "a", DG_FLOAT32, DG_SHAPE(2), NULL));
    REFUSED(dg_tensors_add(set, NULL, DG_FLOAT32, DG_SHAPE(2), NULL));
    dg_tensors_remove(NULL, "a");
    dg_tensors_remove(set, NULL);
    EMPTY(dg_tensors_note(NULL, "a"));
    EMPTY(dg_tensors_note(set, NULL));
    REFUSED(dg_tensors_set_note(NULL, "a", "b"));
    REFUSED(dg_tensors_set_note(set, NULL, "b"));
    REFUSED(dg_tensors_set_note(set, "a", NULL));
    EMPTY(dg_tensors_note_count(NULL));
    EMPTY(dg_tensors_note_key(NULL, 0));
    REFUSED(dg_safetensors_read(NULL, &read));
    REFUSED(dg_safetensors_read("nowhere", NULL));
    REFUSED(dg_safetensors_write(NULL, set));
    REFUSED(dg_safetensors_write("nowhere", NULL));
    REFUSED(dg_write_file(NULL, "", 0));
    REFUSED(dg_write_file("", "", 0));
    REFUSED(dg_read_file(NULL, &bytes, &size));
    REFUSED(dg_read_file("nowhere", NULL, &size));
    REFUSED(dg_read_file("nowhere", &bytes, NULL));
}

Test(null_arguments, values)
{
    dg_value v = dg_int(3);
    double number;
    REFUSED(dg_arena_new(NULL));
    EMPTY(dg_arena_alloc(NULL, 8));
    EMPTY(dg_arena_bytes(NULL));
    EMPTY(dg_arena_text(NULL, "a", 1));
    EMPTY(dg_arena_text(arena, NULL, 1));
    REFUSED(dg_value_parse(NULL, "1", &v));
    REFUSED(dg_value_parse(arena, NULL, &v));
    REFUSED(dg_value_parse(arena, "1", NULL));
    REFUSED(dg_call_parse(NULL, "f(1)", &v));
    REFUSED(dg_call_parse(arena, NULL, &v));
    REFUSED(dg_call_parse(arena, "f(1)", NULL));
    EMPTY(dg_value_print(NULL, &v));
    EMPTY(dg_value_print(arena, NULL));
    EMPTY(dg_value_equal(NULL, &v));
    EMPTY(dg_value_equal(&v, NULL));
    EMPTY(dg_value_hash(NULL));
    EMPTY(dg_value_number(NULL, &number));
    EMPTY(dg_call_argument(NULL, 0, "a"));
    cr_expect_eq(dg_text(NULL).kind, DG_VALUE_NONE); /* left at its default */
    cr_expect_eq(dg_shape_value(NULL).kind, DG_VALUE_NONE);
    cr_expect_eq(dg_tensor_value(NULL).kind, DG_VALUE_NONE);
    cr_expect_eq(dg_ints_value(NULL).kind, DG_VALUE_NONE);
}

Test(null_arguments, formulas)
{
    dg_formulas *pool = dg_graph_formulas(g);
    const dg_formula *f, *made;
    const char *names[] = {"x"};
    dg_dtype compute, result, inputs[] = {DG_FLOAT32};
    int ranks[] = {1};
    dg_program *program;
    OK(dg_formula_parse(pool, "x + 1", NULL, 0, NULL, 0, &f));
    REFUSED(dg_formulas_new(NULL));
    REFUSED(dg_formula_parse(NULL, "x", NULL, 0, NULL, 0, &made));
    REFUSED(dg_formula_parse(pool, NULL, NULL, 0, NULL, 0, &made));
    REFUSED(dg_formula_parse(pool, "x", NULL, 0, NULL, 0, NULL));
    EMPTY(dg_formula_input_count(NULL));
    EMPTY(dg_formula_input_name(NULL, 0));
    EMPTY(dg_formula_uses(NULL, 0));
    EMPTY(dg_formula_print(NULL, f));
    EMPTY(dg_formula_print(pool, NULL));
    EMPTY(dg_formula_id(NULL));
    EMPTY(dg_formula_is_zero(NULL));
    EMPTY(dg_formula_flops(NULL) > 0);
    REFUSED(dg_formula_derivative(NULL, f, 0, &made));
    REFUSED(dg_formula_derivative(pool, NULL, 0, &made));
    REFUSED(dg_formula_derivative(pool, f, 0, NULL));
    REFUSED(dg_formula_vjp(NULL, f, 0, &made));
    REFUSED(dg_formula_vjp(pool, NULL, 0, &made));
    REFUSED(dg_formula_vjp(pool, f, 0, NULL));
    REFUSED(dg_formula_substitute(NULL, f, &f, &made));
    REFUSED(dg_formula_substitute(pool, NULL, &f, &made));
    REFUSED(dg_formula_substitute(pool, f, NULL, &made));
    REFUSED(dg_formula_substitute(pool, f, &f, NULL));
    REFUSED(dg_formula_input(NULL, names, 1, 0, &made));
    REFUSED(dg_formula_input(pool, NULL, 1, 0, &made));
    REFUSED(dg_formula_input(pool, names, 1, 0, NULL));
    REFUSED(dg_formula_dtypes(NULL, inputs, ranks, &compute, &result));
    REFUSED(dg_formula_dtypes(f, NULL, ranks, &compute, &result));
    REFUSED(dg_formula_dtypes(f, inputs, NULL, &compute, &result));
    REFUSED(dg_formula_dtypes(f, inputs, ranks, NULL, &result));
    REFUSED(dg_formula_dtypes(f, inputs, ranks, &compute, NULL));
    REFUSED(dg_program_make(NULL, f, DG_FLOAT32, &program));
    REFUSED(dg_program_make(arena, NULL, DG_FLOAT32, &program));
    REFUSED(dg_program_make(arena, f, DG_FLOAT32, NULL));
    dg_program_run(NULL, NULL, NULL, DG_FLOAT32, NULL, 0, 1);
    EMPTY(dg_primitive_array(NULL, DG_FLOAT32));
}

Test(null_arguments, graphs_and_modules)
{
    char text[DG_SHAPE_TEXT];
    dg_shape shape = DG_SHAPE(2);
    REFUSED(dg_graph_new(NULL));
    REFUSED(dg_graph_status(NULL));
    EMPTY(dg_graph_fail(NULL, dg_ok()));
    dg_graph_set_dtype(NULL, DG_FLOAT32);
    EMPTY(dg_graph_dtype(NULL));
    REFUSED(dg_graph_set_init(NULL, "zeros"));
    cr_expect_eq(dg_symbol(NULL, "T"), DG_UNKNOWN);
    cr_expect_eq(dg_symbol(g, NULL), DG_UNKNOWN);
    cr_expect_str_eq(dg_symbol_name(NULL, -3), "?");
    cr_expect_eq(dg_graph_print_shape(NULL, &shape, text, sizeof text), text);
    cr_expect_eq(dg_graph_print_shape(g, NULL, text, sizeof text), text);
    EMPTY(dg_graph_print_shape(g, &shape, NULL, 10));
    EMPTY(dg_graph_arena(NULL));
    EMPTY(dg_graph_formulas(NULL));
    EMPTY(dg_module_begin(NULL, "m", false));
    dg_module_end(NULL);
    EMPTY(dg_module_switch(NULL, NULL));
    EMPTY(dg_node_module(NULL));
    EMPTY(dg_module_name(NULL));
    EMPTY(dg_graph_node_count(NULL));
    EMPTY(dg_graph_node(NULL, 0));
    EMPTY(dg_graph_find(NULL, "x"));
    EMPTY(dg_graph_find(g, NULL));
    REFUSED(dg_parameters_init(NULL, g, 1));
    REFUSED(dg_parameters_init(set, NULL, 1));
    REFUSED(dg_parameters_check(NULL));
    EMPTY(dg_init_needs_data(NULL));
    dg_value init;
    dg_random key = {.seed = 1};
    OK(dg_call_parse(arena, "ones", &init));
    REFUSED(dg_init_check(NULL, &init));
    REFUSED(dg_init_check(dg_node_type(x, 0), NULL));
    REFUSED(dg_init_fill(NULL, &init, &key));
    REFUSED(dg_init_fill(&tensor, NULL, &key));
    REFUSED(dg_init_fill(&tensor, &init, NULL));
}

Test(null_arguments, nodes)
{
    EMPTY(dg_node_graph(NULL));
    cr_expect_eq(dg_node_id(NULL), -1);
    EMPTY(dg_node_op(NULL));
    EMPTY(dg_node_name(NULL));
    EMPTY(dg_node_is_named(NULL));
    EMPTY(dg_node_input_count(NULL));
    EMPTY(dg_node_input(NULL, 0));
    EMPTY(dg_node_input_name(NULL, 0));
    EMPTY(dg_node_output_count(NULL));
    cr_expect_not_null(dg_node_type(NULL, 0)); /* building goes on after a mistake */
    EMPTY(dg_node_attrs(NULL));
    EMPTY(dg_node_attr(NULL, "shape"));
    EMPTY(dg_node_attr(x, NULL));
    EMPTY(dg_node_formula(NULL));
    EMPTY(dg_node_is_update(NULL));
    EMPTY(dg_node_owner(NULL));
    EMPTY(dg_node_location(NULL).file);
    EMPTY(dg_node_expansion(NULL));
    EMPTY(dg_node_derivative_of(NULL));
    EMPTY(dg_graph_differentiate(NULL, NULL));
    EMPTY(dg_node_copy(NULL, &x, NULL));
    EMPTY(dg_node_copy(y, NULL, NULL));
    EMPTY(dg_node_original(NULL));
    EMPTY(dg_node_checkpoint(NULL));
    dg_compose_update(NULL, x, y);
    REFUSED(dg_register(NULL));
    REFUSED(dg_register_family(NULL));
    EMPTY(dg_op_find(NULL));
    EMPTY(dg_op_nearest(NULL));
    EMPTY(dg_op_input_count(NULL));
    EMPTY(dg_op_attr_count(NULL));
    EMPTY(dg_op_output_count(NULL));
    REFUSED(dg_infer_same(NULL));
    REFUSED(dg_infer_dim(0, 1, NULL));
    OK(dg_graph_status(g));
}

/* Mistakes in building stick to the graph, or, where there is none, to the one that was built in last. */
Test(null_arguments, building)
{
    EMPTY(dg_apply(NULL));
    EMPTY(dg_apply(&(dg_application){0}));
    EMPTY(dg_relu(NULL));
    EMPTY(dg_input(NULL, DG_SHAPE(2)));
    EMPTY(dg_call(DG_HERE, "relu", 1, NULL));
    EMPTY(dg_call(DG_HERE, "relu", -5, NULL));
    EMPTY(dg_expr_at(DG_HERE, "x", 1, NULL));
    EMPTY(dg_formula_node(NULL, DG_HERE, NULL, NULL));
    EMPTY(dg_formula_node(g, DG_HERE, NULL, &x));
    REFUSED(dg_graph_status(g));
    dg_graph *other = new_graph();
    dg_node *there = dg_input(other, DG_SHAPE(2), .name = "there");
    EMPTY(dg_call(DG_HERE, NULL, 1, &there));
    REFUSED(dg_graph_status(other));
    dg_graph_free(other);
    other = new_graph();
    EMPTY(dg_expr_at(DG_HERE, NULL, 1, (dg_named_node[]){{"x", dg_input(other, DG_SHAPE(2))}}));
    REFUSED(dg_graph_status(other));
    dg_graph_free(other);
}

Test(null_arguments, plans)
{
    dg_plan *made;
    dg_plan_options options = {.fetch = &y, .n_fetch = 1};
    REFUSED(dg_plan_new(NULL, &options, &made));
    REFUSED(dg_plan_new(g, NULL, &made));
    REFUSED(dg_plan_new(g, &options, NULL));
    dg_node *nothing = NULL;
    EXPECT_FAILURE(dg_plan_new(g, &(dg_plan_options){.fetch = &nothing, .n_fetch = 1}, &made), DG_BAD_ARGUMENT,
                   "a builder returns NULL when it is given no node");
    REFUSED(dg_plan_run(NULL, NULL, 0));
    REFUSED(dg_plan_run(plan, NULL, 1));
    REFUSED(dg_plan_run(plan, &(dg_feed){NULL, &tensor}, 1));
    REFUSED(dg_plan_run(plan, &(dg_feed){x, NULL}, 1));
    REFUSED(dg_plan_prepare(NULL, NULL, 0));
    EMPTY(dg_plan_result(NULL, 0));
    EMPTY(dg_plan_result(plan, 0));
    dg_plan_set_step(NULL, 1);
    EMPTY(dg_plan_cost_of(NULL).steps);
    dg_plan_profile(NULL, true);
    EMPTY(dg_plan_profile_entries(NULL, NULL, 0));
}

static void no_work(void *argument, int64_t piece)
{
    (void)argument;
    (void)piece;
}

Test(null_arguments, numbers_and_threads)
{
    dg_random key = {.seed = 1};
    uint32_t bits[4];
    EMPTY(dg_random_stream(NULL));
    dg_random_bits(NULL, 0, bits);
    dg_random_bits(&key, 0, NULL);
    EMPTY(dg_random_unit(NULL, 0) > 0);
    EMPTY(dg_random_below(NULL, 0, 3));
    EMPTY(dg_random_below(&key, 0, 0));
    dg_random_uniform(NULL, DG_FLOAT32, tensor.data, 0, 2, 0, 1);
    dg_random_uniform(&key, DG_FLOAT32, NULL, 0, 2, 0, 1);
    dg_random_normal(NULL, DG_FLOAT32, tensor.data, 0, 2, 0, 1);
    dg_random_normal(&key, DG_FLOAT32, NULL, 0, 2, 0, 1);
    dg_random_permutation(NULL, 2, (int64_t[2]){0});
    dg_random_permutation(&key, 2, NULL);
    REFUSED(dg_threads_new(1, NULL));
    cr_expect_eq(dg_threads_count(NULL), 1);
    dg_threads_run(NULL, 2, NULL, NULL);
    dg_threads_run(NULL, 2, no_work, NULL);
}

Test(null_arguments, autograd)
{
    dg_node *none = NULL;
    dg_check_report *report;
    dg_sample_case made;
    REFUSED(dg_grad(NULL, 1, &x, out));
    REFUSED(dg_grad(y, 1, NULL, out));
    REFUSED(dg_grad(y, 1, &x, NULL));
    REFUSED(dg_grad(y, 1, &none, out));
    REFUSED(dg_grad(y, -1, &x, out));
    REFUSED(dg_vector_jacobian(1, NULL, NULL, 1, &x, out));
    REFUSED(dg_vector_jacobian(1, &y, NULL, 1, NULL, out));
    REFUSED(dg_vector_jacobian(1, &y, NULL, 1, &x, NULL));
    REFUSED(dg_jacobian_vector(1, NULL, 1, &x, NULL, out));
    REFUSED(dg_jacobian_vector(1, &y, 1, NULL, NULL, out));
    REFUSED(dg_jacobian_vector(1, &y, 1, &x, NULL, NULL));
    REFUSED(dg_jacobian(NULL, x, out));
    REFUSED(dg_jacobian(y, NULL, out));
    REFUSED(dg_jacobian(y, x, NULL));
    REFUSED(dg_hessian(NULL, x, out));
    REFUSED(dg_hessian(y, NULL, out));
    REFUSED(dg_hessian(y, x, NULL));
    REFUSED(dg_hessian_vector(NULL, 1, &x, &x, out));
    REFUSED(dg_hessian_vector(y, 1, NULL, &x, out));
    REFUSED(dg_hessian_vector(y, 1, &x, &x, NULL));
    REFUSED(dg_gauss_newton_vector(NULL, y, 1, &x, &x, out));
    REFUSED(dg_gauss_newton_vector(y, NULL, 1, &x, &x, out));
    REFUSED(dg_gauss_newton_vector(y, y, 1, NULL, &x, out));
    REFUSED(dg_check_gradients(NULL, &report));
    REFUSED(dg_check_gradients(&(dg_check_options){0}, &report));
    REFUSED(dg_check_op(NULL, NULL, &report));
    REFUSED(dg_check_op(dg_op_find("sin"), NULL, NULL));
    REFUSED(dg_sample_make(NULL, dg_op_find("sin"), NULL, DG_FLOAT64, 1));
    REFUSED(dg_sample_make(&made, NULL, NULL, DG_FLOAT64, 1));
}

Test(null_arguments, sizes_that_are_none_are_refused)
{
    const struct {
        dg_shape shape;
        const char *word;
    } cases[] = {{DG_SHAPE(-200000000, 2), "-200000000"},
                 {DG_SHAPE(-3), "-3"},
                 {{.rank = 9}, "9 dimensions"},
                 {{.rank = -1}, "-1 dimensions"},
                 {{.rank = 1000000}, "1000000 dimensions"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dg_graph *other = new_graph();
        EMPTY(dg_input(other, cases[i].shape, .name = "sizes"));
        EXPECT_FAILURE(dg_graph_status(other), DG_BAD_SHAPE, cases[i].word);
        dg_graph_free(other);
    }
}

Test(null_arguments, sets_and_lists_of_steps)
{
    dg_tensors *read;
    dg_plan_step *steps;
    size_t count;
    REFUSED(dg_tensors_read("nowhere", NULL));
    REFUSED(dg_tensors_read(NULL, &read));
    REFUSED(dg_tensors_parse("PK", 2, 0, NULL));
    REFUSED(dg_tensors_parse(NULL, 2, 0, &read));
    REFUSED(dg_plan_steps(NULL, arena, &steps, &count));
    REFUSED(dg_plan_steps(plan, NULL, &steps, &count));
    REFUSED(dg_plan_steps(plan, arena, NULL, &count));
    REFUSED(dg_plan_steps(plan, arena, &steps, NULL));
    REFUSED(dg_depends(y, 1, &x, NULL));
    REFUSED(dg_depends(y, 1, NULL, &(bool){false}));
    cr_expect_eq(dg_op_target(NULL), -1);
    dg_fused_epilogue(NULL, 0, 1);
    EMPTY(dg_fused_prologue(NULL, 0, 1, NULL));
}

Test(null_arguments, inputs_that_a_formula_does_not_have)
{
    const dg_formula *f, *made;
    const char *none = NULL;
    dg_formulas *pool = dg_graph_formulas(g);
    OK(dg_formula_parse(pool, "x + 1", NULL, 0, NULL, 0, &f));
    REFUSED(dg_formula_parse(pool, "x + 1", NULL, 0, NULL, 1, &made));
    REFUSED(dg_formula_parse(pool, "x + 1", NULL, 0, &none, 1, &made));
    REFUSED(dg_formula_parse(pool, "x + 1", NULL, 1, NULL, 0, &made));
    REFUSED(dg_formula_parse(pool, "x + 1", &(dg_binding){0}, 1, NULL, 0, &made));
    for (int input = -1; input < 1000001; input += 1000001 / 2) {
        if (input == 0)
            continue;
        EMPTY(dg_formula_input_name(f, input));
        EMPTY(dg_formula_uses(f, input));
        REFUSED(dg_formula_derivative(pool, f, input, &made));
        REFUSED(dg_formula_vjp(pool, f, input, &made));
    }
    EMPTY(dg_formula_node(g, DG_HERE, f, NULL));
    REFUSED(dg_graph_status(g));
}

Test(null_arguments, feeds_of_gradient_checks)
{
    dg_check_report *report;
    const dg_check_options options = {.loss = dg_sum(y), .n_feeds = 1};
    REFUSED(dg_check_gradients(&options, &report));
    dg_check_options with = options;
    with.feeds = &(dg_feed){x, NULL};
    REFUSED(dg_check_gradients(&with, &report));
}

/* What may be left out is not left out by naming it. */
Test(null_arguments, a_named_input_that_is_null_is_a_mistake)
{
    dg_graph *graph = NULL;
    cr_assert_eq(dg_graph_new(&graph).code, DG_OK);
    dg_node *const inputs[] = {dg_input(graph, DG_SHAPE(DG_N, 3), .name = "x"), dg_graph_find(graph, "w")};
    const char *const names[] = {NULL, "weight"};
    const dg_value two = dg_int(2);
    dg_apply(&(dg_application){.op = "linear",
                               .name = "fc",
                               .n_inputs = 2,
                               .inputs = inputs,
                               .input_names = names,
                               .n_attrs = 1,
                               .attrs = &two});
    const char *message = dg_graph_status(graph).message;
    cr_expect(strstr(message, "linear 'fc': input 'weight' is missing: the graph has no node 'w'"), "%s", message);
    dg_graph_free(graph);
}
