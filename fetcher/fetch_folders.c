#include "fetcher/fetch_folders.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/log.h"
#include "config/conf_folders.h"
#include "fetcher/fetch_priv.h"
#include "upstream/imap_folder.h"

#include <stdlib.h>
#include <string.h>

#define LIST_BYTES (8u << 20) /* of all names that a server may send */

/* --- the list */

static size_t rank_of(const struct fetch *fetch, const char *name)
{
	const struct strlist *patterns = &fetch->job->account->folders;

	if (strcmp(name, CONF_INBOX) == 0)
		return 0;
	for (size_t i = 0; i < patterns->count; i++)
		if (conf_folders_fit(patterns->items[i], name))
			return i + 1;
	return patterns->count;
}

static void add(struct fetch *fetch, const char *name, struct slice argument)
{
	struct fetch_folders *folders = &fetch->folders;

	if (map_get(&folders->names, slice_of(name)) != NULL)
		return;
	if (folders->count == FETCH_FOLDERS_MAX) {
		fetch_result_missing(fetch, name, PHRASE(N_("more than %d folders fit: the others are not fetched"), FETCH_FOLDERS_MAX));
		return;
	}
	map_put(&folders->names, slice_of(name), (void *)1);
	ARRAY_GROW(folders->items, folders->count);
	folders->items[folders->count++] = (struct fetch_folder){xstrdup(name), slice_dup(argument), rank_of(fetch, name)};
}

/* Some simple servers know no other form of this name. */
static void add_inbox(struct fetch *fetch)
{
	if (conf_folders_has(fetch->job->account, CONF_INBOX))
		add(fetch, CONF_INBOX, SLICE_LITERAL(CONF_INBOX));
}

void fetch_folders_init(struct fetch *fetch)
{
	struct fetch_folders *folders = &fetch->folders;

	folders->usual = fetch->job->account;
	folders->job = *fetch->job;
	folders->account = *fetch->job->account;
	folders->job.account = &folders->account;
	fetch->job = &folders->job;
	add_inbox(fetch);
	folders->are_found = !fetch->is_imap || conf_folders_is_inbox(fetch->job->account);
}

void fetch_folders_clear(struct fetch *fetch)
{
	struct fetch_folders *folders = &fetch->folders;

	for (size_t i = 0; i < folders->count; i++) {
		free(folders->items[i].name);
		free(folders->items[i].argument);
	}
	free(folders->items);
	map_clear(&folders->names);
	map_clear(&fetch->later.whole);
	free(fetch->mailbox);
}

/* --- asking the server */

static void add_named(struct fetch *fetch, const char *name)
{
	struct buf argument = BUF_INIT(IMAP_SET_MAX);

	if (imap_folder_argument(name, fetch->folders.separator, &argument) == 0)
		add(fetch, name, buf_slice(&argument));
	else
		fetch_result_missing(fetch, name, PHRASE(N_("the name is too long")));
	buf_clear(&argument);
}

static void add_listed(struct fetch *fetch, const struct fetch_event *event)
{
	struct buf argument = BUF_INIT(IMAP_SET_MAX);
	char *name = imap_folder_name(event->text, (char)event->size);

	/* A server may answer more than it was asked. */
	if (name != NULL && event->ok && conf_folders_has(fetch->job->account, name) && imap_folder_quote(event->text, &argument) == 0)
		add(fetch, name, buf_slice(&argument));
	buf_clear(&argument);
	free(name);
}

/* Asks for one pattern after the other; plain names need no question. */
static bool feed_patterns(struct fetch *fetch)
{
	const struct strlist *patterns = &fetch->job->account->folders;
	struct buf argument = BUF_INIT(IMAP_SET_MAX);
	bool asked = false;

	while (!asked && fetch->folders.next_question < patterns->count) {
		const char *pattern = patterns->items[fetch->folders.next_question++];

		buf_reset(&argument);
		if (!conf_folders_is_pattern(pattern))
			add_named(fetch, pattern);
		else if (imap_folder_argument(pattern, fetch->folders.separator, &argument) == 0)
			asked = fetch_dialogue_ask_folder(fetch, ASK_FOLDERS, buf_slice(&argument));
	}
	buf_clear(&argument);
	return asked;
}

static bool feed_separator(struct fetch *fetch)
{
	if (fetch->folders.next_question++ > 0)
		return false;
	return fetch_dialogue_ask_folder(fetch, ASK_FOLDERS, SLICE_LITERAL("\"\""));
}

