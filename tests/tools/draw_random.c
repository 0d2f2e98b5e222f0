/* Random networks, each drawn with one change: it can be seen, and the difference is just it. DRAW_ROUNDS is how many
 * of each kind. */
#include "command.h"

TestSuite(draw_random, .init = make_folder, .fini = remove_folder);

static int rounds(int usual)
{
    const char *wanted = getenv("DRAW_ROUNDS");
    return wanted ? atoi(wanted) : usual;
}

/* Random networks of one chain with skips, and one edit of each: the difference is that edit. */
Test(draw_random, the_difference_is_exactly_the_edit)
{
    static const char *const ops[] = {"relu", "tanh", "sigmoid", "gelu", "softplus", "elu", "exp", "abs"};
    enum { LENGTH = 12, OPS = 8 };
    srand(7);
    for (int round = 0; round < rounds(60); round++) {
        int op[LENGTH], skip[LENGTH], place = 1 + rand() % (LENGTH - 1), kind = round % 3;
        for (int k = 0; k < LENGTH; k++) {
            op[k] = rand() % OPS;
            skip[k] = k > 3 && rand() % 3 == 0 ? rand() % (k - 2) : -1;
        }
        if (kind == 2) /* an edge to change */
            skip[place] = place > 1 ? 0 : -1;
        for (int version = 0; version < 2; version++) {
            char names[LENGTH + 1][16] = {"x"};
            FILE *file = fopen(version ? "b.dot" : "a.dot", "w");
            for (int k = 0; k < LENGTH; k++)
                snprintf(names[k + 1], sizeof names[k], version && kind == 1 && k == place ? "renamed" : "n%d", k);
            fputs("digraph g { x [op=\"input([N, 4])\"];\n", file);
            for (int k = 0; k < LENGTH; k++) {
                int now = version && kind == 0 && k == place ? (op[k] + 1) % OPS : op[k];
                int from = version && kind == 2 && k == place && k > 2 ? skip[k] + 1 : skip[k];
                fprintf(file, "%s [op=%s]; %s -> %s;", names[k + 1], skip[k] >= 0 ? "add" : ops[now], names[k],
                        names[k + 1]);
                if (skip[k] >= 0)
                    fprintf(file, "%s -> %s;", names[from + 1], names[k + 1]);
                fputc('\n', file);
            }
            fputs("}\n", file);
            fclose(file);
        }
        outcome run = dotgrad("draw b.dot --diff a.dot -o -");
        int added, removed, changed, edges;
        expect_fine(run);
        cr_assert_eq(
            sscanf(run.out, "%d added, %d removed, %d changed; %d edges differ", &added, &removed, &changed, &edges),
            4);
        bool touched = kind == 0 ? skip[place] < 0 : kind == 1 || (skip[place] >= 0 && place > 2);
        cr_expect_eq(added + removed, 0, "round %d: %s", round, run.out);
        cr_expect_eq(changed, kind < 2 && touched, "round %d: %s", round, run.out);
        cr_expect_eq(edges, kind == 2 && touched ? 2 : 0, "round %d: %s", round, run.out);
    }
}

/* ---- what can be seen ---- */

enum { NODES = 14 };

typedef struct network {
    int op[NODES], first[NODES], second[NODES], number[NODES]; /* second: −1 where there is one argument */
} network;

static const char *const singles[] = {"relu", "leaky_relu(0.%d)", "elu(alpha=0.%d)", "expr(x * 0.%d)", "clamp(max=%d)"};
static const char *const pairs[] = {"sub", "div", "expr(p - 0.%d * q)", "where_less", "atan2"};
enum { SINGLES = 5, PAIRS = 5 };

static network random_network(void)
{
    network n;
    for (int k = 0; k < NODES; k++) {
        n.first[k] = k > 2 && rand() % 3 == 0 ? rand() % k : k;
        n.second[k] = k > 1 && rand() % 2 ? (n.first[k] + 1 + rand() % k) % (k + 1) : -1;
        n.op[k] = rand() % (n.second[k] >= 0 ? PAIRS : SINGLES);
        n.number[k] = 1 + rand() % 8;
    }
    return n;
}

