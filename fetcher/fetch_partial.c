#include "fetcher/fetch_partial.h"

#include "base/clock.h"
#include "base/log.h"
#include "fetcher/fetch_priv.h"
#include "spool/partial.h"
#include "upstream/line_ends.h"

#include <stdio.h>
#include <stdlib.h>

#define KEEP_MIN (16u << 10) /* a smaller message is fetched again */
#define KEEP_MS 5000 /* at least this often */
#define MENDED_MAX (64u << 10) /* of one event */

static struct partial_of name_of(const struct fetch *fetch, const struct plan_item *item)
{
	return (struct partial_of){fetch->mailbox, fetch->folder, fetch->listing.validity, item->number, item->size};
}

static void remove_kept(struct fetch *fetch, struct plan_item *item)
{
	const struct partial_of name = name_of(fetch, item);

	if (item->has_partial)
		partial_remove(fetch->job->spool, &name);
	item->has_partial = false;
	item->kept = item->whole = 0;
}

void fetch_partial_done(struct fetch *fetch, struct plan_item *item)
{
	remove_kept(fetch, item);
}

/* --- before the transfer */

/* A message that waits there for a higher limit, or for a request, keeps what came of it. */
static bool is_still_wanted(const struct fetch *fetch, const struct plan_item *item, const struct partial_name *name)
{
	return item != NULL && item->key != NULL && name->validity == fetch->listing.validity &&
	       (item->action == PLAN_GET || item->action == PLAN_STUB || plan_is_left_large(item, &fetch->memory.seen));
}

static void find(struct fetch *fetch, const struct partial_name *name)
{
	struct plan_item *item = plan_find(&fetch->plan, name->uid);
	struct partial_of of = {fetch->mailbox, fetch->folder, name->validity, name->uid, item == NULL ? 0 : item->size};
	struct partial *partial;
	struct error error;

	if (!is_still_wanted(fetch, item, name)) {
		partial_remove(fetch->job->spool, &of);
		return;
	}
	if (partial_open(&partial, fetch->job->spool, &of, &error) != 0)
		log_warnx("event=partial-unreadable account=%s reason=%s", LOG_CSTR(fetch->job->account->name), LOG_ERROR(&error));
	if (partial == NULL)
		return;
	item->has_partial = true;
	item->kept = partial_size(partial);
	item->whole = partial_whole(partial);
	partial_close(partial);
}

void fetch_partial_find(struct fetch *fetch)
{
	struct partial_name names[PARTIAL_FILES_MAX];
	size_t count = fetch->is_imap ? partial_list(fetch->job->spool, fetch->mailbox, fetch->folder, names, PARTIAL_FILES_MAX) : 0;

	for (size_t i = 0; i < count; i++)
		find(fetch, &names[i]);
}

/* Where the requested part begins. */
static uint64_t start_of(const struct plan_item *item)
{
	return item->kept > FETCH_OVERLAP ? item->kept - FETCH_OVERLAP : 0;
}

bool fetch_partial_ask(struct fetch *fetch, const struct plan_item *item)
{
	char part[64];

	if (item->kept == 0)
		return fetch_dialogue_ask(fetch, ASK_MESSAGE, item);
	snprintf(part, sizeof(part), "%llu.%llu", (unsigned long long)start_of(item), (unsigned long long)(item->whole - start_of(item)));
	return fetch_dialogue_ask_rest(fetch, item, slice_of(part));
}

/* --- its first bytes */

static int append(struct fetch *fetch, struct slice raw, struct error *error)
{
	struct fetch_partial *partial = &fetch->message.partial;

	while (raw.len > 0) {
		struct slice some = slice_make(raw.ptr, raw.len < MENDED_MAX / 2 ? raw.len : MENDED_MAX / 2);

		buf_reset(&partial->mended);
		line_ends_mend(&partial->after_cr, some, &partial->mended);
		if (body_append(&fetch->message.body, buf_slice(&partial->mended), &fetch->message.envelope.id, error) != 0)
			return -1;
		raw = slice_from(raw, some.len);
	}
	return 0;
}

