/* The data sets that the executable carries. The build sets DIGITS and the others to the paths of the files. */
    .section .rodata

#define EMBED(name, path)                                                                                              \
    .global name##_begin;                                                                                              \
    .global name##_end;                                                                                                \
    name##_begin: .incbin path;                                                                                        \
    name##_end: .byte 0

    EMBED(data_digits, DIGITS)
    EMBED(data_iris, IRIS)
    EMBED(data_wine, WINE)
    EMBED(data_breast_cancer, BREAST_CANCER)

    .section .note.GNU-stack, "", %progbits
