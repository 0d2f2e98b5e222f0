/* A TikZ picture as a document of its own, or to be put into one: LaTeX sets the text in the paper's own
 * font, each line made as wide as it was measured where it is wider. Positions and curves are those of the layout. */
#include "scene.h"

#include <string.h>

/* What TeX gives a meaning is made harmless; signs that the usual fonts lack become mathematics, and letters that LaTeX
 * has in no encoding but T1 the nearest that it has. */
static const struct {
    const char *sign, *tex;
} signs[] = {{"\\", "\\textbackslash{}"},
             {"{", "\\{"},
             {"}", "\\}"},
             {"$", "\\$"},
             {"&", "\\&"},
             {"#", "\\#"},
             {"%", "\\%"},
             {"_", "\\_"},
             {"^", "\\textasciicircum{}"},
             {"~", "\\textasciitilde{}"},
             {"<", "\\textless{}"},
             {">", "\\textgreater{}"},
             {"|", "\\textbar{}"},
             {"\"", "\\char34{}"},
             {"×", "$\\times$"},
             {"→", "$\\to$"},
             {"←", "$\\gets$"},
             {"·", "$\\cdot$"},
             {"−", "$-$"},
             {"÷", "$\\div$"},
             {"≤", "$\\le$"},
             {"≥", "$\\ge$"},
             {"≠", "$\\ne$"},
             {"∞", "$\\infty$"},
             {"√", "$\\surd$"},
             {"∂", "$\\partial$"},
             {"…", "\\dots{}"},
             {"α", "$\\alpha$"},
             {"β", "$\\beta$"},
             {"γ", "$\\gamma$"},
             {"δ", "$\\delta$"},
             {"ε", "$\\varepsilon$"},
             {"η", "$\\eta$"},
             {"θ", "$\\theta$"},
             {"κ", "$\\kappa$"},
             {"λ", "$\\lambda$"},
             {"μ", "$\\mu$"},
             {"ν", "$\\nu$"},
             {"ξ", "$\\xi$"},
             {"π", "$\\pi$"},
             {"ρ", "$\\rho$"},
             {"σ", "$\\sigma$"},
             {"τ", "$\\tau$"},
             {"φ", "$\\varphi$"},
             {"χ", "$\\chi$"},
             {"ψ", "$\\psi$"},
             {"ω", "$\\omega$"},
             {"Δ", "$\\Delta$"},
             {"‖", "$\\|$"},
             {"⁰", "$^0$"},
             {"¹", "$^1$"},
             {"²", "$^2$"},
             {"³", "$^3$"},
             {"⁴", "$^4$"},
             {"⁵", "$^5$"},
             {"⁶", "$^6$"},
             {"⁷", "$^7$"},
             {"⁸", "$^8$"},
             {"⁹", "$^9$"},
             {"Γ", "$\\Gamma$"},
             {"Θ", "$\\Theta$"},
             {"Λ", "$\\Lambda$"},
             {"Ξ", "$\\Xi$"},
             {"Π", "$\\Pi$"},
             {"Σ", "$\\Sigma$"},
             {"Φ", "$\\Phi$"},
             {"Ψ", "$\\Psi$"},
             {"Ω", "$\\Omega$"},
             {"∑", "$\\sum$"},
             {"∏", "$\\prod$"},
             {"∫", "$\\int$"},
             {"≈", "$\\approx$"},
             {"±", "$\\pm$"},
             {"⊙", "$\\odot$"},
             {"⊗", "$\\otimes$"},
             {"⊕", "$\\oplus$"},
             {"∈", "$\\in$"},
             {"↔", "$\\leftrightarrow$"},
             {"⇒", "$\\Rightarrow$"},
             {"⌈", "$\\lceil$"},
             {"⌉", "$\\rceil$"},
             {"⌊", "$\\lfloor$"},
             {"⌋", "$\\rfloor$"},
             {"′", "$'$"},
             {"″", "$''$"},
             {"⁺", "$^+$"},
             {"⁻", "$^-$"},
             {"ⁿ", "$^n$"},
             {"ᵀ", "$^T$"},
             {"ˣ", "$^x$"},
             {"ʸ", "$^y$"},
             {"ᵃ", "$^a$"},
             {"ᵇ", "$^b$"},
             {"ᵖ", "$^p$"},
             {"₊", "$_+$"},
             {"₀", "$_0$"},
             {"₁", "$_1$"},
             {"₂", "$_2$"},
             {"₃", "$_3$"},
             {"₄", "$_4$"},
             {"₅", "$_5$"},
             {"₆", "$_6$"},
             {"₇", "$_7$"},
             {"₈", "$_8$"},
             {"₉", "$_9$"},
             {"«", "$\\ll$"},
             {"»", "$\\gg$"},
             {"„", ",,"},
             {"\xc2\xad", "-"},
             {"Ð", "D"},
             {"ð", "d"},
             {"Đ", "D"},
             {"đ", "d"},
             {"Þ", "Th"},
             {"þ", "th"},
             {"Ą", "A"},
             {"ą", "a"},
             {"Ę", "E"},
             {"ę", "e"},
             {"Ħ", "H"},
             {"ħ", "h"},
             {"Į", "I"},
             {"į", "i"},
             {"ĸ", "k"},
             {"Ŀ", "L"},
             {"ŀ", "l"},
             {"ŉ", "'n"},
             {"Ŋ", "N"},
             {"ŋ", "n"},
             {"Ŧ", "T"},
             {"ŧ", "t"},
             {"Ų", "U"},
             {"ų", "u"},
             {"ſ", "s"}};

