/* Work and memory of a graph file's plans, measured by shapes: nothing of the tensors' size is allocated. */
#ifndef TOOLS_NEEDS_H
#define TOOLS_NEEDS_H

#include <dotgrad/graph_file.h>

/* Bytes of one plan and of all that it reads. */
typedef struct memory_need {
    double arena, all;
    double state; /* of the optimiser */
    double flops;
} memory_need;

/* One loss's step of training. */
typedef struct training_turn {
    dg_node *loss;
    dg_node *const *updates;
    int n_updates;
    double flops;
} training_turn;

typedef struct training_turns {
    training_turn *turns; /* a step each, of losses that depend on trainable parameters */
    int count;
    memory_need need; /* of the plans of all together, which training holds at once */
} training_turns;

/* A pass that fetches what no other node reads. */
dg_status needs_of_forward(const dg_graph_file *file, size_t limit, memory_need *need);
/* Of every loss, or of the one that --loss names; no turns without a loss. `turns` are the caller's to free. */
dg_status needs_of_training(const dg_graph_file *file, size_t limit, training_turns *training);

#endif
