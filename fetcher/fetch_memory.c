/* The stored state of a mailbox: its seen messages, the quality of the line, and the limits of its server. */
#include "base/alloc.h"
#include "base/log.h"
#include "config/conf_folders.h"
#include "fetcher/fetch_priv.h"
#include "mail/login_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* This many messages shorter than listed, and one in this many: the provider estimates sizes. */
#define LIES 3
#define LIARS_SHARE 10
#define ONE_BY_ONE_SECONDS (30 * 24 * 3600) /* then it is tried again */

static const char left_name[] = "left", commit_name[] = "commit-every", one_name[] = "one-by-one",
		  mailbox_name[] = "mailbox", right_name[] = "sizes-right", short_name[] = "sizes-short",
		  listing_name[] = "listing", compress_name[] = "no-compress";

/* *text is new memory; NULL if nothing is stored. */
static int recall_text(const struct fetch *fetch, const char *name, const char *of, char **text, struct error *error)
{
	char *key = xasprintf("%s %s", name, of);
	int result = state_get(fetch->job->spool->state, key, text, error);

	free(key);
	return result;
}

static int recall_number(const struct fetch *fetch, const char *name, const char *of, int64_t *number, struct error *error)
{
	char *key = xasprintf("%s %s", name, of);
	int known = state_numbers_get(fetch->job->spool->state, key, number, 1, error);

	free(key);
	return known;
}

/* Older versions stored it under the name of the account. 0 where nothing is remembered. */
static int recall(const struct fetch *fetch, const char *name, uint64_t *number, struct error *error)
{
	int64_t stored;
	int known = recall_number(fetch, name, fetch->server, &stored, error);

	if (known == 0)
		known = recall_number(fetch, name, fetch->job->account->name, &stored, error);
	*number = stored > 0 ? (uint64_t)stored : 0;
	return known < 0 ? -1 : 0;
}

static void remember_text(const struct fetch *fetch, const char *name, const char *of, const char *text)
{
	char *key = xasprintf("%s %s", name, of);
	struct error error;

	if (state_set(fetch->job->spool->state, key, text, &error) != 0)
		log_warnx("event=not-remembered account=%s what=%s reason=%s",
		    LOG_CSTR(fetch->job->account->name), name, LOG_ERROR(&error));
	free(key);
}

static void remember(const struct fetch *fetch, const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	remember_text(fetch, name, name == left_name ? fetch->mailbox : fetch->server, text);
}

/* --- seen messages */

void fetch_memory_adopt(const struct conf *conf, struct state *state)
{
	for (size_t i = 0; i < conf->account_count; i++) {
		const char *name = conf->accounts[i].name;
		char *mailbox = conf_mailbox(&conf->accounts[i]);
		struct error error;

		if (state_seen_move(state, name, mailbox, &error) != 0)
			log_warnx("event=seen-not-moved account=%s reason=%s", LOG_CSTR(name), LOG_ERROR(&error));
		free(mailbox);
	}
}

/* "ivan" and "ivan@example.ru" may be the same. */
static bool is_same_login(const char *one, const char *other)
{
	size_t a = strcspn(one, "@ "), b = strcspn(other, "@ ");
	size_t whole = strcspn(one, " "), other_whole = strcspn(other, " ");

	if (a != b || strncmp(one, other, a) != 0)
		return false;
	return one[a] != '@' || other[b] != '@' || (whole == other_whole && strncmp(one, other, whole) == 0);
}

/* The same account on another server: its messages have other UIDs now, but the same headers. */
static int take_from_former(struct fetch *fetch, const char *former, struct error *error)
{
	struct map seen = MAP_INIT;
	struct slice key;
	void *what;
	char *left;
	int result = recall_text(fetch, left_name, former, &left, error);

	if (result == 0)
		result = state_seen_load(fetch->job->spool->state, former, &seen, error);
	for (size_t at = 0; result == 0 && map_next(&seen, &at, &key, &what);) {
		char *moved = plan_moved_key(key.ptr);

		if (((const struct seen *)what)->digest != 0)
			result = fetch_memory_add_seen(fetch, moved, what, error);
		free(moved);
	}
	if (result == 0 && left != NULL)
		remember_text(fetch, left_name, fetch->mailbox, left);
	if (result == 0)
		log_info("event=mailbox-moved account=%s messages=%zu", LOG_CSTR(fetch->job->account->name), fetch->memory.seen.count);
	state_seen_clear(&seen);
	free(left);
	return result;
}

/* Otherwise all renumbered messages would be new. Older versions stored that of INBOX under the name of the account. */
static int load_left(struct fetch *fetch, struct error *error)
{
	int64_t stored = 0;
	int known = recall_number(fetch, left_name, fetch->mailbox, &stored, error);

	if (known == 0 && strcmp(fetch->folder, CONF_INBOX) == 0)
		known = recall_number(fetch, left_name, fetch->job->account->name, &stored, error);
	fetch->memory.left = known > 0 && stored > 0 ? (size_t)stored : 0;
	return known < 0 ? -1 : 0;
}

