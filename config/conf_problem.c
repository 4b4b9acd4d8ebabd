/* The list of problems in a configuration, each with its file and line. */
#include "config/conf.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX PHRASE_TEXT_MAX
#define KEPT_MAX 1000 /* further ones are only counted */

void conf_problem_add(struct conf_problems *problems, struct conf_place place, bool is_warning,
    const char *format, ...)
{
	char phrase[TEXT_MAX];
	va_list args;

	if (!is_warning)
		problems->errors++;
	if (problems->count >= KEPT_MAX)
		return;
	va_start(args, format);
	phrase_vset(phrase, sizeof(phrase), format, args);
	va_end(args);
	place.file = xstrdup(place.file == NULL ? "" : place.file);
	ARRAY_GROW(problems->items, problems->count);
	problems->items[problems->count++] = (struct conf_problem){.place = place, .is_warning = is_warning,
	    .phrase = xstrdup(phrase)};
}

int conf_problem_error(const struct conf_problem *problem, struct error *error)
{
	if (problem->place.line > 0)
		return error_set(error, ERROR_CONFIG, "%s:%d: %s", problem->place.file, problem->place.line, problem->phrase);
	return error_set(error, ERROR_CONFIG, "%s: %s", problem->place.file, problem->phrase);
}

static size_t file_rank(const struct conf_problems *problems, const char *file)
{
	size_t rank = 0;

	while (strcmp(problems->items[rank].place.file, file) != 0)
		rank++;
	return rank;
}

struct ranked {
	size_t file, was;
	struct conf_problem problem;
};

static int compare(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->problem.place.line != b->problem.place.line)
		return a->problem.place.line < b->problem.place.line ? -1 : 1;
	return a->was < b->was ? -1 : a->was > b->was;
}

void conf_problems_sort(struct conf_problems *problems)
{
	struct ranked *ranked = xcalloc(problems->count + 1, sizeof(*ranked));

	for (size_t i = 0; i < problems->count; i++)
		ranked[i] = (struct ranked){file_rank(problems, problems->items[i].place.file), i,
		    problems->items[i]};
	qsort(ranked, problems->count, sizeof(*ranked), compare);
	for (size_t i = 0; i < problems->count; i++)
		problems->items[i] = ranked[i].problem;
	free(ranked);
}

void conf_problems_clear(struct conf_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		free((char *)problems->items[i].place.file);
		free(problems->items[i].phrase);
	}
	free(problems->items);
	*problems = (struct conf_problems){NULL, 0, 0};
}
