#include "ui-tui/question.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ANSWER_MAX 500

/* Byte by byte: what follows may be a password, which is read elsewhere. */
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

char *question_ask(const char *text, const char *otherwise, const char *(*check)(const char *answer))
{
	char answer[ANSWER_MAX];
	const char *wrong;
	char *given;

	for (;;) {
		if (otherwise[0] != '\0')
			printf("%s [%s]: ", text, otherwise);
		else
			printf("%s: ", text);
		fflush(stdout);
		if (!read_answer(answer))
			return NULL;
		given = slice_dup(slice_trim(slice_of(answer)));
		if (given[0] == '\0') {
			free(given);
			given = xstrdup(otherwise);
		}
		wrong = check == NULL ? NULL : check(given);
		if (wrong == NULL)
			return given;
		printf("  %s\n", wrong);
		free(given);
	}
}

bool question_confirm(const char *text, bool otherwise)
{
	/* TRANSLATORS: the answers to yes-or-no questions; the capital one is what Enter takes */
	char *answer = question_ask(text, otherwise ? _("Y/n") : _("y/N"), NULL);
	bool yes = otherwise;

	if (answer == NULL)
		return false;
	if (strchr(answer, '/') == NULL)
		yes = strchr("yYjJ", answer[0]) != NULL || slice_begins_nocase(slice_of(answer), "д") ||
		      slice_begins_nocase(slice_of(answer), "Д");
	free(answer);
	return yes;
}
