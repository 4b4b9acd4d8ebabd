/*
 * The end of a message: whether it is complete, whether it was seen before, and where it goes.
 *
 * A message is accepted only when a valid reply follows it: if a dot was not doubled, or a literal was announced too
 * short, the rest of the message follows instead, and the message must be neither delivered nor deleted. For the last one
 * the proof is the listed size, or a reply to NOOP. A message that is shorter than listed is fetched once more, as the
 * last one: if the result is the same, it is delivered and stays on the server, unless that server's sizes are known to be
 * wrong.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "base/log.h"
#include "fetcher/digest.h"
#include "fetcher/fetch_priv.h"
#include "mail/filter/filter_header.h"
#include "message/header.h"

#include <stdlib.h>
#include <string.h>

#define SLACK 4 /* bytes: some servers count the final dot or the blank line before it */
#define DAY 86400

/* The stub has its own key, so that the message itself can still be fetched later. */
static int finish_stub(struct fetch *fetch, struct error *error)
{
	const struct fetch_job *job = fetch->job;
	struct buf frames = BUF_INIT(FETCH_STUB_MAX);
	struct fetch_stub stub = {job->conf, job->account, fetch->message.envelope.id.text, fetch->message.item->size, fetch->message.item->at_least,
	    (uint64_t)fetch->plan.max_size, fetch->message.item->rule, fetch->message.item->given_up,
	    buf_slice(&fetch->message.stub), SLICE_NONE};
	struct buf message = BUF_INIT(FETCH_STUB_MAX);
	char *key = plan_stub_key(fetch->message.item->key);
	int result;

	if (fetch->message.item->is_later && fetch_later_is_whole(fetch)) {
		stub.structure = fetch_later_frames(fetch, &frames);
		stub.top = buf_slice(&frames);
	}
	result = job->make_stub(job->context, &stub, &message, error);

	envelope_set(&fetch->message.envelope.uidl, slice_of(key));
	fetch->message.envelope.digest = digest_of_header(buf_slice(&fetch->message.stub));
	if (result == 0)
		result = body_append(&fetch->message.body, buf_slice(&message), &fetch->message.envelope.id, error);
	buf_clear(&message);
	buf_clear(&frames);
	free(key);
	return result;
}

/* A catch-all mailbox has two copies of a message to two local users. If the provider does not note the recipient of
 * each copy, the first copy went to all users that it names: then this one goes to nobody and is finished. The digest
 * is 0 for a message to which this does not apply. */
static bool is_copy_known(const struct fetch *fetch, const struct fetch_message *what, struct slice message, uint64_t *copies)
{
	char *key;
	bool is_known;

	*copies = 0;
	if (fetch->job->account->envelope_header[0] == '\0' || what->item->action != PLAN_GET)
		return false;
	*copies = digest_of_copies(message, what->envelope.body);
	if (*copies == 0)
		return false;
	key = plan_copies_key(*copies);
	is_known = map_get(&fetch->memory.seen, slice_of(key)) != NULL || fetch_batch_has_copy(fetch, *copies);
	free(key);
	return is_known;
}

/* Without the fields that only our scanners may write. */
static int clean_header(struct fetch_message *what, struct slice message, const struct scan_verdict *verdict, struct error *error)
{
	struct slice *parts;
	size_t count = filter_header_clean(message, verdict, &what->envelope, &parts);
	int result = count == 0 ? 0 : body_keep(&what->body, parts, count, &what->envelope.id, error);

	if (count > 0)
		free(parts);
	return result;
}