static void note_overlap(struct fetch_partial *partial, struct slice raw)
{
	size_t room = sizeof(partial->overlap), stays;

	if (raw.len > room)
		raw = slice_from(raw, raw.len - room);
	stays = partial->overlap_len + raw.len > room ? room - raw.len : partial->overlap_len;
	memmove(partial->overlap, partial->overlap + partial->overlap_len - stays, stays);
	memcpy(partial->overlap + stays, raw.ptr, raw.len);
	partial->overlap_len = stays + raw.len;
}

/* The kept bytes come first. Returns -1 if the body cannot take them; if they cannot be read, the message is useless. */
static int load(struct fetch *fetch, struct plan_item *item, struct error *error)
{
	struct fetch_partial *partial = &fetch->message.partial;
	const struct partial_of name = name_of(fetch, item);
	struct error reason;
	struct slice raw;
	size_t at = 0;
	int result = 0;

	partial->is_rest = true;
	if (partial_open(&partial->file, fetch->job->spool, &name, &reason) != 0 || partial->file == NULL ||
	    partial_size(partial->file) != item->kept) {
		partial->is_useless = true;
		return 0;
	}
	while (result == 0 && partial_next(partial->file, &at, &raw)) {
		note_overlap(partial, raw);
		result = append(fetch, raw, error);
	}
	partial->is_useless = partial_loaded(partial->file, &reason) != 0;
	partial->came = item->kept;
	return result;
}

static void say_continued(const struct fetch *fetch, const struct plan_item *item)
{
	log_info("event=message-continued account=%s uidl=%s kept=%llu whole=%llu", LOG_CSTR(fetch->job->account->name), LOG_CSTR(item->key),
	    (unsigned long long)item->kept, (unsigned long long)item->whole);
}

int fetch_partial_begin(struct fetch *fetch, uint64_t size, struct error *error)
{
	struct fetch_partial *partial = &fetch->message.partial;
	struct plan_item *item = fetch->message.item;

	if (!fetch->is_imap || item->key == NULL || item->action != PLAN_GET)
		return 0;
	buf_init(&partial->pending, PARTIAL_PIECE_MAX);
	buf_init(&partial->mended, MENDED_MAX);
	partial->kept_at = clock_now_ms();
	if (item->kept > 0 && size == item->whole - start_of(item) && size != item->whole) {
		say_continued(fetch, item);
		partial->whole = item->whole;
		partial->keeps = true;
		return load(fetch, item, error);
	}
	partial->is_rest = partial->is_useless = item->kept > 0 && size != item->whole;
	if (partial->is_useless)
		return 0;
	remove_kept(fetch, item); /* the server sends it whole */
	partial->whole = size;
	partial->keeps = size >= KEEP_MIN && size <= UINT32_MAX;
	return 0;
}

/* --- during the transfer */

/* The message itself goes on. */
static void stop_keeping(struct fetch *fetch, const struct error *error)
{
	struct fetch_partial *partial = &fetch->message.partial;

	log_warnx("event=partial-not-kept account=%s reason=%s", LOG_CSTR(fetch->job->account->name), LOG_ERROR(error));
	partial_close(partial->file);
	partial->file = NULL;
	partial->keeps = false;
	buf_clear(&partial->pending);
	remove_kept(fetch, fetch->message.item);
}

static int write_piece(struct fetch *fetch, struct error *error)
{
	struct fetch_partial *partial = &fetch->message.partial;
	struct plan_item *item = fetch->message.item;
	const struct partial_of name = name_of(fetch, item);

	if (partial->file == NULL) {
		if (partial_create(&partial->file, fetch->job->spool, &name, partial->whole, error) != 0)
			return -1;
		item->has_partial = true;
	}
	if (partial_append(partial->file, buf_slice(&partial->pending), error) != 0)
		return -1;
	buf_reset(&partial->pending);
	return 0;
}

