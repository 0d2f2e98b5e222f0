/* The catalogue that the library carries. The build sets CATALOGUE to the path of catalogue.tsv; the C code reads it once. */
    .section .rodata
    .global activation_catalogue_begin
    .global activation_catalogue_end
activation_catalogue_begin:
    .incbin CATALOGUE
activation_catalogue_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
