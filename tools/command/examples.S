/* The texts of the examples. The build makes their folder one that .incbin looks in. */
    .section .rodata

#define EXAMPLE(symbol, file, more, output, summary)                                                                   \
    .global example_##symbol, example_output_##symbol;                                                                 \
    example_##symbol: .incbin file;                                                                                    \
    .byte 0;                                                                                                           \
    example_output_##symbol: .incbin output;                                                                           \
    .byte 0;
#define FURTHER(symbol, file)                                                                                          \
    .global example_##symbol;                                                                                          \
    example_##symbol: .incbin file;                                                                                    \
    .byte 0;
#include "tools/command/examples.h"

    .section .note.GNU-stack, "", %progbits
