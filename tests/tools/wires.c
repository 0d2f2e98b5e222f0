/* Wires of pictures, checked by their geometry. */
#include "picture.h"

TestSuite(wires, .init = make_folder, .fini = remove_folder);

/* Wires are led around what they would touch, do not turn on the spot on the way to their row, stay in their modules,
 * reach their arrowheads, and have their labels beside them. */
Test(wires, touch_nothing_and_do_not_turn_back)
{
    static const char *const networks_of_it[][2] = {
        {"squeeze",
         "digraph squeeze { graph [loss=y]; x [op=\"input([N, 3, 16, 16])\"]; stem [op=\"conv2d(16, 3, "
         "padding=1)\"]; subgraph cluster_s { d [op=\"conv2d(16, 3, padding=1, groups=16)\"];"
         " n [op=batch_norm]; s [op=silu]; q [op=\"mean(dim=[2, 3], keepdim=true)\"]; r [op=\"conv2d(4, 1)\"];"
         " t [op=silu]; e [op=\"conv2d(16, 1)\"]; g [op=sigmoid]; m [op=mul]; p [op=\"conv2d(24, 1)\"];"
         " b [op=batch_norm]; d -> n -> s -> q -> r -> t -> e -> g; s -> m; g -> m -> p -> b; }"
         " head [op=\"mean(dim=[2, 3])\"]; y [op=sum]; x -> stem -> d; b -> head -> y; }"},
        {"wide",
         "digraph wide { graph [loss=y]; x [op=\"input([N, 3, 32, 32])\"]; stem [op=\"conv2d(64, 3, padding=1)\"];"
         " sr [op=relu]; subgraph cluster_A { repeat=5; a1 [op=\"conv2d(32, 1)\"]; r1 [op=relu];"
         " a2 [op=\"conv2d(32, 1)\"]; r2 [op=relu]; a3 [op=\"conv2d(32, 3, padding=1)\"]; r3 [op=relu];"
         " a4 [op=\"conv2d(32, 1)\"]; r4 [op=relu]; a5 [op=\"conv2d(48, 3, padding=1)\"]; r5 [op=relu];"
         " a6 [op=\"conv2d(64, 3, padding=1)\"]; r6 [op=relu]; cat [op=\"cat(dim=1)\"]; up [op=\"conv2d(64, 1)\"];"
         " sc [op=\"expr(0.17 * x)\"]; add [op=add]; out [op=relu]; a1 -> r1 -> cat; a2 -> r2 -> a3 -> r3 -> cat;"
         " a4 -> r4 -> a5 -> r5 -> a6 -> r6 -> cat; cat -> up -> sc -> add -> out; }"
         " x -> stem -> sr -> a1; sr -> a2; sr -> a4; sr -> add; h [op=\"mean(dim=[2, 3])\"];"
         " y [op=sum]; out -> h -> y; }"},
        {"ladder", "digraph ladder { graph [loss=loss]; x [op=\"input([N, 64])\"]; subgraph cluster_encoder {"
                   " d1 [op=\"linear(64)\"]; a1 [op=elu]; m1 [op=\"linear(16)\"]; v1 [op=\"linear(16)\"];"
                   " d2 [op=\"linear(32)\"]; a2 [op=elu]; m2 [op=\"linear(8)\"]; v2 [op=\"linear(8)\"]; }"
                   " x -> d1 -> a1 -> m1; a1 -> v1; a1 -> d2 -> a2 -> m2; a2 -> v2; e [op=normal_like]; m2 -> e;"
                   " z [op=\"expr(mu + exp(lv / 2) * eps)\"]; m2 -> z [arg=mu]; v2 -> z [arg=lv]; e -> z [arg=eps];"
                   " subgraph cluster_decoder { h [op=\"linear(32)\"]; ha [op=elu]; p [op=\"linear(16)\"];"
                   " q [op=\"linear(16)\"]; } z -> h -> ha -> p; ha -> q;"
                   " w [op=\"expr((me * exp(-le) + mp * exp(-lp)) / (exp(-le) + exp(-lp)))\"]; m1 -> w [arg=me];"
                   " v1 -> w [arg=le]; p -> w [arg=mp]; q -> w [arg=lp]; o [op=\"linear(64)\"];"
                   " loss [op=mse_loss]; w -> o -> loss; x -> loss [arg=target]; }"}};
    static const char *const options[] = {"", "--rankdir LR", "--level stack --rankdir LR", "--view joint",
                                          "--rankdir RL"};
    int faults = 0;
    for (size_t k = 0; k < sizeof networks_of_it / sizeof *networks_of_it; k++)
        for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
            char what[80];
            snprintf(what, sizeof what, "%s %s", networks_of_it[k][0], options[i]);
            write_text("net.dot", networks_of_it[k][1]);
            expect_fine(dotgrad("draw net.dot %s -o x.svg", options[i]));
            faults += check_picture(what, "x.svg");
        }
    cr_expect_eq(faults, 0);
}
