/* pad, unfold, fold, pixel_shuffle and interpolate: values by hand, gradients in closed form, failures. */
#include "../support.h"

/* ---- pad ---- */

Test(pad, goes_from_the_last_dimension_to_the_first)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 2), DATA(1, 2, 3, 4)), *y = dg_pad(x, DG_INTS(1, 0, 0, 1), .value = 0.5);
    expect_values(trial_run(t, y), DG_SHAPE(3, 3), 0, DATA(0.5, 1, 2, 0.5, 3, 4, 0.5, 0.5, 0.5));
    expect_values(trial_run(t, trial_grad(dg_sum(dg_square(y)), x)), DG_SHAPE(2, 2), 0, DATA(2, 4, 6, 8));
    trial_free(t);
}

Test(pad, negative_numbers_cut)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(1, 4), DATA(1, 2, 3, 4)), *y = dg_pad(x, DG_INTS(-1, 2, 1, 0));
    expect_values(trial_run(t, y), DG_SHAPE(2, 5), 0, DATA(0, 0, 0, 0, 0, 2, 3, 4, 0, 0));
    expect_values(trial_run(t, trial_grad(dg_sum(y), x)), DG_SHAPE(1, 4), 0, DATA(0, 1, 1, 1));
    y = dg_pad(x, DG_INTS(-2, -2));
    expect_values(trial_run(t, y), DG_SHAPE(1, 0), 0, NULL);
    trial_free(t);
}

Test(pad, of_whole_numbers_and_scalars)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_labels(t, DG_SHAPE(2), DATA(7, 8)), *none = trial_input(t, dg_scalar(), DATA(3));
    expect_values(trial_run(t, dg_pad(x, DG_INTS(0, 2), .value = -1)), DG_SHAPE(4), 0, DATA(7, 8, -1, -1));
    const dg_value empty = {.kind = DG_VALUE_LIST};
    dg_node *y = dg_apply(
        &(dg_application){.op = "pad", .at = DG_HERE, .n_inputs = 1, .inputs = &none, .n_attrs = 1, .attrs = &empty});
    expect_values(trial_run(t, y), dg_scalar(), 0, DATA(3));
    trial_free(t);
}

Test(pad, repeats_what_is_there)
{
    for (dg_dtype dtype = DG_FLOAT32; dtype <= DG_FLOAT64; dtype++) {
        trial *t = trial_new(dtype);
        dg_node *x = trial_input(t, DG_SHAPE(1, 1, 3), DATA(1, 2, 3)),
                *c = trial_input(t, DG_SHAPE(6), DATA(1, 2, 4, 8, 16, 32));
        static const char *const modes[] = {"reflect", "replicate", "circular"};
        static const double values[3][6] = {{3, 2, 1, 2, 3, 2}, {1, 1, 1, 2, 3, 3}, {2, 3, 1, 2, 3, 1}};
        static const double gradients[3][3] = {{4, 42, 17}, {7, 8, 48}, {36, 9, 18}};
        for (int k = 0; k < 3; k++) {
            dg_node *y = dg_pad(x, DG_INTS(2, 1), .mode = modes[k]);
            expect_values(trial_run(t, y), DG_SHAPE(1, 1, 6), 0, values[k]);
            expect_values(trial_run(t, trial_grad(dg_sum(dg_mul(y, c)), x)), DG_SHAPE(1, 1, 3), 0, gradients[k]);
        }
        trial_free(t);
    }
}

Test(pad, repeats_in_several_dimensions)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_feed(t, DG_FLOAT32, DG_SHAPE(DG_N, 2, 2), DG_SHAPE(1, 2, 2), DATA(1, 2, 3, 4));
    dg_node *y = dg_pad(x, DG_INTS(1, 0, 1, 0), .mode = "reflect");
    expect_values(trial_run(t, y), DG_SHAPE(1, 3, 3), 0, DATA(4, 3, 4, 2, 1, 2, 4, 3, 4));
    expect_values(trial_run(t, trial_grad(dg_sum(y), x)), DG_SHAPE(1, 2, 2), 0, DATA(1, 2, 2, 4));
    trial_free(t);
}

