/* The fonts that pictures are drawn with. The build sets REGULAR and BOLD to the paths of the files. */
    .section .rodata

#define EMBED(name, path)                                                                                              \
    .global name;                                                                                                      \
    name: .incbin path;                                                                                                \
    .byte 0

    EMBED(draw_font_regular, REGULAR)
    EMBED(draw_font_bold, BOLD)

    .section .note.GNU-stack, "", %progbits
