/* Lowering: expressions in order become instructions; each value gets a register for as long as it is needed. */
#include "core/base/arena.h"
#include "core/base/null.h"
#include "program.h"

#include "core/formula/expression.h"
#include "faster.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A value on its way to a place. */
typedef struct value {
    int op;        /* a primitive, V_COPY, OP_CONSTANT or OP_INPUT */
    int args[3];   /* values */
    double number; /* of a constant */
    int input;     /* of an input */
    int result;    /* the one that it is, or −1 */
    size_t last;   /* the last value that reads it */
    uint16_t place;
} value;

typedef struct lowering {
    const joint_formula *formula;
    bool integers; /* of any kind, conditions too */
    value *values;
    size_t n, capacity;
    bool failed;
} lowering;

static bool is_computed(const value *v)
{
    return v->op != OP_CONSTANT && v->op != OP_INPUT;
}

static int add_value(lowering *l, value v)
{
    if (l->n == l->capacity) {
        size_t capacity = l->capacity ? l->capacity * 2 : 64;
        value *grown = realloc(l->values, capacity * sizeof *grown);
        if (!grown) {
            l->failed = true;
            return 0;
        }
        l->values = grown;
        l->capacity = capacity;
    }
    l->values[l->n] = v;
    return (int)l->n++;
}

static int add_op(lowering *l, int op, int a, int b, int c)
{
    return add_value(l, (value){.op = op, .args = {a, b, c}, .input = -1, .result = -1});
}

static int add_constant(lowering *l, double number)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->values[i].op == OP_CONSTANT && memcmp(&l->values[i].number, &number, sizeof number) == 0)
            return (int)i;
    return add_value(l, (value){.op = OP_CONSTANT, .number = number, .input = -1, .result = -1});
}

/* aⁿ by repeated squaring. */
static int add_power(lowering *l, int a, int n)
{
    int product = -1;
    for (int square = a;; square = add_op(l, P_SQUARE, square, square, square)) {
        if (n & 1)
            product = product < 0 ? square : add_op(l, P_MUL, product, square, square);
        n >>= 1;
        if (!n || l->failed)
            return product;
    }
}

static bool is_power_of_two(double number)
{
    int exponent;
    return isfinite(number) && fabs(frexp(number, &exponent)) == 0.5 && exponent > -100 && exponent < 100;
}

/* How far a power with a whole exponent is better multiplied out: for floats as long as that is as good as pow. */
static bool is_short_power(const lowering *l, double n)
{
    return n == floor(n) && n >= (l->integers ? 0 : -4) && n <= (l->integers ? 64 : 8) && n != 0;
}

static int lower(lowering *l, const expression *e, const int args[3])
{
    const expression *second = e->arity > 1 ? e->args[1] : NULL;
    if (e->op == P_POW && is_constant(second) && is_short_power(l, second->value)) {
        int n = (int)second->value, power = add_power(l, args[0], abs(n));
        return n > 0 ? power : add_op(l, P_RECIPROCAL, power, power, power);
    }
    if (e->op == P_DIV && is_constant(second) && is_power_of_two(second->value)) {
        int factor = add_constant(l, 1 / second->value);
        return add_op(l, P_MUL, args[0], factor, factor);
    }
    bool whole = l->integers && (e->op == P_FLOOR || e->op == P_CEIL || e->op == P_ROUND || e->op == P_TRUNC);
    return whole ? args[0] : add_op(l, e->op, args[0], args[1], args[2]);
}

static int input_number(const joint_formula *formula, const char *name)
{
    int k = 0;
    while (formula->names[k] != name)
        k++;
    return k;
}

/* The values that the roots became are results; each comes from an instruction of its own. */
static void mark_results(lowering *l, const int *numbers)
{
    for (int r = 0; r < l->formula->n_roots && !l->failed; r++) {
        int v = numbers[l->formula->roots[r]->place];
        if (!is_computed(&l->values[v]) || l->values[v].result >= 0)
            v = add_op(l, V_COPY, v, v, v);
        if (!l->failed)
            l->values[v].result = r;
    }
}

