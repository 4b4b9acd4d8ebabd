#include "ui-tui/command/prompt.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/str.h"
#include "ui-tui/widgets/tui_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ANSWER_MAX 500
#define WIDTH 79

/* Byte by byte: the next line may be a password, which is read elsewhere. */
static bool read_answer(char answer[ANSWER_MAX])
{
	size_t used = 0;
	bool any = false;
	char byte;

	for (;;) {
		ssize_t got = read(STDIN_FILENO, &byte, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		any = true;
		if (byte == '\n')
			break;
		if (used < ANSWER_MAX - 1)
			answer[used++] = byte;
	}
	answer[used] = '\0';
	return any;
}

void prompt_say(const char *text)
{
	struct strlist lines = {0};

	tui_text_wrap(text, WIDTH - 2, &lines);
	for (size_t i = 0; i < lines.count; i++)
		printf("  %s\n", lines.items[i]);
	strlist_clear(&lines);
}

/* One answer, new memory; NULL at the end of the input. */
static char *ask_once(const char *text, const char *otherwise)
{
	char answer[ANSWER_MAX];
	struct slice given;

	if (otherwise[0] != '\0')
		printf("%s [%s]: ", text, otherwise);
	else
		printf("%s: ", text);
	fflush(stdout);
	if (!read_answer(answer)) {
		puts(""); /* the line was not ended by Enter */
		return NULL;
	}
	given = slice_trim(slice_of(answer));
	return given.len > 0 ? slice_dup(given) : xstrdup(otherwise);
}

enum prompt_answer prompt_step(
    const char *text, char **value, const char *(*check)(const void *context, const char *answer), const void *context)
{
	for (;;) {
		char *given = ask_once(text, *value);
		const char *wrong;

		if (given == NULL)
			return PROMPT_END;
		if (strcmp(given, "<") == 0) {
			free(given);
			return PROMPT_BACK;
		}
		if (strcmp(given, "-") == 0)
			given[0] = '\0';
		wrong = check == NULL ? NULL : check(context, given);
		if (wrong == NULL) {
			free(*value);
			*value = given;
			return PROMPT_ANSWERED;
		}
		prompt_say(wrong);
		free(given);
	}
}

bool prompt_confirm(const char *text, bool otherwise)
{
	/* TRANSLATORS: the answers to yes-or-no questions; Enter selects the capital one */
	char *answer = ask_once(text, otherwise ? _("Y/n") : _("y/N"));
	bool yes = otherwise;

	if (answer == NULL)
		return false;
	if (strchr(answer, '/') == NULL)
		yes = strchr("yYjJ", answer[0]) != NULL || slice_begins_nocase(slice_of(answer), "д") ||
		      slice_begins_nocase(slice_of(answer), "Д");
	free(answer);
	return yes;
}
