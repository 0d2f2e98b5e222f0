/* Memory that runs out while wires are led around boxes: no other picture comes of it. */
#include "allocations.h"
#include "tools/draw/layout/layout.h"

#include <dotgrad/draw.h>
#include <dotgrad/graphviz.h>

static void begin(void)
{
    make_folder();
    setenv("DG_NUM_THREADS", "1", 1);
}

TestSuite(allocations_draw, .init = begin, .fini = remove_folder);

/* From one box to another, through a third one between them. */
static dg_status lead_around(uint64_t *result)
{
    view_box boxes[3];
    layout_box places[3];
    view_wire wire = {.from = 0, .to = 2};
    layout_point points[] = {{50, 20}, {50, 80}, {50, 140}, {50, 200}};
    layout_wire line = {.n = 4, .points = points};
    view v = {.n_boxes = 3, .boxes = boxes, .n_wires = 1, .wires = &wire};
    layout made = {.width = 100, .height = 220, .boxes = places, .wires = &line};
    int led = 0;
    for (int b = 0; b < 3; b++) {
        boxes[b] = (view_box){.kind = BOX_OP, .n_rows = 1, .module = -1, .partner = -1};
        places[b] = (layout_box){.x = 20, .y = 100 * b, .width = 60, .height = 20};
    }
    dg_status status = dg_arena_new(&v.arena);
    if (status.code == DG_OK && !layout_route(&v, &made, &led))
        status = dg_no_memory("a picture of three boxes");
    mix(result, &led, sizeof led);
    mix(result, line.points, (size_t)line.n * sizeof *line.points);
    if (!fail_at)
        cr_assert(led == 1 && line.n > 4, "%d: %d points", led, line.n);
    dg_arena_free(v.arena);
    return status;
}

/* Few allocations: each of them fails. */
Test(allocations_draw, of_a_detour)
{
    share_of_points = 0;
    sweep("a detour", lead_around);
}

static dg_status draw(const char *dot, dg_draw_options options, uint64_t *result)
{
    dg_graph_file *file = NULL;
    char *bytes = NULL;
    size_t size;
    dg_status status = dg_graph_read("net.dot", &(dg_graph_read_options){.text = dot}, &file);
    if (status.code == DG_OK) {
        options.file = file;
        options.format = "svg";
        status = dg_draw_memory(file->graph, options, &bytes, &size);
    }
    if (status.code == DG_OK) {
        mix(result, bytes, size);
        if (!fail_at && options.page)
            cr_assert(strstr(bytes, ">part 1<"), "nothing is grouped");
    }
    free(bytes);
    dg_graph_file_free(file);
    return status;
}

static dg_status draw_step(uint64_t *result)
{
    const char *dot = "digraph net { graph [loss=loss, output=scores]; x [op=\"input([N, 4])\"];"
                      "t [op=\"input([N], dtype=int64)\"]; h [op=\"linear(8)\"]; a [op=relu]; d [op=dropout];"
                      "scores [op=\"linear(3)\"]; loss [op=cross_entropy]; x -> h -> a -> d -> scores -> loss;"
                      "t -> loss [arg=target]; }";
    return draw(dot, (dg_draw_options){.view = DG_VIEW_STEP}, result);
}

/* A step of training whose picture has such wires. */
Test(allocations_draw, of_a_picture_with_a_detour)
{
    sweep("a picture with a detour", draw_step);
}

/* Without modules, and nothing in it like anything else: larger than this page. */
static dg_status draw_parts(uint64_t *result)
{
    static const char *const ops[] = {"add", "mul", "sub", "maximum", "minimum"};
    char dot[4000];
    size_t used = (size_t)sprintf(dot, "digraph net { n0 [op=\"input([N, 4])\"]; n1 [op=tanh]; n0 -> n1;");
    for (int k = 2; k < 16; k++)
        used += (size_t)sprintf(dot + used, "n%d [op=%s]; n%d -> n%d; n%d -> n%d;", k, ops[k * k % 5], k - 1, k,
                                k * 7 % (k - 1), k);
    sprintf(dot + used, "}");
    return draw(dot, (dg_draw_options){.page = "160x200"}, result);
}

Test(allocations_draw, of_a_picture_in_parts)
{
    sweep("a picture in parts", draw_parts);
}