/* Argument 0 is the input of the network, k + 1 is node k. */
static void write_network(const char *path, const network *n)
{
    FILE *file = fopen(path, "w");
    fputs("digraph g { n0 [op=\"input([N, 4])\"];\n", file);
    for (int k = 0; k < NODES; k++) {
        bool pair = n->second[k] >= 0, formula = pair && (n->op[k] == 2 || n->op[k] == 3);
        fprintf(file, "n%d [op=\"", k + 1);
        if (pair && n->op[k] == 3)
            fprintf(file, "expr(where(p < q, p, 0.%d))", n->number[k]);
        else
            fprintf(file, pair ? pairs[n->op[k]] : singles[n->op[k]], n->number[k]);
        fprintf(file, "\"]; n%d -> n%d [arg=%s];", n->first[k], k + 1, formula ? "p" : pair ? "0" : "0");
        if (pair)
            fprintf(file, " n%d -> n%d [arg=%s];", n->second[k], k + 1, formula ? "q" : "1");
        fputc('\n', file);
    }
    fputs("}\n", file);
    fclose(file);
}

/* What a reader sees of an SVG: texts, and the shapes of lines; not names, titles and attributes for programs. */
static void take_visible(const char *path, char *to, size_t size)
{
    static char svg[1 << 22];
    size_t length = 0;
    read_text(path, svg, sizeof svg);
    for (const char *at = svg; (at = strchr(at, '<')) && length + 2 < size;) {
        bool text = strncmp(at, "<text", 5) == 0, line = strncmp(at, "<path", 5) == 0;
        const char *from = text ? strchr(at, '>') + 1 : line ? strstr(at, " d=\"") : NULL;
        const char *end = from ? text ? strstr(from, "</text") : strchr(from + 4, '"') : NULL;
        for (; from && from < end && length + 2 < size; from++)
            to[length++] = *from;
        to[length++] = '\n';
        at++;
    }
    to[length] = 0;
}

static bool looks_alike(const network *a, const network *b)
{
    static char one[1 << 21], other[1 << 21];
    write_network("a.dot", a);
    write_network("b.dot", b);
    expect_fine(dotgrad("draw a.dot --fold off --level op -o a.svg"));
    expect_fine(dotgrad("draw b.dot --fold off --level op -o b.svg"));
    take_visible("a.svg", one, sizeof one);
    take_visible("b.svg", other, sizeof other);
    cr_assert_gt(strlen(one), 500);
    return strcmp(one, other) == 0;
}

/* Two arguments exchanged, a number of an attribute or formula, an edge that comes from elsewhere. */
Test(draw_random, every_change_can_be_seen)
{
    srand(11);
    int changes[3] = {0};
    for (int round = 0; round < rounds(24); round++) {
        network n = random_network(), changed = n;
        int kind = round % 3, place = rand() % NODES;
        for (int tries = 0; tries < NODES; tries++, place = (place + 1) % NODES) {
            bool pair = n.second[place] >= 0;
            if (kind == 0 && pair && n.first[place] != n.second[place])
                break;
            if (kind == 1 && (pair ? n.op[place] == 2 || n.op[place] == 3 : n.op[place] > 0))
                break;
            if (kind == 2 && place > 1)
                break;
        }
        if (kind == 0) {
            changed.first[place] = n.second[place];
            changed.second[place] = n.first[place];
        } else if (kind == 1) {
            changed.number[place] = 9;
        } else {
            changed.first[place] = (n.first[place] + 1) % (place + 1);
        }
        if (memcmp(&n, &changed, sizeof n) == 0 || (kind == 0 && n.second[place] < 0))
            continue;
        changes[kind]++;
        cr_expect_not(looks_alike(&n, &changed), "round %d, kind %d, node n%d", round, kind, place + 1);
    }
    cr_expect(changes[0] > 0 && changes[1] > 0 && changes[2] > 0);
}

/* ---- files that use others, repeat, scan, and have settings ---- */

enum { EDITS = 10 };