static const char *sign_of(const char *begin, size_t length)
{
    for (size_t k = 0; k < sizeof signs / sizeof *signs; k++)
        if (strlen(signs[k].sign) == length && memcmp(signs[k].sign, begin, length) == 0)
            return signs[k].tex;
    return NULL;
}

static void put_tex(text *t, const char *words)
{
    while (*words) {
        const char *begin = words;
        uint32_t c = text_character(&words);
        size_t length = (size_t)(words - begin);
        const char *sign = sign_of(begin, length);
        if (sign)
            text_put(t, sign);
        else if (c < ' ' || (c >= 0x7f && c < 0xa0))
            text_put(t, " ");
        else if (c < 0x180 && c != 0xfffd)
            text_bytes(t, begin, length);
        else
            text_add(t, "{\\scriptsize U+%04X}", (unsigned)c); /* pdflatex has no such letter */
    }
}

int tikz_missing(const scene *s)
{
    int count = 0;
    for (int k = 0; k < s->n; k++) {
        const char *at = s->shapes[k].kind == SHAPE_TEXT && !s->shapes[k].tex ? s->shapes[k].words : "";
        while (*at) {
            const char *begin = at;
            count += text_character(&at) >= 0x180 && !sign_of(begin, (size_t)(at - begin));
        }
    }
    return count;
}

static void put_point(text *t, const scene *s, double x, double y)
{
    text_put(t, "(");
    text_number(t, x, 2);
    text_put(t, ",");
    text_number(t, s->height - y, 2);
    text_put(t, ")");
}

static void put_rgb(text *t, const char *key, const char *color)
{
    double rgb[3];
    style_rgb(color, rgb);
    text_add(t, "%s={rgb,255:red,%d;green,%d;blue,%d}", key, (int)(rgb[0] * 255 + 0.5), (int)(rgb[1] * 255 + 0.5),
             (int)(rgb[2] * 255 + 0.5));
}

