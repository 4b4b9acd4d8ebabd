#include "config/conf.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX 1024
#define KEPT_MAX 1000 /* more nobody reads; they are counted all the same */

void conf_problem_add(struct conf_problems *problems, struct conf_place place, bool is_warning,
    const char *format, ...)
{
	char raw[TEXT_MAX], text[TEXT_MAX];
	va_list args;

	if (!is_warning)
		problems->errors++;
	if (problems->count >= KEPT_MAX)
		return;
	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	place.file = xstrdup(place.file == NULL ? "" : place.file);
	ARRAY_GROW(problems->items, problems->count);
	problems->items[problems->count++] = (struct conf_problem){place, is_warning,
	    xstrdup(str_printable(text, sizeof(text), slice_of(raw)))};
}

void conf_problems_clear(struct conf_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		free((char *)problems->items[i].place.file);
		free(problems->items[i].text);
	}
	free(problems->items);
	*problems = (struct conf_problems){NULL, 0, 0};
}
