/*
 * The whole message takes the place of its stub, if a user has asked for that by IMAP: the keyword $Fetch, or the folder Fetch.
 *
 * It goes to the folder where the stub is (from Fetch: to the one it came from), and the stub is removed by the same record of the intake
 * log: so the user has one of them, whatever happens. Each recipient has a stub of their own; those who did not ask keep it.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "base/log.h"
#include "fetcher/fetch_priv.h"
#include "message/imap/folder_use.h"
#include "message/stub_reply.h"
#include "spool/mailbox_name.h"

#include <stdlib.h>

static struct slice folder_of(const char *mailbox)
{
	return mailbox_name_folder(slice_of(mailbox));
}

/* from: where the stub was when the user asked; NULL: not known. The client may not have carried out its change yet. */
static bool is_asking(const struct mailbox_copy *copy, const char *from)
{
	return copy->has_keyword || slice_is(folder_of(copy->mailbox), STUB_FOLDER) ||
	       (from != NULL && mailbox_name_equal(slice_of(copy->mailbox), slice_of(from)));
}

/* --- where it goes */

/* The mailbox of an asking stub, or where the one in Fetch came from; NULL: none asks, or that is not known. New memory. */
static char *target_of(const struct fetch *fetch, const struct mailbox_copies *copies, const char *from)
{
	bool is_in_fetch = false;
	struct error error;

	for (size_t i = 0; i < copies->count; i++) {
		bool in_fetch = slice_is(folder_of(copies->items[i].mailbox), STUB_FOLDER);

		if (!in_fetch && is_asking(&copies->items[i], from))
			return xstrdup(copies->items[i].mailbox);
		is_in_fetch = is_in_fetch || in_fetch;
	}
	return is_in_fetch && from != NULL && folder_exists(fetch->job->spool, from, &error) > 0 ? xstrdup(from) : NULL;
}

/* The place of the user that may be another one: not if the message goes there in any case, or was found to be junk. */
static struct place *place_to_move(struct envelope *envelope, const char *user, const char *target)
{
	struct place *found = NULL;

	for (size_t i = 0; i < envelope->place_count; i++) {
		struct place *place = &envelope->places[i];
		char *folder;
		bool is_junk;

		if (place->kind != PLACE_MAILBOX || !slice_is_nocase(mailbox_name_user(slice_of(place->name)), user))
			continue;
		folder = slice_dup(folder_of(place->name));
		is_junk = folder_has_use(folder, FOLDER_USE_JUNK);
		free(folder);
		if (is_junk || mailbox_name_equal(slice_of(place->name), slice_of(target)))
			return NULL;
		if (found == NULL || folder_of(place->name).len == 0)
			found = place;
	}
	return found;
}

/* --- the stubs */

static void add_removal(struct fetch_replace *replace, const struct mailbox_copy *copy)
{
	ARRAY_GROW(replace->facts, replace->count);
	replace->facts[replace->count++] = (struct fact){.kind = FACT_REMOVE, .name = xstrdup(copy->mailbox), .text = xstrdup(copy->unique)};
}

static void replace_for(const struct fetch *fetch, struct envelope *envelope, const char *user, const char *stub, struct fetch_replace *replace)
{
	char *from = stub_origin_get(fetch->job->spool->state, user, stub), *target;
	struct mailbox_copies copies;
	struct place *place;
	struct error error;

	if (mailbox_copies(fetch->job->spool, user, stub, STUB_KEYWORD, &copies, &error) != 0) {
		log_warnx("event=mailbox-unreadable mailbox=%s reason=%s", LOG_CSTR(user), LOG_ERROR(&error));
		free(from);
		return;
	}
	target = target_of(fetch, &copies, from);
	place = target == NULL ? NULL : place_to_move(envelope, user, target);
	if (place != NULL) {
		envelope_set(&place->name, slice_of(target));
		envelope_set(&place->why, slice_of(PHRASE(N_("in place of its stub"))));
	}
	for (size_t i = 0; i < copies.count; i++)
		if (is_asking(&copies.items[i], from))
			add_removal(replace, &copies.items[i]);
	free(from);
	free(target);
	mailbox_copies_clear(&copies);
}

