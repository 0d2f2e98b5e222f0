/* The texts of the ready tasks. The build makes tools/examples a folder that .incbin looks in. */
    .section .rodata

#define TASK(symbol, name, file, alone, about)                                                                               \
    .global task_##symbol;                                                                                             \
    task_##symbol: .incbin file;                                                                       \
    .byte 0;
#include "tools/lab/tasks.h"

    .section .note.GNU-stack, "", %progbits