/* Expressions to values. Which value an expression became is kept beside the order. */
static void lower_all(lowering *l, dg_formulas *pool, uint8_t *uses)
{
    const joint_formula *formula = l->formula;
    if (!pass_begin_all(pool, formula->n_roots, formula->roots)) {
        l->failed = true;
        return;
    }
    find_uses(pool, formula->n_roots, formula->roots, formula->n_inputs, formula->names, uses);
    int *numbers = malloc(pool->n_order * sizeof *numbers);
    l->failed |= !numbers;
    for (size_t i = 0; i < pool->n_order && !l->failed; i++) {
        expression *e = (expression *)pool->order[i];
        e->place = i;
        int args[3] = {0, 0, 0};
        for (int k = 0; k < 3; k++)
            args[k] = k < e->arity ? numbers[e->args[k]->place] : args[0];
        if (e->op == OP_CONSTANT)
            numbers[i] = add_constant(l, e->value);
        else if (e->op == OP_INPUT)
            numbers[i] = add_value(l, (value){.op = OP_INPUT, .input = input_number(formula, e->name), .result = -1});
        else
            numbers[i] = lower(l, e, args);
    }
    mark_results(l, numbers);
    free(numbers);
}

/* ---- places ---- */

typedef struct layout {
    int n_registers, n_constants, n_inputs, n_instructions;
} layout;

/* Linear scan: a register is free again after the value's last reader has read it; that one may write into it. */
static bool assign_registers(lowering *l, layout *out)
{
    uint16_t *free_list = malloc((l->n + 1) * sizeof *free_list);
    if (!free_list)
        return false;
    size_t n_free = 0;
    int n_registers = 0;
    for (size_t i = 0; i < l->n; i++)
        for (int k = 0; is_computed(&l->values[i]) && k < 3; k++)
            l->values[l->values[i].args[k]].last = i;
    for (size_t i = 0; i < l->n; i++) {
        value *v = &l->values[i];
        if (!is_computed(v))
            continue;
        out->n_instructions++;
        for (int k = 0; k < 3; k++) {
            value *arg = &l->values[v->args[k]];
            bool again = (k > 0 && v->args[k] == v->args[0]) || (k > 1 && v->args[k] == v->args[1]);
            if (is_computed(arg) && arg->result < 0 && arg->last == i && !again)
                free_list[n_free++] = arg->place;
        }
        if (v->result < 0)
            v->place = n_free ? free_list[--n_free] : (uint16_t)n_registers++;
        if (n_registers > MOST_PLACES)
            break;
    }
    free(free_list);
    out->n_registers = n_registers;
    return true;
}

static void assign_places(lowering *l, layout *out)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->values[i].op == OP_CONSTANT)
            l->values[i].place = (uint16_t)(out->n_registers + out->n_constants++);
    for (size_t i = 0; i < l->n; i++)
        if (l->values[i].op == OP_INPUT)
            l->values[i].place = (uint16_t)(out->n_registers + out->n_constants + out->n_inputs++);
    for (size_t i = 0; i < l->n; i++)
        if (l->values[i].result >= 0)
            l->values[i].place = (uint16_t)(out->n_registers + out->n_constants + out->n_inputs + l->values[i].result);
}

/* ---- the program ---- */

static lane_kind lane_of(dg_dtype compute)
{
    return compute == DG_FLOAT32   ? LANE_F32
           : compute == DG_FLOAT64 ? LANE_F64
           : compute == DG_INT64   ? LANE_I64
                                   : LANE_I32;
}

static double constant_of_lane(lane_kind lane, double number)
{
    union {
        double f64;
        float f32;
        int32_t i32;
        int64_t i64;
    } bits = {0};
    double limit = lane == LANE_I32 ? 0x1p31 : 0x1p63;
    double whole = number >= limit ? limit / 2 : number >= -limit ? number : -limit;
    if (lane == LANE_F64)
        bits.f64 = number;
    else if (lane == LANE_F32)
        bits.f32 = (float)number;
    else if (lane == LANE_I32)
        bits.i32 = (int32_t)whole;
    else
        bits.i64 = (int64_t)whole;
    return bits.f64;
}