static void put_path(text *t, const scene *s, const shape *one)
{
    text_put(t, "\\path[");
    if (one->fill)
        put_rgb(t, "fill", one->fill);
    if (one->stroke) {
        text_put(t, one->fill ? "," : "");
        put_rgb(t, "draw", one->stroke);
        text_put(t, ",line width=");
        text_number(t, one->line * s->scale, 2);
        text_put(t, "bp");
    }
    if (one->stroke && *one->dash) {
        text_put(t, ",dash pattern=");
        bool on = true;
        for (const char *at = one->dash; *at; on = !on) {
            size_t n = strcspn(at, ",");
            text_add(t, "%s %.*sbp ", on ? "on" : "off", (int)n, at);
            at += n + (at[n] == ',');
        }
    }
    if (one->kind == SHAPE_RECTANGLE && one->radius > 0) {
        text_put(t, ",rounded corners=");
        text_number(t, one->radius * s->scale, 2);
        text_put(t, "bp");
    }
    text_put(t, "] ");
    if (one->kind == SHAPE_RECTANGLE) {
        put_point(t, s, one->x, one->y);
        text_put(t, " rectangle ");
        put_point(t, s, one->x + one->width, one->y + one->height);
    } else if (one->kind == SHAPE_ELLIPSE) {
        put_point(t, s, one->x, one->y);
        text_put(t, " ellipse [x radius=");
        text_number(t, one->width, 2);
        text_put(t, ",y radius=");
        text_number(t, one->height, 2);
        text_put(t, "]");
    } else {
        put_point(t, s, one->points[0].x, one->points[0].y);
        for (int k = 1; one->kind == SHAPE_CURVE && k + 2 < one->n; k += 3) {
            text_put(t, " .. controls ");
            put_point(t, s, one->points[k].x, one->points[k].y);
            text_put(t, " and ");
            put_point(t, s, one->points[k + 1].x, one->points[k + 1].y);
            text_put(t, " .. ");
            put_point(t, s, one->points[k + 2].x, one->points[k + 2].y);
        }
        for (int k = 1; one->kind == SHAPE_POLYGON && k < one->n; k++) {
            text_put(t, " -- ");
            put_point(t, s, one->points[k].x, one->points[k].y);
        }
        text_put(t, one->kind == SHAPE_POLYGON ? " -- cycle" : "");
    }
    text_put(t, ";\n");
}

static void put_text(text *t, const scene *s, const shape *one)
{
    text_put(t, "\\node[anchor=base west,inner sep=0pt,");
    put_rgb(t, "text", one->fill);
    text_put(t, "] at ");
    put_point(t, s, one->x, one->y);
    text_put(t, " {\\dgtext{");
    text_number(t, one->width * s->scale, 2);
    text_put(t, "}{");
    text_number(t, one->size * s->scale, 2);
    text_add(t, "}{%s", one->is_bold ? "\\bfseries " : "");
    if (one->tex)
        text_put(t, one->tex);
    else
        put_tex(t, one->words);
    text_put(t, "}};\n");
}

void paint_tikz(const scene *s, text *t)
{
    text_put(t, "% A picture by dotgrad. pdflatex makes a page of its size; in a paper, \\usepackage{tikz,graphicx} "
                "and what is\n"
                "% between the two lines of signs.\n"
                "\\documentclass{article}\n\\usepackage{tikz,graphicx}\n\\usepackage[paperwidth=");
    text_number(t, s->width * s->scale, 2);
    text_put(t, "bp,paperheight=");
    text_number(t, s->height * s->scale + 1, 2);
    text_put(t, "bp,margin=0bp]{geometry}\n\\pagestyle{empty}\n\\topskip=0pt\n\\parindent=0pt\n\\begin{document}\n"
                "%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%\n"
                "% A line of text, not wider than it was measured.\n"
                "\\providecommand{\\dgtext}[3]{\\setbox0\\hbox{\\sffamily\\fontsize{#2bp}{#2bp}\\selectfont #3}%\n"
                "  \\ifdim\\wd0>#1bp\\resizebox{#1bp}{\\height}{\\box0}\\else\\box0\\fi}%\n"
                "\\begin{tikzpicture}[x=");
    text_number(t, s->scale, 6);
    text_put(t, "bp,y=");
    text_number(t, s->scale, 6);
    text_put(t, "bp]\n");
    text_put(t, "\\path[");
    put_rgb(t, "fill", s->background);
    text_put(t, "] (0,0) rectangle (");
    text_number(t, s->width, 2);
    text_put(t, ",");
    text_number(t, s->height, 2);
    text_put(t, ");\n");
    for (int k = 0; k < s->n; k++) {
        const shape *one = &s->shapes[k];
        if (one->tex && !*one->tex) /* a piece of a formula, which LaTeX sets as a whole */
            continue;
        if (one->kind == SHAPE_TEXT)
            put_text(t, s, one);
        else if (one->kind != SHAPE_BEGIN && one->kind != SHAPE_END)
            put_path(t, s, one);
    }
    text_put(t, "\\end{tikzpicture}%\n%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%\n\\end{document}\n");
}