/* Keeps what came. syncs: durably. */
static void keep(struct fetch *fetch, bool syncs)
{
	struct fetch_partial *partial = &fetch->message.partial;
	struct error error;

	if (!partial->keeps)
		return;
	if ((partial->pending.len > 0 && write_piece(fetch, &error) != 0) ||
	    (syncs && partial->file != NULL && partial_sync(partial->file, &error) != 0))
		stop_keeping(fetch, &error);
	partial->kept_at = clock_now_ms();
}

static void came(struct fetch *fetch, struct slice raw)
{
	struct fetch_partial *partial = &fetch->message.partial;

	partial->came += raw.len;
	partial->gained += raw.len;
	if (partial->keeps && partial->pending.len + raw.len > PARTIAL_PIECE_MAX)
		keep(fetch, false);
	if (!partial->keeps)
		return;
	buf_append_slice(&partial->pending, raw);
	if (clock_now_ms() - partial->kept_at >= KEEP_MS)
		keep(fetch, true);
}

/* The first bytes of the rest are known already. */
static struct slice skip_overlap(struct fetch_partial *partial, struct slice raw)
{
	size_t known = partial->overlap_len - partial->overlap_at;

	if (known > raw.len)
		known = raw.len;
	if (memcmp(partial->overlap + partial->overlap_at, raw.ptr, known) != 0)
		partial->is_useless = true;
	partial->overlap_at += known;
	return slice_from(raw, known);
}

int fetch_partial_data(struct fetch *fetch, struct slice text, struct slice raw, struct error *error)
{
	struct fetch_partial *partial = &fetch->message.partial;

	if (partial->is_rest && !partial->is_useless)
		raw = skip_overlap(partial, raw);
	if (partial->is_useless)
		return 0;
	came(fetch, raw);
	return partial->is_rest ? append(fetch, raw, error) : body_append(&fetch->message.body, text, &fetch->message.envelope.id, error);
}

bool fetch_partial_is_useless(const struct fetch *fetch)
{
	const struct fetch_partial *partial = &fetch->message.partial;

	return partial->is_rest && (partial->is_useless || partial->came != partial->whole);
}

/* --- the end */

void fetch_partial_discard(struct fetch *fetch)
{
	struct plan_item *item = fetch->message.item;

	fetch_partial_close(fetch);
	if (item != NULL)
		remove_kept(fetch, item);
}

void fetch_partial_refused(struct fetch *fetch, struct plan_item *item)
{
	log_info("event=partial-refused account=%s uidl=%s", LOG_CSTR(fetch->job->account->name), LOG_CSTR(item->key));
	remove_kept(fetch, item);
	fetch_tries_add(fetch, item, true);
	fetch->transfer.tries_again = true;
}

void fetch_partial_cut(struct fetch *fetch)
{
	const struct fetch_partial *partial = &fetch->message.partial;
	struct plan_item *item = fetch->message.item;
	uint64_t gained = partial->gained;
	enum fetch_end end = fetch->connection.end;

	if (item == NULL)
		return;
	if (partial->is_useless || end == FETCH_GARBLED || end == FETCH_BROKEN_OFF) {
		fetch_partial_discard(fetch);
		return;
	}
	keep(fetch, true);
	if (partial->file == NULL)
		return;
	log_info("event=message-kept account=%s uidl=%s kept=%llu whole=%llu", LOG_CSTR(fetch->job->account->name), LOG_CSTR(item->key),
	    (unsigned long long)partial->came, (unsigned long long)partial->whole);
	fetch->transfer.kept = gained;
	if (gained < FETCH_PROGRESS)
		return;
	fetch->transfer.kept_item = item;
	fetch_tries_forget(fetch, item);
}

void fetch_partial_close(struct fetch *fetch)
{
	struct fetch_partial *partial = &fetch->message.partial;

	partial_close(partial->file);
	buf_clear(&partial->pending);
	buf_clear(&partial->mended);
	*partial = (struct fetch_partial){0};
}
