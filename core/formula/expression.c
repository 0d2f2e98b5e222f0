/* The pool: unique names, unique expressions, and passes over them without recursion. */
#include "expression.h"
#include "core/base/arena.h"

#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 29);
}

/* Adds to one of the pool's tables. Where that fails the pool's arena does, too: an expression that could not be made
 * is NULL, as one is that no rewriting has found, and the formula would be computed in another way without a word. */
static bool enter(dg_formulas *pool, hash_table *table, uint64_t hash, const void *item)
{
    bool entered = table_add(table, hash, item);
    if (!entered)
        arena_fail(pool->arena);
    return entered;
}

/* ---- names ---- */

const char *pool_name(dg_formulas *pool, const char *name, size_t length)
{
    uint64_t hash = hash_bytes(HASH_START, name, length);
    size_t at = 0;
    for (const char *there; (there = table_next(&pool->names, hash, &at));)
        if (strncmp(there, name, length) == 0 && there[length] == '\0')
            return there;
    const char *copy = dg_arena_text(pool->arena, name, length);
    return copy && enter(pool, &pool->names, hash, copy) ? copy : NULL;
}

/* ---- unique expressions ---- */

static bool same(const expression *a, const expression *b)
{
    if (a->hash != b->hash || a->op != b->op)
        return false;
    if (a->op == OP_CONSTANT)
        return memcmp(&a->value, &b->value, sizeof a->value) == 0;
    if (a->op == OP_INPUT)
        return a->name == b->name;
    return a->args[0] == b->args[0] && a->args[1] == b->args[1] && a->args[2] == b->args[2];
}

static const expression *unique(dg_formulas *pool, const expression *wanted)
{
    size_t at = 0;
    for (const expression *there; (there = table_next(&pool->expressions, wanted->hash, &at));)
        if (same(there, wanted))
            return there;
    expression *made = dg_arena_alloc(pool->arena, sizeof *made);
    if (!made || !enter(pool, &pool->expressions, wanted->hash, made))
        return NULL;
    *made = *wanted;
    return made;
}

const expression *make_constant(dg_formulas *pool, double value)
{
    expression e = {.op = OP_CONSTANT, .weight = 1, .value = value};
    if (value != value)
        memset(&e.value, 0xff, sizeof e.value); /* one NaN for all */
    if (!(value >= -9007199254740992.0 && value <= 9007199254740992.0) || (double)(int64_t)value != value)
        e.needs |= NEEDS_REALS;
    if (value != 0 && value != 1)
        e.needs |= NEEDS_NUMBERS;
    uint64_t bits;
    memcpy(&bits, &e.value, sizeof bits);
    e.hash = mix(mix(1, OP_CONSTANT), bits);
    return unique(pool, &e);
}

const expression *make_input(dg_formulas *pool, const char *unique_name)
{
    if (!unique_name)
        return NULL;
    expression e = {.op = OP_INPUT, .weight = 1, .name = unique_name};
    e.hash = mix(mix(1, OP_INPUT), hash_text(unique_name));
    return unique(pool, &e);
}

/* Powers of integers by integers up to 64 are products. */
static bool is_integer_power(int op, const expression *exponent)
{
    return op == P_POW && is_constant(exponent) && exponent->value >= 0 && exponent->value <= 64 &&
           exponent->value == (double)(int)exponent->value;
}

const expression *expression_intern(dg_formulas *pool, int op, const expression *a, const expression *b,
                                    const expression *c)
{
    const primitive_info *info = &primitives[op];
    expression e = {.op = (uint8_t)op, .arity = (uint8_t)info->arity, .args = {a, b, c}};
    uint64_t weight = 1;
    e.hash = mix(1, (uint64_t)op);
    for (int k = 0; k < info->arity; k++) {
        weight += e.args[k]->weight;
        e.needs |= e.args[k]->needs;
        e.hash = mix(e.hash, e.args[k]->hash);
    }
    e.weight = weight > UINT32_MAX ? UINT32_MAX : (uint32_t)weight;
    if (!(info->flags & INTEGERS) && !(op == P_POW && is_integer_power(op, b)))
        e.needs |= NEEDS_REALS;
    if (!(info->flags & CONDITIONS))
        e.needs |= NEEDS_NUMBERS;
    return unique(pool, &e);
}

/* ---- asking ---- */

