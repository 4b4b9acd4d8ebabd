#include "spool/maintenance/damage.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "spool/layout_priv.h"
#include "spool/storage/state_problems.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEY "corrupt "

int damage_note(struct state *state, const char *name)
{
	size_t len = strlen(name);
	bool is_pair = len > 4 && (strcmp(name + len - 4, ".env") == 0 || strcmp(name + len - 4, ".msg") == 0);
	char *key = xasprintf(KEY "%.*s", (int)(is_pair ? len - 4 : len), name);
	struct error error;
	int news = state_problem_set(state, key, "set-aside", name, clock_wall(), &error);

	if (news < 0)
		log_warnx("event=problem-not-noted reason=%s", LOG_ERROR(&error));
	free(key);
	return news;
}

bool damage_entry(const char *key, struct msgid *id)
{
	const char *name = key + strlen(KEY);

	if (strncmp(key, KEY, strlen(KEY)) != 0 || !msgid_is(slice_of(name)))
		return false;
	snprintf(id->text, sizeof(id->text), "%s", name);
	return true;
}

/* A file that cannot be checked may still exist. */
static bool is_gone(const struct spool *spool, const char *name)
{
	static const char *const suffixes[] = {"", ".env", ".msg"};

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		char *path = layout_queue_file(spool, QUEUE_CORRUPT, name, suffixes[i]);
		bool gone = access(path, F_OK) != 0 && errno == ENOENT;

		free(path);
		if (!gone)
			return false;
	}
	return true;
}

static void collect(void *context, const char *key, const char *text, int64_t since)
{
	(void)text;
	(void)since;
	if (strncmp(key, KEY, strlen(KEY)) == 0)
		strlist_add(context, key);
}

void damage_forget(struct state *state, const struct spool *spool)
{
	struct strlist keys = {NULL, 0};
	struct error error;
	int64_t since;

	if (state_problems(state, collect, &keys, &error) != 0)
		log_warnx("event=problems-unreadable reason=%s", LOG_ERROR(&error));
	for (size_t i = 0; i < keys.count; i++)
		if (is_gone(spool, keys.items[i] + strlen(KEY)) && state_problem_clear(state, keys.items[i], &since, &error) < 0)
			log_warnx("event=problem-not-cleared reason=%s", LOG_ERROR(&error));
	strlist_clear(&keys);
}