int fetch_message_place(struct fetch *fetch, struct fetch_message *what, const struct scan_verdict *verdict, struct error *error)
{
	const struct fetch_job *job = fetch->job;
	struct fetch_arrival arrival = {.path = what->body.path, .folder = fetch->folder, .verdict = verdict};
	struct fetch_replace replace;
	enum fetch_routed routed;
	uint64_t copies;

	if (body_view(&what->body, &arrival.message, error) != 0)
		return -1;
	arrival.is_copy = is_copy_known(fetch, what, arrival.message, &copies);
	routed = job->route(job->context, &arrival, &what->envelope, error);
	if (routed == FETCH_STAYS) {
		fetch_result_skip(fetch, what->item, error->phrase);
		fetch_message_clear(what);
		return 0;
	}
	if (routed == FETCH_GOES_NOWHERE)
		envelope_omit(&what->envelope, SLICE_NONE, slice_of(PHRASE(N_("duplicate of a message that was fetched before"))));
	if (routed == FETCH_NOT_ROUTED || (verdict != NULL && clean_header(what, arrival.message, verdict, error) != 0))
		return -1;
	fetch_duplicates_leave_out(fetch, what, arrival.message);
	if (what->envelope.recipients.count > 0)
		copies = 0;
	if (what->item->action == PLAN_STUB)
		fetch_replace_make_folders(fetch, what);
	fetch_replace_stubs(fetch, what, &replace);
	fetch_batch_add(fetch, what, copies, &replace);
	fetch_replace_clear(&replace);
	return fetch->connection.is_careful ? 0 : fetch_commit_ahead(fetch, error);
}

static int finish_body(struct fetch *fetch, struct slice *message, struct error *error)
{
	struct plan_item *item = fetch->message.item;

	if (item->action == PLAN_STUB && finish_stub(fetch, error) != 0)
		return -1;
	if (body_finish(&fetch->message.body, error) != 0 || body_view(&fetch->message.body, message, error) != 0)
		return -1;
	if (item->action != PLAN_GET)
		return 0;
	fetch->message.envelope.digest = digest_of_header(*message);
	fetch->message.envelope.body = digest_of_body(*message);
	return 0;
}

/* --- seen before? */

static int remember_as(struct fetch *fetch, const struct plan_item *item, const struct seen *known, struct error *error)
{
	struct seen what = *known;

	what.listed = item->size;
	what.body = fetch->message.envelope.body;
	what.is_fresh = true;
	return fetch_memory_add_seen(fetch, item->key, &what, error);
}

/* It was fetched only to be compared, and is known. */
static int pass_over(struct fetch *fetch, struct plan_item *item, struct plan_known *known, struct slice header, struct error *error)
{
	const struct conf_account *account = fetch->job->account;
	bool is_other_copy = known->is_taken && item->key == NULL;
	int result = 0;

	known->is_taken = true;
	if (is_other_copy)
		plan_name(&fetch->plan, item, &fetch->memory.seen, fetch->message.envelope.digest, header);
	else if (item->key == NULL)
		item->key = xstrdup(known->key);
	if (strcmp(item->key, known->key) != 0 || item->size != known->what.listed)
		result = remember_as(fetch, item, &known->what, error);
	log_info("event=message-known account=%s uidl=%s", LOG_CSTR(account->name), LOG_CSTR(item->key));
	item->is_new = item->is_doubtful = false;
	fetch_tries_forget(fetch, item);
	fetch->result->compared++;
	fetch->result->total--;
	if (account->keep_days >= 0 && known->what.time + account->keep_days * DAY <= fetch_now(fetch))
		fetch_deletions_add(fetch, item->number);
	fetch_partial_discard(fetch);
	fetch_message_drop(fetch);
	return result;
}

/* It has none of the identifying fields: its bytes are its identity. */
static bool is_known_by_bytes(struct plan_item *item, const struct map *seen, struct slice header, struct slice message, uint64_t body)
{
	const struct seen *what;

	plan_set_key(item, 0, header);
	what = map_get(seen, slice_of(item->key));
	if (what == NULL || what->body == 0 || what->body == body)
		return what != NULL;
	plan_set_key(item, 0, message);
	return map_get(seen, slice_of(item->key)) != NULL;
}

/* For a message in doubt. *known is NULL if it was not seen before; then it has a key. */
static int compare(struct fetch *fetch, struct plan_item *item, struct slice message, struct plan_known **known, struct error *error)
{
	struct slice header = slice_make(message.ptr, header_length(message));

	*known = NULL;
	if (item->key != NULL && !item->is_doubtful)
		return 0;
	if ((fetch->message.envelope.digest == 0 || fetch_batch_has_twin(fetch, &fetch->message.envelope) ||
	     fetch_scan_has_twin(fetch, &fetch->message.envelope)) && fetch_commit_all(fetch, error) != 0)
		return -1;
	*known = plan_find_same(&fetch->plan, &fetch->memory.seen, fetch->message.envelope.digest, fetch->message.envelope.body, item->size,
	    digest_is_telling(header));
	if (*known != NULL || item->key != NULL)
		return 0;
	if (fetch->message.envelope.digest != 0)
		plan_name(&fetch->plan, item, &fetch->memory.seen, fetch->message.envelope.digest, header);
	else if (is_known_by_bytes(item, &fetch->memory.seen, header, message, fetch->message.envelope.body))
		*known = plan_note(&fetch->plan, item->key, map_get(&fetch->memory.seen, slice_of(item->key)));
	return 0;
}

