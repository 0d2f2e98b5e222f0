/* The files that pictures are made of: fonts, and a page's script and style. The build sets REGULAR and the others to
 * their paths. */
    .section .rodata

#define EMBED(name, path)                                                                                              \
    .global name;                                                                                                      \
    name: .incbin path;                                                                                                \
    .byte 0

    EMBED(draw_font_regular, REGULAR)
    EMBED(draw_font_bold, BOLD)
    EMBED(draw_page_script, SCRIPT)
    EMBED(draw_page_style, STYLE)

    .section .note.GNU-stack, "", %progbits