/* One of two versions of a network that has everything; the new one has the edit. */
static void write_version(bool is_new, int edit, int width, int depth)
{
    const char *where = is_new ? "new" : "old";
    char path[32];
    edit = is_new ? edit : -1;
    snprintf(path, sizeof path, "%s/part.dot", where);
    FILE *file = fopen(path, "w");
    fprintf(file,
            "digraph part { x [op=\"input([N, 8])\"]; h [op=\"linear(%d)\"]; g [op=%s]; output [op=\"linear(8)\"];"
            " x -> h -> g -> output; }\n",
            width + (edit == 1), edit == 0 ? "mish" : "tanh");
    fclose(file);
    snprintf(path, sizeof path, "%s/cell.dot", where);
    file = fopen(path, "w");
    fprintf(file,
            "digraph cell { graph [output=next_h]; x [op=\"input([N, 8])\"]; h [op=\"input([N, 8])\"];"
            " both [op=\"cat(dim=1)\"]; inner [op=\"linear(%d)\"]; next_h [op=\"linear(8)\"];"
            " x -> both; h -> both; both -> inner -> next_h; }\n",
            width + (edit == 2));
    fclose(file);
    snprintf(path, sizeof path, "%s/net.dot", where);
    file = fopen(path, "w");
    fprintf(file,
            "digraph net { graph [set=\"act=%s\", output=y, loss=loss, optimizer=\"%s\", epochs=%d];\n"
            " x [op=\"input([N, 8])\"]; t [op=\"input([N], dtype=int64)\"];\n"
            " subgraph cluster_block { repeat=%d; %s fc [op=\"linear(8)\"]; a [op=\"$act\"]; fc -> a; }\n"
            " part [op=\"use('part.dot')\"]; seq [op=\"reshape([-1, 1, 8])\"]; read [op=\"scan('cell.dot')\"];\n"
            " flat [op=\"reshape([-1, 8])\"]; y [op=\"linear(3%s)\"]; %s loss [op=cross_entropy];\n"
            " x -> fc; a -> part -> seq -> read -> flat -> %s loss; t -> loss [arg=target]; }\n",
            edit == 3 ? "gelu" : "relu", edit == 4 ? "sgd(lr=0.1)" : "adam", depth + 10 * (edit == 5),
            depth + (edit == 6), edit == 7 ? "share=true;" : "", edit == 8 ? ", bias=false" : "",
            edit == 9 ? "drop [op=\"dropout(0.5)\"];" : "", edit == 9 ? "drop -> y ->" : "y ->");
    fclose(file);
}

/* What the difference has to tell. */
static const char *tell_edit(int edit, int width, int depth)
{
    static char words[200];
    static const char *const told[EDITS] = {[0] = "~ part  g tanh → mish",
                                            [3] = "~ a  relu → gelu",
                                            [4] = "~ graph  optimizer adam → sgd(lr=0.1)",
                                            [7] = "~ module block  share none → true",
                                            [8] = "~ y  bias true → false",
                                            [9] = "+ drop  dropout"};
    if (edit == 1 || edit == 2)
        snprintf(words, sizeof words, "~ %s out_features %d → %d", edit == 1 ? "part  h" : "read  inner", width,
                 width + 1);
    else if (edit == 5 || edit == 6)
        snprintf(words, sizeof words, "~ %s %d → %d", edit == 5 ? "graph  epochs" : "module block  repeat", depth,
                 edit == 5 ? depth + 10 : depth + 1);
    return told[edit] ? told[edit] : words;
}

Test(draw_random, the_difference_sees_modules_used_files_and_settings)
{
    srand(3);
    cr_assert_eq(system("mkdir old new"), 0);
    for (int round = 0; round < rounds(20); round++) {
        int edit = round % EDITS, width = 4 + rand() % 60, depth = 2 + rand() % 6;
        const char *wanted = tell_edit(edit, width, depth);
        write_version(false, edit, width, depth);
        write_version(true, edit, width, depth);
        outcome run = dotgrad("draw new/net.dot --diff old/net.dot -o -");
        expect_fine(run);
        int added, removed, changed, edges;
        cr_assert_eq(
            sscanf(run.out, "%d added, %d removed, %d changed; %d edges differ", &added, &removed, &changed, &edges),
            4);
        cr_expect_not_null(strstr(run.out, wanted), "edit %d: '%s' is not in\n%s", edit, wanted, run.out);
        cr_expect_eq(added, edit == 9, "edit %d: %s", edit, run.out);
        cr_expect_eq(removed, 0, "edit %d: %s", edit, run.out);
        cr_expect_eq(changed, edit < 4 || edit == 8, "edit %d: %s", edit, run.out);
        cr_expect_eq(edges, edit == 9 ? 3 : 0, "edit %d: %s", edit, run.out);
        cr_expect_eq(strstr(run.out, "module") != NULL, edit == 6 || edit == 7, "edit %d: %s", edit, run.out);
        run = dotgrad("draw old/net.dot --diff old/net.dot -o -");
        cr_expect_str_eq(run.out, "0 added, 0 removed, 0 changed; 0 edges differ\n");
    }
}