static int check_bytes(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	fetch->listing.bytes += event->text.len + 64;
	if (fetch->listing.bytes <= LIST_BYTES)
		return 0;
	return error_set(error, ERROR_PROTOCOL, N_("%s sent an endless list of folders"), remote_host(fetch->connection.remote));
}

static int separator_event(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	if (event->what == GOT_FOLDER)
		fetch->folders.separator = (char)event->size;
	return check_bytes(fetch, event, error);
}

static int pattern_event(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	if (event->what == GOT_FOLDER)
		add_listed(fetch, event);
	else if (event->what == GOT_REPLY && !event->ok)
		log_warnx("event=folders-not-listed account=%s reply=%s", LOG_CSTR(fetch->job->account->name), LOG_TEXT(event->text));
	return check_bytes(fetch, event, error);
}

/* In a name without levels the separator does not matter. */
static bool needs_separator(const struct conf_account *account)
{
	for (size_t i = 0; i < account->folders.count; i++)
		if (strchr(account->folders.items[i], '/') != NULL)
			return true;
	return false;
}

/* The order of the server stays within a pattern. */
static void sort(struct fetch *fetch)
{
	struct fetch_folders *folders = &fetch->folders;
	struct fetch_folder *sorted = xcalloc(folders->count + 1, sizeof(*sorted));
	size_t count = 0;

	for (size_t rank = 0; rank <= fetch->job->account->folders.count; rank++)
		for (size_t i = 0; i < folders->count; i++)
			if (folders->items[i].rank == rank)
				sorted[count++] = folders->items[i];
	free(folders->items);
	folders->items = sorted;
}

static int list_folders(struct fetch *fetch, struct error *error)
{
	struct fetch_folders *folders = &fetch->folders;

	folders->next_question = 0;
	if (needs_separator(fetch->job->account) && fetch_dialogue_run(fetch, feed_separator, separator_event, error) != 0)
		return -1;
	folders->next_question = 0;
	return fetch_dialogue_run(fetch, feed_patterns, pattern_event, error);
}

int fetch_folders_find(struct fetch *fetch, struct error *error)
{
	struct fetch_folders *folders = &fetch->folders;
	int result;

	if (folders->are_found)
		return 0;
	fetch->connection.window = fetch->memory.one_by_one ? 1 : FETCH_FLIGHT;
	fetch->connection.lists = true;
	result = list_folders(fetch, error);
	fetch->connection.lists = false;
	if (result != 0)
		return -1;
	sort(fetch);
	folders->are_found = true;
	return 0;
}

/* --- one after the other */

struct slice fetch_folders_argument(const struct fetch *fetch)
{
	return slice_of(fetch->folders.items[fetch->folders.current].argument);
}

bool fetch_folders_is_last(const struct fetch *fetch)
{
	return fetch->folders.current + 1 >= fetch->folders.count;
}

int fetch_folders_open(struct fetch *fetch, struct error *error)
{
	struct fetch_folders *folders = &fetch->folders;
	const struct fetch_folder *folder = &folders->items[folders->current];

	if (folders->is_open)
		return 0;
	fetch->folder = folder->name;
	free(fetch->mailbox);
	fetch->mailbox = conf_folders_mailbox(&folders->account, folder->name);
	folders->account.keep_days = conf_folders_keep_days(folders->usual, folder->name);
	if (fetch_memory_load_seen(fetch, error) != 0)
		return -1;
	folders->is_open = true;
	return 0;
}

void fetch_folders_leave(struct fetch *fetch)
{
	if (fetch->folders.is_open)
		fetch_tries_save(fetch);
	fetch_tries_clear(fetch);
	fetch->folders.is_open = false;
}

bool fetch_folders_next(struct fetch *fetch)
{
	struct fetch_folders *folders = &fetch->folders;

	if (fetch_folders_is_last(fetch))
		return false;
	fetch_folders_leave(fetch);
	fetch_result_settle(fetch->result);
	fetch_memory_clear_folder(fetch);
	map_clear(&fetch->later.whole); /* keys of this folder */
	fetch_reset_folder(fetch);
	folders->total = fetch->result->total;
	folders->large = fetch->result->large;
	folders->by_rule = fetch->result->by_rule;
	folders->bytes_total = fetch->result->bytes_total;
	folders->current++;
	return true;
}