Test(pad, says_what_does_not_fit)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_pad(trial_input(t, DG_SHAPE(3), NULL), DG_INTS(3, 0), .mode = "reflect");
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE,
                   "reflect padding of 3 needs dimension 0 to be larger than it, which has size 3");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    dg_pad(trial_input(t, DG_SHAPE(3), NULL), DG_INTS(1));
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "pad has 1 number, expected two");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    dg_pad(trial_input(t, DG_SHAPE(3), NULL), DG_INTS(-4, 2));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "cannot be cut off dimension 0");
    trial_free(t);
}

/* ---- unfold and fold ---- */

Test(unfold, lays_windows_out_as_columns)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(1, 1, 2, 3), DATA(1, 2, 3, 4, 5, 6));
    dg_node *y = dg_unfold(x, .kernel_size = 2);
    expect_values(trial_run(t, y), DG_SHAPE(1, 4, 2), 0, DATA(1, 2, 2, 3, 4, 5, 5, 6));
    expect_values(trial_run(t, trial_grad(dg_sum(y), x)), DG_SHAPE(1, 1, 2, 3), 0, DATA(1, 2, 1, 1, 2, 1));
    y = dg_fold(y, .output_size = DG_INTS(2, 3), .kernel_size = 2);
    expect_values(trial_run(t, y), DG_SHAPE(1, 1, 2, 3), 0, DATA(1, 4, 3, 4, 10, 6));
    y = dg_unfold(x, .kernel_size = DG_INTS(2, 1), .padding = DG_INTS(1, 0), .stride = DG_INTS(2, 2),
                  .dilation = DG_INTS(2, 1));
    expect_values(trial_run(t, y), DG_SHAPE(1, 2, 2), 0, DATA(0, 0, 4, 6));
    trial_free(t);
}

Test(fold, says_what_does_not_fit)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_fold(trial_input(t, DG_SHAPE(1, 4, 3), NULL), .output_size = DG_INTS(2, 3), .kernel_size = 2);
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE,
                   "input is [1, 4, 3], but an image of [1, 1, 2, 3] has 2 windows of 4 places");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    dg_fold(trial_input(t, DG_SHAPE(1, 5, 2), NULL), .output_size = DG_INTS(2, 3), .kernel_size = 2);
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "5 is not a multiple of the kernel's 4 places");
    trial_free(t);
}

/* ---- pixel_shuffle ---- */

Test(pixel_shuffle, makes_pixels_of_channels_and_back)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_feed(t, DG_FLOAT32, DG_SHAPE(DG_N, 4, 1, 2), DG_SHAPE(1, 4, 1, 2), DATA(1, 2, 3, 4, 5, 6, 7, 8));
    dg_node *y = dg_pixel_shuffle(x, 2);
    expect_values(trial_run(t, y), DG_SHAPE(1, 1, 2, 4), 0, DATA(1, 3, 2, 4, 5, 7, 6, 8));
    expect_values(trial_run(t, dg_pixel_unshuffle(y, 2)), DG_SHAPE(1, 4, 1, 2), 0, DATA(1, 2, 3, 4, 5, 6, 7, 8));
    dg_pixel_shuffle(x, 3);
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE,
                   "input is [N, 4, 1, 2], which a factor of 3 does not divide");
    trial_free(t);
}

Test(pixel_shuffle, says_up_to_which_factor)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_pixel_shuffle(dg_input(t->graph, DG_SHAPE(1, 4, 1, 2), .name = "x"), 40000);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT,
                   "upscale_factor is 40000, expected a number from 1 to 32767");
    trial_free(t);
}

/* ---- interpolate: the examples of PyTorch's manual, and its rules for places ---- */

Test(interpolate, repeats_the_nearest)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(1, 1, 3), DATA(1, 2, 3));
    expect_values(trial_run(t, dg_interpolate(x, .scale_factor = 2)), DG_SHAPE(1, 1, 6), 0, DATA(1, 1, 2, 2, 3, 3));
    expect_values(trial_run(t, dg_interpolate(x, .size = 2)), DG_SHAPE(1, 1, 2), 0, DATA(1, 2));
    expect_values(trial_run(t, dg_interpolate(x, .size = 2, .mode = "nearest-exact")), DG_SHAPE(1, 1, 2), 0,
                  DATA(1, 3));
    expect_values(trial_run(t, dg_interpolate(x, .scale_factor = 1.5)), DG_SHAPE(1, 1, 4), 0, DATA(1, 1, 2, 3));
    trial_free(t);
}