static dg_status emit(dg_arena *arena, const lowering *l, const layout *sizes, const uint8_t *uses,
                      const vector_table *vectors, dg_program **program)
{
    dg_dtype compute = l->formula->compute;
    dg_program *made = dg_arena_alloc(arena, sizeof *made);
    double *constants = dg_arena_alloc(arena, ((size_t)sizes->n_constants + 1) * sizeof *constants);
    program_input *inputs = dg_arena_alloc(arena, ((size_t)sizes->n_inputs + 1) * sizeof *inputs);
    uint16_t *written = dg_arena_alloc(arena, (size_t)l->formula->n_roots * sizeof *written);
    instruction *instructions = dg_arena_alloc(arena, (size_t)sizes->n_instructions * sizeof *instructions);
    if (!made || !constants || !inputs || !written || !instructions)
        return dg_no_memory("a formula's program");
    lane_kind lane = lane_of(compute);
    int n_constants = 0, n_inputs = 0, n_instructions = 0, first_input = sizes->n_registers + sizes->n_constants;
    for (size_t i = 0; i < l->n; i++) {
        const value *v = &l->values[i];
        if (v->op == OP_CONSTANT) {
            constants[n_constants++] = constant_of_lane(lane, v->number);
        } else if (v->op == OP_INPUT) {
            bool is_condition = uses[v->input] == USED_AS_CONDITION;
            inputs[n_inputs++] = (program_input){(uint16_t)v->input, is_condition, 0};
        } else {
            vector_kernel kernel = vectors->kernels[lane][v->op];
            instruction made_one = {kernel, v->place, {0}};
            if (!kernel)
                return dg_error(DG_BAD_DTYPE, "%s cannot be computed in %s", primitives[v->op].name,
                                dg_dtype_name(compute));
            for (int k = 0; k < 3; k++) {
                const value *arg = &l->values[v->args[k]];
                made_one.args[k] = arg->place;
                if (arg->op == OP_INPUT)
                    inputs[arg->place - first_input].last_read = (uint16_t)n_instructions;
            }
            if (v->result >= 0)
                written[v->result] = (uint16_t)n_instructions;
            instructions[n_instructions++] = made_one;
        }
    }
    *made = (dg_program){.vectors = vectors,
                         .lane = lane,
                         .lane_dtype = compute == DG_BOOL ? DG_INT32 : compute,
                         .element = dg_dtype_size(compute == DG_BOOL ? DG_INT32 : compute),
                         .n_registers = sizes->n_registers,
                         .n_constants = n_constants,
                         .n_inputs = n_inputs,
                         .n_results = l->formula->n_roots,
                         .n_instructions = n_instructions,
                         .constants = constants,
                         .inputs = inputs,
                         .written = written,
                         .instructions = instructions};
    *program = made;
    return dg_ok();
}

/* Finds the loop that was compiled for such a program, if there is one. */
/* Loops take it for granted that constants are neither NaN nor −0. */
static bool constants_are_usual(const dg_program *program, int count)
{
    for (int k = 0; k < count; k++) {
        float constant;
        memcpy(&constant, &program->constants[k], sizeof constant);
        if (isnan(constant) || (constant == 0 && signbit(constant)))
            return false;
    }
    return true;
}

static dg_status find_loop(dg_arena *arena, const lowering *l, const layout *sizes, dg_program *program)
{
    int places = sizes->n_registers + sizes->n_constants + sizes->n_inputs + program->n_results;
    if (program->lane != LANE_F32 || sizes->n_instructions < 2 || sizes->n_instructions > MOST_CODE_STEPS ||
        places > UINT8_MAX)
        return dg_ok();
    size_t size = (size_t)(CODE_HEAD + CODE_STEP * sizes->n_instructions);
    uint8_t *code = dg_arena_alloc(arena, size), *to = code;
    if (!code)
        return dg_no_memory("a formula's program");
    *to++ = (uint8_t)sizes->n_inputs;
    *to++ = (uint8_t)program->n_results;
    *to++ = (uint8_t)sizes->n_constants;
    *to++ = (uint8_t)sizes->n_registers;
    for (size_t i = 0; i < l->n; i++) {
        const value *v = &l->values[i];
        if (!is_computed(v))
            continue;
        *to++ = (uint8_t)v->op;
        *to++ = (uint8_t)v->place;
        for (int k = 0; k < 3; k++)
            *to++ = (uint8_t)l->values[v->args[k]].place;
    }
    program->code = code;
    program->code_size = size;
    if (l->formula->compiled && constants_are_usual(program, sizes->n_constants))
        program->loop = compiled_find(program->vectors->name, code, size);
    return dg_ok();
}

