#include "ui-tui/widgets/text_width.h"

#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Bytes of the next character of the text (not at its end), and the columns that it takes. */
static size_t next_character(const char *text, size_t left, mbstate_t *state, size_t *columns)
{
	wchar_t character;
	size_t len = mbrtowc(&character, text, left, state);
	int width;

	*columns = 1;
	if (len == 0 || len > left) { /* no locale for it: count bytes */
		memset(state, 0, sizeof(*state));
		return 1;
	}
	width = wcwidth(character);
	*columns = width > 0 ? (size_t)width : 0;
	return len;
}

size_t text_fit(const char *text, size_t most, size_t *width)
{
	size_t left = strlen(text), used = 0, columns;
	mbstate_t state = {0};

	*width = 0;
	while (used < left) {
		size_t len = next_character(text + used, left - used, &state, &columns);

		if (*width + columns > most)
			break;
		*width += columns;
		used += len;
	}
	return used;
}

size_t text_width(const char *text)
{
	size_t width;

	text_fit(text, SIZE_MAX / 2, &width);
	return width;
}

char *text_cut(const char *text, size_t columns)
{
	const char *mark = MB_CUR_MAX > 1 ? "…" : "~";
	size_t width;

	if (text[text_fit(text, columns, &width)] == '\0')
		return xstrdup(text);
	return columns == 0 ? xstrdup("") : xasprintf("%.*s%s", (int)text_fit(text, columns - 1, &width), text, mark);
}