Test(interpolate, is_bilinear)
{
    for (dg_dtype dtype = DG_FLOAT32; dtype <= DG_FLOAT64; dtype++) {
        trial *t = trial_new(dtype);
        dg_node *x = trial_input(t, DG_SHAPE(1, 1, 2, 2), DATA(1, 2, 3, 4));
        dg_node *y = dg_interpolate(x, .scale_factor = 2, .mode = "bilinear");
        expect_values(trial_run(t, y), DG_SHAPE(1, 1, 4, 4), 1e-6,
                      DATA(1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4));
        expect_values(trial_run(t, trial_grad(dg_sum(y), x)), DG_SHAPE(1, 1, 2, 2), 1e-6, DATA(4, 4, 4, 4));
        y = dg_interpolate(x, .size = DG_INTS(2, 4), .mode = "bilinear", .align_corners = true);
        expect_values(trial_run(t, y), DG_SHAPE(1, 1, 2, 4), 1e-6,
                      DATA(1, 4.0 / 3, 5.0 / 3, 2, 3, 10.0 / 3, 11.0 / 3, 4));
        trial_free(t);
    }
}

/* Keys's kernel reproduces straight lines away from the ends, and its weights sum to 1. */
Test(interpolate, is_bicubic)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(1, 1, 1, 8), DATA(0, 1, 2, 3, 4, 5, 6, 7));
    dg_node *y = dg_interpolate(x, .size = DG_INTS(1, 16), .mode = "bicubic");
    const dg_tensor *got = trial_run(t, y);
    for (int i = 4; i < 12; i++)
        cr_expect_float_eq(dg_tensor_get(got, i), (i + 0.5) / 2 - 0.5, 0.05);
    dg_node *impulse = trial_input(t, DG_SHAPE(1, 1, 1, 4), DATA(0, 1, 0, 0));
    y = dg_interpolate(impulse, .size = DG_INTS(1, 8), .mode = "bicubic");
    /* distances 1.25, .75 and .25 on the left; .25, .75, 1.25 and 1.75 on the right */
    expect_values(trial_run(t, y), DG_SHAPE(1, 1, 1, 8), 1e-12,
                  DATA(-0.10546875, 0.26171875, 0.87890625, 0.87890625, 0.26171875, -0.10546875, -0.03515625, 0));
    trial_free(t);
}

Test(interpolate, averages_areas)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(1, 1, 4), DATA(1, 3, 5, 7));
    expect_values(trial_run(t, dg_interpolate(x, .size = 2, .mode = "area")), DG_SHAPE(1, 1, 2), 0, DATA(2, 6));
    trial_free(t);
}

static void expect_refusal(dg_shape shape, dg_interpolate_options options, const char *text)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_interpolate_at(DG_HERE, trial_input(t, shape, NULL), options);
    expect_failure(dg_graph_status(t->graph), dg_graph_status(t->graph).code, text);
    cr_expect_neq(dg_graph_status(t->graph).code, DG_OK);
    trial_free(t);
}

Test(interpolate, says_what_does_not_fit)
{
    dg_interpolate_options o = {.size = {.only = DG_NONE}, .scale_factor = 2, .mode = "bilinear"};
    expect_refusal(DG_SHAPE(1, 1, 4), o, "bilinear is for 2 dimensions after [N, C]");
    expect_refusal(DG_SHAPE(1, 4), o, "expected [N, C] and one to three sizes");
    o.mode = "nearest";
    o.align_corners = true;
    expect_refusal(DG_SHAPE(1, 1, 4), o, "mode nearest has no align_corners");
    o.align_corners = false;
    o.size.only = 3;
    expect_refusal(DG_SHAPE(1, 1, 4), o, "needs either a size or a scale_factor");
    o.size.only = DG_NONE;
    o.scale_factor = 0.1;
    expect_refusal(DG_SHAPE(1, 1, 4), o, "a size of 4 would become 0");
    o.scale_factor = 1e18;
    expect_refusal(DG_SHAPE(1, 1, 4), o, "scale_factor is 1e+18, expected a number above 0 and below 1e6");
}