int fetch_memory_load_seen(struct fetch *fetch, struct error *error)
{
	bool is_inbox = strcmp(fetch->folder, CONF_INBOX) == 0;
	char *name = is_inbox ? xstrdup(fetch->job->account->name) : xasprintf("%s/%s", fetch->job->account->name, fetch->folder);
	char *former = NULL;
	int result = is_inbox ? state_seen_move(fetch->job->spool->state, name, fetch->mailbox, error) : 0;

	if (result == 0)
		result = state_seen_load(fetch->job->spool->state, fetch->mailbox, &fetch->memory.seen, error);
	if (result == 0)
		result = recall_text(fetch, mailbox_name, name, &former, error);
	if (former != NULL && fetch->memory.seen.count == 0 && strcmp(former, fetch->mailbox) != 0 &&
	    is_same_login(former, fetch->mailbox))
		result = take_from_former(fetch, former, error);
	if (result == 0 && (former == NULL || strcmp(former, fetch->mailbox) != 0))
		remember_text(fetch, mailbox_name, name, fetch->mailbox);
	free(former);
	free(name);
	return result == 0 ? load_left(fetch, error) : -1; /* perhaps that of the former server */
}

int fetch_memory_add_seen(struct fetch *fetch, const char *key, const struct seen *what, struct error *error)
{
	state_seen_put(&fetch->memory.seen, slice_of(key), what);
	return state_seen_add(fetch->job->spool->state, fetch->mailbox, slice_of(key), "", what, error);
}

void fetch_memory_add_mark(struct fetch *fetch, char *key, const struct seen *what)
{
	struct error error;

	if (fetch_memory_add_seen(fetch, key, what, &error) != 0)
		log_warnx("event=message-not-remembered account=%s reason=%s", LOG_CSTR(fetch->job->account->name),
		    LOG_ERROR(&error));
	free(key);
}

void fetch_memory_clear_folder(struct fetch *fetch)
{
	state_seen_clear(&fetch->memory.seen);
	fetch->memory.left = 0;
}

void fetch_memory_clear(struct fetch *fetch)
{
	state_seen_clear(&fetch->memory.seen);
	fetch->memory = (struct fetch_memory){0};
}

/* --- its line and its server */

int fetch_memory_load(struct fetch *fetch, struct error *error)
{
	struct fetch_memory *memory = &fetch->memory;
	uint64_t commit_every, right_sizes, short_sizes, since, no_compress;

	if (recall(fetch, commit_name, &commit_every, error) != 0 ||
	    recall(fetch, right_name, &right_sizes, error) != 0 || recall(fetch, short_name, &short_sizes, error) != 0 ||
	    recall(fetch, one_name, &since, error) != 0 || recall(fetch, compress_name, &no_compress, error) != 0)
		return -1;
	memory->login_way = login_recall(fetch->job->spool->state, "account", fetch->job->account->name);
	memory->commit_every = (size_t)commit_every;
	memory->right_sizes = (size_t)right_sizes;
	memory->short_sizes = (size_t)short_sizes;
	memory->one_by_one = since > 0 && (int64_t)since + ONE_BY_ONE_SECONDS > fetch->begun;
	memory->no_compress = no_compress > 0 && (int64_t)no_compress + ONE_BY_ONE_SECONDS > fetch->begun;
	return 0;
}

char *fetch_memory_load_listing(const struct fetch *fetch)
{
	struct error error;
	char *text = NULL;

	if (recall_text(fetch, listing_name, fetch->mailbox, &text, &error) != 0)
		log_warnx("event=listing-not-recalled account=%s reason=%s", LOG_CSTR(fetch->job->account->name), LOG_ERROR(&error));
	return text;
}

void fetch_memory_save_listing(const struct fetch *fetch, const char *text)
{
	remember_text(fetch, listing_name, fetch->mailbox, text);
}

void fetch_memory_save_left(struct fetch *fetch, size_t left)
{
	if (left != fetch->memory.left)
		remember(fetch, left_name, left);
	fetch->memory.left = left;
}

void fetch_memory_save_commit_every(struct fetch *fetch, size_t number)
{
	if (number != fetch->memory.commit_every)
		remember(fetch, commit_name, number);
	fetch->memory.commit_every = number;
}

void fetch_memory_save_one_by_one(struct fetch *fetch)
{
	if (!fetch->memory.one_by_one)
		remember(fetch, one_name, (uint64_t)fetch->begun);
	fetch->memory.one_by_one = true;
}

void fetch_memory_save_no_compress(struct fetch *fetch)
{
	log_info("event=compression-fails account=%s", LOG_CSTR(fetch->job->account->name));
	remember(fetch, compress_name, (uint64_t)fetch->begun);
	fetch->memory.no_compress = true;
}

/* If sizes are right, nothing is written. */
void fetch_memory_save_sizes(struct fetch *fetch)
{
	if (!fetch->memory.sizes_changed)
		return;
	remember(fetch, right_name, fetch->memory.right_sizes);
	remember(fetch, short_name, fetch->memory.short_sizes);
}

bool fetch_memory_sizes_lie(const struct fetch *fetch)
{
	return fetch->memory.short_sizes >= LIES && LIARS_SHARE * fetch->memory.short_sizes >= fetch->memory.right_sizes + fetch->memory.short_sizes;
}
