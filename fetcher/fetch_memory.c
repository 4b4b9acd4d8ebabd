/* What is remembered of an account beside its UIDLs: how good its line is, and what its server can take. */
#include "base/log.h"
#include "fetcher/fetch_priv.h"
#include "mail/login_memory.h"

#include <stdio.h>
#include <stdlib.h>

#define ONE_BY_ONE_SECONDS (30 * 24 * 3600) /* then it is tried again */

static const char left_name[] = "left", commit_name[] = "commit-every", one_name[] = "one-by-one";

static void make_key(const struct fetch *fetch, const char *name, char *key, size_t size)
{
	snprintf(key, size, "%s %s", name, fetch->job->account->name);
}

static uint64_t recall(const struct fetch *fetch, const char *name)
{
	char key[96], *text = NULL;
	uint64_t number = 0;
	struct error error;

	make_key(fetch, name, key, sizeof(key));
	if (state_get(fetch->job->state, key, &text, &error) != 0 || text == NULL ||
	    !slice_number(slice_of(text), 0, INT64_MAX, &number))
		number = 0;
	free(text);
	return number;
}

static void remember(const struct fetch *fetch, const char *name, uint64_t number)
{
	char key[96], text[24];
	struct error error;

	make_key(fetch, name, key, sizeof(key));
	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	if (state_set(fetch->job->state, key, text, &error) != 0)
		log_warnx("event=not-remembered account=%s what=%s reason=%s",
		    LOG_CSTR(fetch->job->account->name), name, LOG_CSTR(error.text));
}

void fetch_recall(struct fetch *fetch)
{
	uint64_t since = recall(fetch, one_name);

	fetch->login_way = login_recall(fetch->job->state, "account", fetch->job->account->name);
	fetch->left = (size_t)recall(fetch, left_name);
	fetch->commit_every = (size_t)recall(fetch, commit_name);
	fetch->one_by_one = since > 0 && (int64_t)since + ONE_BY_ONE_SECONDS > fetch->begun;
}

void fetch_remember_left(struct fetch *fetch, size_t left)
{
	if (left != fetch->left)
		remember(fetch, left_name, left);
	fetch->left = left;
}

void fetch_remember_commit_every(struct fetch *fetch, size_t number)
{
	if (number != fetch->commit_every)
		remember(fetch, commit_name, number);
	fetch->commit_every = number;
}

void fetch_remember_one_by_one(struct fetch *fetch)
{
	if (!fetch->one_by_one)
		remember(fetch, one_name, (uint64_t)fetch->begun);
	fetch->one_by_one = true;
}