bool expression_is_condition(const expression *e)
{
    for (;;) {
        if (e->op < PRIMITIVE_COUNT && (primitives[e->op].flags & TRUTH))
            return true;
        if (!is_op(e, P_WHERE) || !expression_is_condition(e->args[1]))
            return false;
        e = e->args[2];
    }
}

int expression_compare(const expression *a, const expression *b)
{
    while (a != b) {
        if (a->weight != b->weight)
            return a->weight < b->weight ? -1 : 1;
        if (a->op != b->op)
            return a->op < b->op ? -1 : 1;
        if (a->op == OP_CONSTANT)
            return a->value < b->value ? -1 : a->value > b->value ? 1 : memcmp(&a->value, &b->value, sizeof a->value);
        if (a->op == OP_INPUT)
            return strcmp(a->name, b->name);
        /* Unique expressions: the first arguments that are not one and the same do differ. */
        int k = 0;
        while (a->args[k] == b->args[k])
            k++;
        a = a->args[k];
        b = b->args[k];
    }
    return 0;
}

/* ---- passes ---- */

static bool reserve(const expression ***list, size_t *capacity, size_t count)
{
    if (count <= *capacity)
        return true;
    size_t n = *capacity ? *capacity * 2 : 64;
    const expression **grown = realloc(*list, n * sizeof **list);
    if (!grown)
        return false;
    *list = grown;
    *capacity = n;
    return true;
}

/* A pass marks expressions twice: when its arguments wait, and when it is in order. The marks are the pool's own notes
 * in expressions that are otherwise constant. */
static bool pass_visit(dg_formulas *pool, const expression *root, uint64_t waiting, uint64_t done)
{
    size_t depth = 1;
    if (!reserve(&pool->stack, &pool->stack_capacity, 1))
        return false;
    pool->stack[0] = root;
    while (depth) {
        expression *e = (expression *)pool->stack[depth - 1];
        if (e->pass == done) {
            depth--;
        } else if (e->pass == waiting || !e->arity) {
            depth--;
            e->pass = done;
            e->image = NULL;
            if (!reserve(&pool->order, &pool->order_capacity, pool->n_order + 1))
                return false;
            pool->order[pool->n_order++] = e;
        } else {
            e->pass = waiting;
            for (int k = e->arity; k-- > 0;) {
                if (!reserve(&pool->stack, &pool->stack_capacity, depth + 1))
                    return false;
                if (e->args[k]->pass != done)
                    pool->stack[depth++] = e->args[k];
            }
        }
    }
    return true;
}

bool pass_begin_all(dg_formulas *pool, int n, const expression *const *roots)
{
    uint64_t waiting = ++pool->pass, done = ++pool->pass;
    pool->n_order = 0;
    for (int k = 0; k < n; k++)
        if (!pass_visit(pool, roots[k], waiting, done)) {
            arena_fail(pool->arena); /* what is asked of expressions is not unknown, but not to be had */
            return false;
        }
    return true;
}

bool pass_begin(dg_formulas *pool, const expression *root)
{
    return pass_begin_all(pool, 1, &root);
}

static const expression *image_of_input(const expression *e, int n, const char *const *names,
                                        const expression *const *images)
{
    for (int k = 0; k < n; k++)
        if (names[k] == e->name && images[k])
            return images[k];
    return e;
}

const expression *expression_substitute(dg_formulas *pool, const expression *root, int n, const char *const *names,
                                        const expression *const *images, const expression *whole,
                                        const expression *value)
{
    if (!root || !pass_begin(pool, root))
        return NULL;
    for (size_t i = 0; i < pool->n_order; i++) {
        expression *e = (expression *)pool->order[i];
        if (e == whole) {
            e->image = value;
        } else if (e->op == OP_INPUT) {
            e->image = image_of_input(e, n, names, images);
        } else if (e->op == OP_CONSTANT) {
            e->image = e;
        } else {
            const expression *args[3] = {NULL, NULL, NULL};
            bool changed = false;
            for (int k = 0; k < e->arity; k++) {
                args[k] = e->args[k]->image;
                changed |= args[k] != e->args[k];
            }
            e->image = changed ? make_op(pool, e->op, args) : e;
        }
        if (!e->image)
            return NULL;
    }
    return root->image;
}

double expression_flops(dg_formulas *pool, const expression *root)
{
    double flops = 0;
    if (!pass_begin(pool, root))
        return -1;
    for (size_t i = 0; i < pool->n_order; i++)
        if (pool->order[i]->op < PRIMITIVE_COUNT)
            flops += primitives[pool->order[i]->op].flops;
    return flops;
}
