/* The texts of the examples. The build makes their folder one that .incbin looks in. */
    .section .rodata

    .macro both symbol, name
    .global example_\symbol, example_output_\symbol
example_\symbol:
    .incbin "\name\().dot"
    .byte 0
example_output_\symbol:
    .incbin "output/\name\().txt"
    .byte 0
    .endm

#define EXAMPLE(symbol, name, more, summary) both symbol, name
#define FURTHER(symbol, file)                                                                                          \
    .global example_##symbol;                                                                                          \
    example_##symbol: .incbin file;                                                                                    \
    .byte 0;
#include "tools/command/examples.h"

    .section .note.GNU-stack, "", %progbits