void fetch_replace_remove_stubs(const struct spool *spool, const char *user, const char *stub)
{
	char *from = stub_origin_get(spool->state, user, stub);
	struct mailbox_copies copies;
	struct error error = ERROR_INIT;
	int result = mailbox_copies(spool, user, stub, STUB_KEYWORD, &copies, &error);

	for (size_t i = 0; i < copies.count && result == 0; i++)
		if (is_asking(&copies.items[i], from))
			result = intake_remove(spool->intake, copies.items[i].mailbox, (const char *const *)&copies.items[i].unique, 1, &error);
	if (result != 0)
		log_warnx("event=mailbox-unreadable mailbox=%s reason=%s", LOG_CSTR(user), LOG_ERROR(&error));
	mailbox_copies_clear(&copies);
	free(from);
}

/* The id of the stub of the message; NULL: it has none. New memory. */
static char *stub_of(const struct fetch *fetch, const struct plan_item *item)
{
	char *key = plan_stub_key(item->key), *id;
	struct error error;
	int64_t time;

	if (state_seen_get(fetch->job->spool->state, fetch->mailbox, slice_of(key), &id, &time, &error) != 0)
		log_warnx("event=stub-not-found id=%s reason=%s", LOG_CSTR(item->key), LOG_ERROR(&error));
	free(key);
	return id;
}

static void add_users(const struct envelope *envelope, struct strlist *users)
{
	for (size_t i = 0; i < envelope->place_count; i++) {
		char *user = slice_dup(mailbox_name_user(slice_of(envelope->places[i].name)));

		if (envelope->places[i].kind == PLACE_MAILBOX && !strlist_has(users, user))
			strlist_add(users, user);
		free(user);
	}
}

void fetch_replace_stubs(const struct fetch *fetch, struct fetch_message *what, struct fetch_replace *replace)
{
	const struct plan_item *item = what->item;
	struct strlist users = {.items = NULL};
	char *stub;

	*replace = (struct fetch_replace){.facts = NULL};
	if (item->action != PLAN_GET || !plan_is_wanted(item, &fetch->memory.seen))
		return;
	stub = stub_of(fetch, item);
	if (stub != NULL && stub[0] != '\0')
		add_users(&what->envelope, &users);
	for (size_t i = 0; i < users.count; i++)
		replace_for(fetch, &what->envelope, users.items[i], stub, replace);
	strlist_clear(&users);
	free(stub);
}

void fetch_replace_clear(struct fetch_replace *replace)
{
	for (size_t i = 0; i < replace->count; i++) {
		free((void *)(uintptr_t)replace->facts[i].name);
		free((void *)(uintptr_t)replace->facts[i].text);
	}
	free(replace->facts);
}

/* --- the folder Fetch */

/* For users who have folders: a mail program shows where the stub may be moved to. */
void fetch_replace_make_folders(const struct fetch *fetch, const struct fetch_message *what)
{
	const struct spool *spool = fetch->job->spool;
	struct strlist users = {.items = NULL};

	add_users(&what->envelope, &users);
	for (size_t i = 0; i < users.count; i++) {
		struct strlist folders = {.items = NULL};
		char *mailbox = mailbox_name_of(users.items[i], STUB_FOLDER);
		struct error error = ERROR_INIT;
		int result = folder_names(spool, users.items[i], &folders, &error);

		if (result == 0 && folders.count > 0 && !strlist_has(&folders, STUB_FOLDER)) {
			result = mailbox_make(spool, mailbox, &error);
			if (result == 0)
				result = folder_subscribe(spool, users.items[i], STUB_FOLDER, true, &error);
		}
		if (result != 0)
			log_warnx("event=folder-not-made mailbox=%s reason=%s", LOG_CSTR(mailbox), LOG_ERROR(&error));
		free(mailbox);
		strlist_clear(&folders);
	}
	strlist_clear(&users);
}
