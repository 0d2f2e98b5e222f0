/* One file with everything in it: pictures, style, script and data. A content policy keeps it from loading anything. */
#include "html.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char draw_page_script[], draw_page_style[];

static bool add_pair(cJSON *list, const char *name, int number)
{
    cJSON *pair = cJSON_CreateArray();
    return cJSON_AddItemToArray(list, pair) && cJSON_AddItemToArray(pair, cJSON_CreateString(name)) &&
           cJSON_AddItemToArray(pair, cJSON_CreateNumber(number));
}

static cJSON *make_data(const html_page *page)
{
    cJSON *data = cJSON_CreateObject(), *states = cJSON_AddArrayToObject(data, "states");
    cJSON *parents = cJSON_AddArrayToObject(data, "parents"), *names = cJSON_AddArrayToObject(data, "names");
    bool fine = states && parents && names;
    for (int k = 0; fine && k < page->n_states; k++) {
        cJSON *state = cJSON_CreateObject();
        fine = cJSON_AddItemToArray(states, state) && cJSON_AddStringToObject(state, "name", page->states[k].name) &&
               cJSON_AddNumberToObject(state, "module", page->states[k].module);
    }
    for (int k = 0; fine && k < page->n_modules; k++)
        fine = cJSON_AddItemToArray(parents, cJSON_CreateNumber(page->parents[k]));
    for (int k = 0; fine && k < page->n_names; k++)
        fine = add_pair(names, page->names[k].name, page->names[k].state);
    if (!fine) {
        cJSON_Delete(data);
        return NULL;
    }
    return data;
}

/* JSON inside of a script element: no < may be in it, and bytes that are no UTF-8 not either. */
static bool put_data(text *to, const html_page *page)
{
    cJSON *data = make_data(page);
    char *words = data ? cJSON_PrintUnformatted(data) : NULL;
    text_put(to, "<script type=\"application/json\" id=\"data\">");
    for (const char *at = words; at && *at;) {
        const char *begin = at;
        uint32_t c = text_character(&at);
        if (c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029 || c == 0xfffd)
            text_add(to, "\\u%04x", (unsigned)c);
        else
            text_bytes(to, begin, (size_t)(at - begin));
    }
    text_put(to, "</script>\n");
    cJSON_free(words);
    cJSON_Delete(data);
    return words != NULL;
}

static void put_colors(text *to, bool dark)
{
    const char *colors[2];
    for (int k = 0; svg_variable(k, &colors[0], &colors[1]); k++)
        text_add(to, "--c%d:%s;", k, colors[dark]);
}

/* Of the author's colours, those that the dark page changes: there, or (print) as they are. */
static void put_lifted(text *to, const html_page *page, bool dark)
{
    char made[8];
    text seen = {0};
    for (int k = 0; k < page->n_states; k++)
        for (int i = 0; i < page->states[k].scene.n; i++) {
            const shape *one = &page->states[k].scene.shapes[i];
            const char *colors[2] = {one->fill, one->stroke};
            for (int c = 0; c < 2; c++) {
                char name[16] = "";
                if (!svg_is_lifted(&page->states[k].scene, one, colors[c], made))
                    continue;
                snprintf(name, sizeof name, "--%c%s:", one->kind == SHAPE_TEXT ? 't' : 'l', colors[c] + 1);
                if (!seen.bytes || !strstr(seen.bytes, name))
                    text_add(&seen, "%s%s;", name, dark ? made : colors[c]);
            }
        }
    text_put(to, seen.bytes ? seen.bytes : "");
    to->failed |= seen.failed;
    text_free(&seen);
}

static void put_style(text *to, const html_page *page)
{
    text_put(to, "<style>\n:root{color-scheme:light;");
    put_colors(to, false);
    text_put(to, "}\n@media (prefers-color-scheme:dark){:root:not([data-look=light]){color-scheme:dark;");
    put_colors(to, true);
    put_lifted(to, page, true);
    text_put(to, "}}\n:root[data-look=dark]{color-scheme:dark;");
    put_colors(to, true);
    put_lifted(to, page, true);
    text_put(to, "}\n@media print{:root,:root[data-look=dark]{color-scheme:light;");
    put_colors(to, false);
    put_lifted(to, page, false);
    text_put(to, "}}\n");
    text_put(to, draw_page_style);
    text_put(to, "</style>\n");
}

static void put_header(text *to, const html_page *page)
{
    text_put(to, "<header><h1>");
    text_xml(to, page->title);
    text_put(to, "</h1>\n<label>Modules <select id=\"state\">");
    for (int k = 0; k < page->n_states; k++) {
        text_add(to, "<option value=\"%d\">", k);
        text_xml(to, page->states[k].name);
        text_put(to, "</option>");
    }
    text_put(to, "</select></label>\n<label>Search <input id=\"find\" type=\"search\" autocomplete=\"off\"></label>\n"
                 "<button id=\"in\" title=\"+\">Larger</button><button id=\"out\" title=\"-\">Smaller</button>"
                 "<button id=\"fit\" title=\"0\">Whole</button><button id=\"dark\">Dark / light</button>"
                 "<button id=\"print\">Print</button></header>\n");
}

dg_status paint_html(const html_page *page, text *to)
{
    text_put(to, "<!DOCTYPE html>\n<html lang=\"en\"");
    text_put(to, page->is_dark ? " data-look=\"dark\">\n" : ">\n");
    text_put(
        to,
        "<head>\n<meta charset=\"UTF-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
        "<link rel=\"icon\" href=\"data:,\">\n<title>");
    text_xml(to, page->title);
    text_put(to, "</title>\n");
    put_style(to, page);
    text_put(to, "</head>\n<body>\n");
    put_header(to, page);
    text_put(to, "<main><div id=\"stage\" tabindex=\"-1\">\n");
    for (int k = 0; k < page->n_states; k++) {
        text_add(to, "<div class=\"state\"%s>\n", k ? " hidden" : "");
        paint_svg_element(&page->states[k].scene, to);
        text_put(to, "</div>\n");
    }
    text_put(
        to,
        "</div>\n<aside aria-label=\"Details\"><p id=\"info\"></p><div id=\"found\"></div>"
        "<p>Click a node for its ways; a closed module opens, the name of an open one closes it. Keys: Tab and Enter, "
        "arrows, + − 0, [ ] other modules, / search (Enter: the next), Escape.</p></aside></main>\n"
        "<div id=\"say\" role=\"status\" aria-live=\"polite\"></div>\n");
    bool fine = put_data(to, page);
    text_put(to, "<script>\n");
    text_put(to, draw_page_script);
    text_put(to, "</script>\n</body>\n</html>\n");
    return fine && !to->failed ? dg_ok() : dg_no_memory("a page");
}
