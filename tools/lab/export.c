/* A function as code for others. */
#include "lab.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const export_names = "graph|op|c|torch|jax|keras";

/* As few digits as read back as the same number. */
static const char *shortest(double value, char text[32])
{
    for (int digits = 9; digits <= 17; digits++) {
        snprintf(text, 32, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return text;
}

/* What names of the second and further functions of one file end in. */
static const char *numbered(int number, char text[16])
{
    text[0] = '\0';
    if (number > 0)
        snprintf(text, 16, "%d", number + 1);
    return text;
}

typedef struct exported {
    const dg_activation *a;
    int number; /* among the functions of one file */
    FILE *to;
    dg_formulas *names;
    dg_status status;
} exported;

/* What has been printed of the function; a formula that could not be sticks to the status. */
static const char *printed(exported *e, const char *text)
{
    if (!text)
        e->status = dg_no_memory("a formula");
    else if (!*text)
        e->status = dg_error(DG_BAD_DATA, "%s: the formula is too long to be written down", dg_activation_name(e->a));
    return text ? text : "";
}

static void write_graph(exported *e)
{
    const dg_activation *a = e->a;
    FILE *to = e->to;
    char suffix[16];
    fprintf(to,
            "digraph activation%s {\n  x    [op=\"input([N, 64])\"];\n  h    [op=\"linear(64)\"];\n"
            "  act  [op=\"%s\"];\n  y    [op=\"linear(10)\"];\n  x -> h -> act -> y;\n}\n",
            numbered(e->number, suffix), printed(e, dg_activation_call(a)));
}

/* Parameters are numbers to choose, as in my_activation(b=2). */
static void write_attributes(exported *e)
{
    char text[32];
    int n = dg_activation_parameter_count(e->a);
    for (int k = 0; k < n; k++) {
        const dg_activation_parameter *p = dg_activation_parameter_at(e->a, k);
        fprintf(e->to, "%s{.name = \"%s\", .kind = DG_ATTR_FLOAT, .fallback = \"%s\", .doc = \"%s\"}%s",
                k ? "              " : "    .attrs = {", p->name, shortest(p->value, text),
                p->trainable ? "a number; expr() can train it" : "a number", k + 1 < n ? ",\n" : "},\n");
    }
}

static void write_op(exported *e)
{
    const dg_activation *a = e->a;
    FILE *to = e->to;
    char suffix[16];
    bool fits = dg_activation_parameter_count(a) <= DG_MAX_ATTRS;
    const char *text = fits ? dg_activation_free_text(a) : dg_activation_text(a, 0);
    numbered(e->number, suffix);
    fputs(e->number == 0 ? "#include <dotgrad/op.h>\n\n" : "\n", to);
    fprintf(to,
            "static const dg_op my_activation%s = {\n    .name = \"my_activation%s\",\n"
            "    .family = \"activation\",\n    .summary = \"y = ",
            suffix, suffix);
    fputs(printed(e, text), to);
    fputs("\",\n    .inputs = {{.name = \"x\"}},\n", to);
    if (fits)
        write_attributes(e);
    fputs("    .formula = \"", to);
    fputs(printed(e, text), to);
    fputs("\"};\n", to);
}

static void write_c_head(FILE *to)
{
    fputs("#include <math.h>\n#include <stddef.h>\n\n"
          "static inline double square(double a) { return a * a; }\n"
          "static inline double sign(double a) { return (a > 0) - (a < 0); }\n"
          "static inline double sigmoid(double a) { return a >= 0 ? 1 / (1 + exp(-a)) : exp(a) / (1 + exp(a)); }\n"
          "static inline double softplus(double a) { return fmax(a, 0) + log1p(exp(-fabs(a))); }\n"
          "static inline double tanhshrink(double a) { return a - tanh(a); }\n"
          "static inline double squareplus(double a, double b) { return (a + sqrt(a * a + b)) / 2; }\n"
          "static inline double log_add_exp(double a, double b) { return fmax(a, b) + log1p(exp(-fabs(a - b))); }\n"
          "static inline double floor_remainder(double a, double b) { return a - b * floor(a / b); }\n\n",
          to);
}

static void write_c(exported *e)
{
    const dg_activation *a = e->a;
    FILE *to = e->to;
    char suffix[16];
    numbered(e->number, suffix);
    if (e->number == 0)
        write_c_head(to);
    else
        fputs("\n", to);
    static const char *const names[] = {"activation", "activation_slope", "activation_bend"};
    for (int order = 0; order < 3; order++)
        fprintf(to, "static inline double %s%s(double x)\n{\n    return %s;\n}\n\n", names[order], suffix,
                printed(e, dg_activation_text_as(a, order, DG_C_CODE)));
    fprintf(to,
            "void activation_forward%s(const float *x, float *y, size_t n)\n{\n    for (size_t i = 0; i < n; i++)\n"
            "        y[i] = (float)activation%s(x[i]);\n}\n\n"
            "void activation_backward%s(const float *x, const float *dy, float *dx, size_t n)\n{\n"
            "    for (size_t i = 0; i < n; i++)\n        dx[i] = (float)(dy[i] * activation_slope%s(x[i]));\n}\n",
            suffix, suffix, suffix, suffix);
}

/* What steps has no slope anywhere; its numbers, 1 and 0, would be integers there. */
static bool is_flat(const dg_activation *a)
{
    const char *slope = dg_activation_text(a, 1);
    return slope && strcmp(slope, "0") == 0;
}

static void write_result(exported *e, enum dg_dialect dialect)
{
    const char *text = printed(e, dg_activation_free_text_as(e->a, dialect));
    fprintf(e->to, is_flat(e->a) ? "return T(%s)\n" : "return %s\n", text);
}

static bool has_channels(const dg_activation *a)
{
    bool has = false;
    for (int k = 0; k < dg_activation_parameter_count(a); k++)
        has |= dg_activation_parameter_at(a, k)->trainable && dg_activation_parameter_at(a, k)->per;
    return has;
}

/* The parameter's name as Python code has it: lambda_. */
static const char *python_name(exported *e, const dg_activation_parameter *p)
{
    const dg_formula *formula;
    if (e->status.code == DG_OK)
        e->status = dg_formula_parse(e->names, p->name, NULL, 0, NULL, 0, &formula);
    const char *text = e->status.code == DG_OK ? dg_formula_print_as(e->names, formula, DG_TORCH_CODE) : "";
    return printed(e, e->status.code == DG_OK ? text : " ");
}

static void write_torch_parameter(exported *e, const dg_activation_parameter *p)
{
    FILE *to = e->to;
    char text[32];
    const char *name = python_name(e, p);
    shortest(p->value, text);
    if (!p->trainable) {
        fprintf(to, "        self.%s = %s\n", name, text);
        return;
    }
    fprintf(to,
            p->per ? "        self.%s = nn.Parameter(torch.full((channels,), float(%s)))"
                   : "        self.%s = nn.Parameter(torch.tensor(float(%s)))",
            name, text);
    bool least = isfinite(p->min), most = isfinite(p->max);
    if (least)
        fprintf(to, "  # at least %s", shortest(p->min, text));
    if (most)
        fprintf(to, "%s at most %s", least ? "," : "  #", shortest(p->max, text));
    fprintf(to, "%s\n", least || most ? ": clamp it after each step" : "");
}

static void write_torch(exported *e)
{
    const dg_activation *a = e->a;
    FILE *to = e->to;
    char suffix[16];
    if (e->number == 0)
        fputs("import torch\nimport torch.nn.functional as F\nfrom torch import nn\n", to);
    fprintf(to, "\n\nclass Activation%s(nn.Module):\n    \"\"\"%s\"\"\"\n\n", numbered(e->number, suffix),
            printed(e, dg_activation_text(a, 0)));
    fprintf(to, "    def __init__(self%s):\n        super().__init__()\n", has_channels(a) ? ", channels" : "");
    for (int k = 0; k < dg_activation_parameter_count(a); k++)
        write_torch_parameter(e, dg_activation_parameter_at(a, k));
    fputs("\n    def forward(self, x):\n        T = lambda v: torch.as_tensor(v, dtype=x.dtype, device=x.device)\n",
          to);
    for (int k = 0; k < dg_activation_parameter_count(a); k++) {
        const dg_activation_parameter *p = dg_activation_parameter_at(a, k);
        const char *name = python_name(e, p);
        fprintf(to, "        %s = T(self.%s)%s\n", name, name,
                p->trainable && p->per ? ".reshape(-1, *[1] * (x.dim() - 2))" : "");
    }
    fputs("        ", to);
    write_result(e, DG_TORCH_CODE);
}

static void write_jax(exported *e)
{
    const dg_activation *a = e->a;
    FILE *to = e->to;
    char text[32], suffix[16];
    if (e->number == 0)
        fputs("import jax\nimport jax.numpy as jnp\n", to);
    fprintf(to, "\n\ndef activation%s(x", numbered(e->number, suffix));
    for (int k = 0; k < dg_activation_parameter_count(a); k++)
        fprintf(to, ", %s=%s", python_name(e, dg_activation_parameter_at(a, k)),
                shortest(dg_activation_parameter_at(a, k)->value, text));
    fputs("):\n    T = lambda v: jnp.asarray(v, dtype=x.dtype)\n", to);
    for (int k = 0; k < dg_activation_parameter_count(a); k++) {
        const char *name = python_name(e, dg_activation_parameter_at(a, k));
        fprintf(to, "    %s = T(%s)\n", name, name);
    }
    fputs("    ", to);
    write_result(e, DG_JAX_CODE);
}

/* A weight of the layer; its bounds are a constraint, which Keras keeps after each step. */
static void write_keras_parameter(exported *e, const dg_activation_parameter *p)
{
    FILE *to = e->to;
    char value[32], least[32], most[32];
    const char *name = python_name(e, p);
    fprintf(to,
            "        self.%s = self.add_weight(\n"
            "            name=\"%s\", shape=%s, initializer=keras.initializers.Constant(%s)",
            name, name, p->per ? "(input_shape[self.axis],)" : "()", shortest(p->value, value));
    if (isfinite(p->min) && isfinite(p->max))
        fprintf(to, ",\n            constraint=lambda w: ops.clip(w, %s, %s)", shortest(p->min, least),
                shortest(p->max, most));
    else if (isfinite(p->min))
        fprintf(to, ",\n            constraint=lambda w: ops.maximum(w, %s)", shortest(p->min, least));
    else if (isfinite(p->max))
        fprintf(to, ",\n            constraint=lambda w: ops.minimum(w, %s)", shortest(p->max, most));
    fputs(")\n", to);
}

static void write_keras_weights(exported *e)
{
    const dg_activation *a = e->a;
    FILE *to = e->to;
    bool any = false;
    if (has_channels(a))
        fputs("    def __init__(self, axis=-1, **kwargs):  # of the channels\n        super().__init__(**kwargs)\n"
              "        self.axis = axis\n\n"
              "    def get_config(self):\n        return {**super().get_config(), \"axis\": self.axis}\n\n",
              to);
    for (int k = 0; k < dg_activation_parameter_count(a); k++) {
        const dg_activation_parameter *p = dg_activation_parameter_at(a, k);
        if (p->trainable && !any)
            fputs("    def build(self, input_shape):\n", to);
        any |= p->trainable;
        if (p->trainable)
            write_keras_parameter(e, p);
    }
    if (any)
        fputs("\n", to);
}

static void write_keras(exported *e)
{
    const dg_activation *a = e->a;
    FILE *to = e->to;
    char suffix[16], text[32];
    if (e->number == 0)
        fputs("import keras\nfrom keras import ops\n", to);
    numbered(e->number, suffix);
    fprintf(to,
            "\n\n@keras.saving.register_keras_serializable(name=\"Activation%s\")\n"
            "class Activation%s(keras.layers.Layer):\n    \"\"\"%s\"\"\"\n\n",
            suffix, suffix, printed(e, dg_activation_text(a, 0)));
    write_keras_weights(e);
    fputs("    def call(self, x):\n        T = lambda v: ops.convert_to_tensor(v, dtype=x.dtype)\n", to);
    if (has_channels(a))
        fputs("        shape = [1] * len(x.shape)\n        shape[self.axis] = -1\n", to);
    for (int k = 0; k < dg_activation_parameter_count(a); k++) {
        const dg_activation_parameter *p = dg_activation_parameter_at(a, k);
        const char *name = python_name(e, p);
        if (!p->trainable)
            fprintf(to, "        %s = T(%s)\n", name, shortest(p->value, text));
        else
            fprintf(to, p->per ? "        %s = ops.reshape(T(self.%s), shape)\n" : "        %s = T(self.%s)\n", name,
                    name);
    }
    fputs("        ", to);
    write_result(e, DG_KERAS_CODE);
}

dg_status export_write(const dg_activation *a, const char *kind, int number, FILE *to)
{
    exported e = {.a = a, .number = number, .to = to};
    DG_TRY(dg_formulas_new(&e.names));
    if (strcmp(kind, "graph") == 0)
        write_graph(&e);
    else if (strcmp(kind, "op") == 0)
        write_op(&e);
    else if (strcmp(kind, "c") == 0)
        write_c(&e);
    else if (strcmp(kind, "torch") == 0)
        write_torch(&e);
    else if (strcmp(kind, "jax") == 0)
        write_jax(&e);
    else if (strcmp(kind, "keras") == 0)
        write_keras(&e);
    else
        e.status = dg_error(DG_BAD_ARGUMENT, "there is no export '%s'; there are %s", kind, export_names);
    dg_formulas_free(e.names);
    return e.status;
}