/* --- complete? */

static bool is_as_listed(const struct fetch *fetch)
{
	const struct plan_item *item = fetch->message.item;

	return item->action == PLAN_STUB || (item->size > 0 && fetch->message.body.size == item->size);
}

static bool is_short(const struct fetch *fetch)
{
	return fetch->message.item->action == PLAN_GET && fetch->message.body.size + SLACK < fetch->message.item->size;
}

/* Returns false for a short message that must not be accepted now. *stays: it is accepted, but must not
 * be deleted there. */
static bool may_be_taken(struct fetch *fetch, const struct plan_item *item, bool *stays)
{
	uint64_t before = fetch_tries_short(fetch, item), body = (uint64_t)((uintptr_t)fetch->message.envelope.body | 1);

	*stays = false;
	if (!is_short(fetch)) {
		fetch->memory.right_sizes++;
		return true;
	}
	if (before == 0) {
		fetch->memory.short_sizes++;
		fetch->memory.sizes_changed = true;
	}
	if (fetch_memory_sizes_lie(fetch))
		return true;
	fetch_tries_add(fetch, item, true);
	*stays = before == body;
	if (*stays)
		return true;
	fetch_tries_set_short(fetch, item, body);
	fetch->transfer.tries_again = before == 0;
	if (before != 0)
		fetch_result_skip(fetch, item, PHRASE(N_("the message is shorter than the size that the "
		    "server lists, and differs each time")));
	return false;
}

bool fetch_message_needs_proof(const struct fetch *fetch)
{
	return fetch->message.item != NULL && fetch->message.is_held && (!is_as_listed(fetch) || fetch->connection.input.len > 0);
}

void fetch_message_end(struct fetch *fetch)
{
	if (fetch->message.item != NULL)
		fetch_limits_settle(fetch);
	fetch->message.is_held = fetch->message.item != NULL;
}

int fetch_message_confirm(struct fetch *fetch, struct error *error)
{
	struct plan_item *item = fetch->message.item;
	struct plan_known *known = NULL;
	struct slice message;

	if (item == NULL || !fetch->message.is_held)
		return 0;
	fetch->message.is_held = false;
	if (finish_body(fetch, &message, error) != 0)
		return -1;
	if (item->action == PLAN_GET && compare(fetch, item, message, &known, error) != 0)
		return -1;
	if (known != NULL)
		return pass_over(fetch, item, known, slice_make(message.ptr, header_length(message)), error);
	if (item->action == PLAN_GET && !may_be_taken(fetch, item, &fetch->message.stays)) {
		fetch_partial_discard(fetch);
		fetch_message_drop(fetch);
		return 0;
	}
	if (item->action == PLAN_GET)
		envelope_set(&fetch->message.envelope.uidl, slice_of(item->key));
	return fetch_scan_take(fetch, error);
}

int fetch_message_settle(struct fetch *fetch, struct error *error)
{
	bool is_garbled = fetch->connection.end == FETCH_GARBLED, is_certain = fetch_connection_is_certain(fetch), proved;

	if (fetch->message.item == NULL || !fetch->message.is_held)
		return 0;
	/* IMAP announces the length: if it equals the listed size, the rest is a different error. */
	proved = is_as_listed(fetch) && fetch->is_imap;
	fetch->connection.is_message_broken = proved && is_garbled;
	if (!is_garbled && !is_short(fetch))
		proved = true;
	if (proved && is_certain)
		return fetch_message_confirm(fetch, error);
	if (is_garbled && (is_short(fetch) || is_certain)) {
		fetch->connection.is_message_broken = true;
		fetch_tries_add(fetch, fetch->message.item, true);
	}
	fetch_message_drop(fetch);
	return 0;
}