static dg_status place_and_emit(dg_arena *arena, lowering *l, const uint8_t *uses, const vector_table *vectors,
                                dg_program **program)
{
    layout sizes = {0};
    if (l->failed || !assign_registers(l, &sizes))
        return dg_no_memory("a formula's program");
    for (size_t i = 0; i < l->n; i++)
        sizes.n_inputs += !is_computed(&l->values[i]);
    int places = sizes.n_registers + sizes.n_inputs + l->formula->n_roots;
    if (places > MOST_PLACES)
        return dg_error(DG_BAD_ARGUMENT,
                        "a formula is too large: it needs %d value(s) at a time, at most %d are possible", places,
                        (int)MOST_PLACES);
    sizes.n_inputs = 0;
    assign_places(l, &sizes);
    DG_TRY(emit(arena, l, &sizes, uses, vectors, program));
    return find_loop(arena, l, &sizes, *program);
}

dg_status program_make_joint(dg_arena *arena, const joint_formula *formula, const vector_table *vectors,
                             dg_program **program)
{
    const expression *roots[MOST_RESULTS];
    joint_formula cheap = *formula;
    lowering l = {.formula = &cheap, .integers = !dg_dtype_is_float(formula->compute)};
    *program = NULL;
    if (formula->compute < DG_BOOL || formula->compute > DG_FLOAT64 || formula->n_inputs > MOST_PLACES)
        return dg_error(DG_BAD_DTYPE, "a formula of %d input(s) cannot be computed in element type %d",
                        formula->n_inputs, (int)formula->compute);
    const wide_steps *wide = NULL;
    const wide_use use = {.dtype = formula->compute, .is_update = formula->is_update};
    if (!l.integers && !wide_make(formula->pool, arena, formula->n_roots, formula->roots, formula->names, &use, &wide))
        return dg_no_memory("a formula's program");
    memcpy(roots, formula->roots, (size_t)formula->n_roots * sizeof *roots);
    if (wide && !wide->n_watched && !show_overflows(formula->pool, &use, formula->n_roots, roots))
        return dg_no_memory("a formula's program");
    bool is_single = formula->compute == DG_FLOAT32; /* the steps that expressions_cheaper writes are of float32 */
    if (formula->for_speed && is_single && !expressions_cheaper(formula->pool, formula->n_roots, roots))
        return dg_no_memory("a formula's program");
    if (arena_failed(formula->pool->arena)) /* a rewriting was not found because it could not be made */
        return dg_no_memory("a formula's program");
    cheap.roots = roots;
    uint8_t uses[MOST_PLACES + 1] = {0};
    lower_all(&l, formula->pool, uses);
    dg_status status = place_and_emit(arena, &l, uses, vectors, program);
    free(l.values);
    if (status.code == DG_OK)
        (*program)->wide = wide;
    return status;
}

dg_status program_make(dg_arena *arena, const dg_formula *formula, dg_dtype compute, const vector_table *vectors,
                       dg_program **program)
{
    const joint_formula joint = {.pool = formula->pool,
                                 .n_roots = 1,
                                 .roots = &formula->root,
                                 .n_inputs = formula->n_inputs,
                                 .names = formula->names,
                                 .compute = compute,
                                 .compiled = true};
    return program_make_joint(arena, &joint, vectors, program);
}

dg_status dg_program_make(dg_arena *arena, const dg_formula *formula, dg_dtype compute, dg_program **program)
{
    REFUSE_NULL(arena);
    REFUSE_NULL(formula);
    REFUSE_NULL(program);
    *program = NULL;
    if (formula->n_inputs > MOST_OPERANDS)
        return dg_error(DG_BAD_ARGUMENT, "a formula has %d input(s), at most %d are possible", formula->n_inputs,
                        (int)MOST_OPERANDS);
    return program_make(arena, formula, compute, vector_tables(), program);
}

bool program_may_overwrite(const dg_program *program, int result, int input)
{
    for (int k = 0; k < program->n_inputs; k++)
        if (program->inputs[k].index == input && program->inputs[k].last_read > program->written[result])
            return false;
    return true;
}

/* One element in double precision, for folding constants. */
double primitive_evaluate(int op, double a, double b, double c)
{
    double y;
    vector_table_named("base")->kernels[LANE_F64][op](&y, &a, &b, &c, 1);
    return y;
}
