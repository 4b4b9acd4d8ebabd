/* Headers of messages that the listing does not distinguish, and their evaluation. */
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "fetcher/digest.h"
#include "fetcher/fetch_priv.h"

#include <stdlib.h>

#define TROUBLES_MAX 2 /* in one session */

/* A UIDL that is not unique is marked: when one of its messages is gone, the other must not be taken for it. */
static int mark_double(struct fetch *fetch, const struct plan_item *item, struct error *error)
{
	const struct seen what = {.time = clock_wall()};
	char *mark;
	int result;

	if (item->key == NULL || item->question != PLAN_NO_KEY)
		return 0;
	mark = plan_double_mark(item->key);
	result = map_get(&fetch->memory.seen, slice_of(mark)) == NULL ? fetch_memory_add_seen(fetch, mark, &what, error) : 0;
	free(mark);
	return result;
}

static int forget(struct fetch *fetch, const char *key, struct error *error)
{
	free(map_remove(&fetch->memory.seen, slice_of(key)));
	return state_seen_forget(fetch->job->spool->state, fetch->mailbox, slice_of(key), error);
}

/* A request that has come meanwhile is for the message, not for the key that it had. */
static int take_over_request(struct fetch *fetch, const struct plan_item *item, const char *old, struct error *error)
{
	char *mark = plan_wanted_key(plan_behind_stub(old));
	const struct seen *wanted = map_get(&fetch->memory.seen, slice_of(mark));
	int result = 0;

	if (wanted != NULL) {
		fetch_memory_add_mark(fetch, plan_wanted_key(item->key), wanted);
		result = forget(fetch, mark, error);
	}
	free(mark);
	return result;
}

/* What leads to the stub now leads to the item. If another message of this listing has the old key already, the id is not known any more. */
static int move_stub(struct fetch *fetch, const struct plan_item *item, const char *old, const char *stub, const struct seen *what, struct error *error)
{
	struct state *state = fetch->job->spool->state;
	const struct seen *before = map_get(&fetch->memory.seen, slice_of(old));
	bool is_there = before != NULL && !before->is_fresh;
	char *id = NULL;
	int64_t time;
	int result = is_there ? state_seen_get(state, fetch->mailbox, slice_of(old), &id, &time, error) : 0;

	if (result == 0) /* that of another message, perhaps a newer one */
		result = forget(fetch, stub, error);
	if (result == 0)
		result = state_seen_add(state, fetch->mailbox, slice_of(stub), id == NULL ? "" : id, what, error);
	if (result == 0 && is_there)
		result = take_over_request(fetch, item, old, error);
	if (result == 0 && is_there)
		result = forget(fetch, old, error);
	free(id);
	return result;
}

/* The stub of the message, perhaps under a new key: its id stays, so that it may still be requested. */
static int take_over_stub(struct fetch *fetch, const struct plan_item *item, const char *old, const struct seen *what, struct error *error)
{
	char *stub = plan_stub_key(item->key);
	int result = strcmp(stub, old) == 0 ? 0 : move_stub(fetch, item, old, stub, what, error);

	if (result == 0)
		state_seen_put(&fetch->memory.seen, slice_of(stub), what);
	free(stub);
	return result;
}

/* The message was seen under another key, which may be that of its stub. */
static int take_over(struct fetch *fetch, struct plan_item *item, const struct plan_known *known, struct error *error)
{
	struct seen what = known->what;

	what.listed = item->size;
	what.is_fresh = true;
	/* This key belongs to another message, perhaps a newer one. */
	if (item->is_new && forget(fetch, item->key, error) != 0)
		return -1;
	item->is_new = false;
	return plan_is_stub(known->key) ? take_over_stub(fetch, item, known->key, &what, error)
					: fetch_memory_add_seen(fetch, item->key, &what, error);
}

static int answer(struct fetch *fetch, struct plan_item *item, struct error *error)
{
	struct slice header = buf_slice(&fetch->listing.header);
	const struct plan_known *known;

	if (mark_double(fetch, item, error) != 0)
		return -1;
	known = plan_answer(&fetch->plan, item, &fetch->memory.seen, digest_of_header(header), header);
	if (item->is_new && known == NULL)
		log_info("event=uidl-used-again account=%s uidl=%s",
		    LOG_CSTR(fetch->job->account->name), LOG_CSTR(item->key));
	return known == NULL ? 0 : take_over(fetch, item, known, error);
}

/* Without TOP, a message without a key must be fetched to be identified (fetch_message.c). */
static int cannot_answer(struct fetch *fetch, struct plan_item *item, struct error *error)
{
	if (mark_double(fetch, item, error) != 0)
		return -1;
	plan_no_answer(&fetch->plan, item, fetch->job->account, &fetch->memory.seen, fetch_now(fetch));
	return 0;
}

/* The header of a message that has caused two breaks is not requested again. */
static bool feed_questions(struct fetch *fetch)
{
	struct error ignored;

	while (fetch->listing.next_question < fetch->plan.count) {
		struct plan_item *item = &fetch->plan.items[fetch->listing.next_question++];

		if (item->question == PLAN_SURE)
			continue;
		if (fetch_tries_count(fetch, item) < TROUBLES_MAX)
			return fetch_dialogue_ask(fetch, ASK_HEADER, item);
		if (cannot_answer(fetch, item, &ignored) != 0)
			log_warnx("event=not-remembered account=%s reason=%s", LOG_CSTR(fetch->job->account->name), LOG_ERROR(&ignored));
	}
	return false;
}

/* A header that is longer than any message is not a header. */
static int header_data(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	size_t room = fetch->listing.header.limit - fetch->listing.header.len;

	buf_append(&fetch->listing.header, event->text.ptr, event->text.len < room ? event->text.len : room);
	fetch->listing.bytes += event->text.len;
	if (event->item == NULL || fetch->listing.bytes <= PLAN_ENDLESS(event->item->size))
		return 0;
	fetch_tries_add(fetch, event->item, true);
	fetch->connection.end = FETCH_BROKEN_OFF;
	return error_set(error, ERROR_TEMPORARY, N_("%s sent an endless header"), remote_host(fetch->connection.remote));
}

static int question_event(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	switch (event->what) {
	case GOT_REPLY:
		buf_reset(&fetch->listing.header);
		fetch->listing.bytes = 0;
		return event->ok || event->item == NULL ? 0 : cannot_answer(fetch, event->item, error);
	case GOT_DATA:
		return header_data(fetch, event, error);
	case GOT_END:
		return event->ok && event->item != NULL ? answer(fetch, event->item, error) : 0;
	case GOT_LINE:
	case GOT_FOLDER:
	case GOT_SECTION:
	case GOT_CAN:
	case GOT_NEWS:
		break;
	}
	return 0;
}

/* Messages that wait there: represented by a stub, or shorter than listed. */
static void count_left(struct fetch *fetch, const struct plan_item *item)
{
	struct fetch_result *result = fetch->result;

	if (item->rule != NULL && (item->action == PLAN_LEAVE || item->action == PLAN_STUB)) {
		if (result->by_rule < FETCH_SKIPPED_MAX) {
			result->ruled[result->by_rule].rule = item->rule;
			result->ruled[result->by_rule].size = item->size;
		}
		result->by_rule++;
	} else if (plan_is_left_large(item, &fetch->memory.seen)) {
		if (result->large < FETCH_SKIPPED_MAX)
			result->large_sizes[result->large] = item->at_least;
		result->large++;
	} else if (plan_came_short(&fetch->plan, item, &fetch->memory.seen)) {
		fetch_result_skip(fetch, item, PHRASE(N_("the message is shorter than the size that the "
		    "server lists; the received part was delivered")));
	}
}

/* Whether it has failed too often: in this session, or recently in earlier ones. The stub of a message that is given up is tried at once. */
static bool must_pause(const struct fetch *fetch, const struct plan_item *item)
{
	bool is_retried = item->action == PLAN_GET || item->given_up > (uint64_t)fetch->job->account->give_up_after;

	return fetch_tries_count(fetch, item) >= TROUBLES_MAX ||
	       (!fetch->job->tries_again && is_retried && fetch_tries_next(fetch, item->key) > 0);
}

static const char *why_paused(const struct fetch *fetch)
{
	if (!fetch->is_imap && fetch->job->account->give_up_after > 0)
		return N_("the message cannot be fetched as a whole: each time the connection is lost in it, or it is not "
		    "followed by a valid reply. POP3 cannot continue a message, so each attempt begins again; after give_up_after lost "
		    "connections a stub is delivered instead");
	return N_("the message cannot be fetched as a whole: each time the "
	    "connection is lost in it, or it is not followed by a valid reply");
}

static void count_wanted(struct fetch *fetch)
{
	fetch->result->large = fetch->folders.large;
	fetch->result->by_rule = fetch->folders.by_rule;
	fetch->result->total = fetch->job->plans_only ? fetch->folders.total : fetch->result->fetched;
	for (size_t i = 0; i < fetch->plan.count; i++) {
		struct plan_item *item = &fetch->plan.items[i];

		count_left(fetch, item);
		if (item->action != PLAN_GET && item->action != PLAN_STUB)
			continue;
		if (must_pause(fetch, item)) {
			item->action = PLAN_LEAVE;
			fetch_result_skip(fetch, item, PHRASE_WORD(why_paused(fetch)));
			continue;
		}
		fetch->result->total++;
		fetch->result->bytes_total += plan_cost(item);
	}
}

/* Of a plan: what a limit would keep back, in the order in which the messages would come. */
static void hold_back(struct fetch *fetch)
{
	struct fetch_result *result = fetch->result;

	for (size_t i = 0; i < fetch->plan.count; i++) {
		const struct plan_item *item = &fetch->plan.items[fetch->plan.order[i]];

		if ((item->action != PLAN_GET && item->action != PLAN_STUB) ||
		    (result->held == 0 && fetch_limits_would_come(fetch, item)))
			continue;
		if (result->held++ == 0)
			result->held_by = fetch_limits_ended_by(fetch);
		result->held_bytes += plan_cost(item);
		result->total--;
		result->bytes_total -= plan_cost(item);
	}
}

int fetch_plan_make(struct fetch *fetch, struct error *error)
{
	const struct conf_account *account = fetch->job->account;
	int64_t now = fetch_now(fetch);

	plan_question(&fetch->plan, account, &fetch->memory.seen, fetch->memory.left, now);
	if (fetch->plan.is_renumbered)
		log_info("event=mailbox-renumbered account=%s messages=%zu left=%zu",
		    LOG_CSTR(account->name), fetch->plan.count, fetch->memory.left);
	do {
		fetch->listing.next_question = 0;
		if (fetch_dialogue_run(fetch, feed_questions, question_event, error) != 0)
			return -1;
	} while (plan_question_again(&fetch->plan, &fetch->memory.seen));
	fetch->result->is_renumbered = fetch->result->is_renumbered || fetch->plan.is_renumbered;
	fetch->plan.sizes_lie = fetch_memory_sizes_lie(fetch);
	fetch->plan.gives_up = !fetch->job->tries_again;
	plan_decide(&fetch->plan, account, &fetch->memory.seen, now);
	fetch_partial_find(fetch);
	if (fetch_look_run(fetch, error) != 0 || fetch_later_find(fetch, error) != 0)
		return -1;
	fetch->result->bytes_total = fetch->job->plans_only ? fetch->folders.bytes_total : fetch->result->bytes;
	count_wanted(fetch);
	plan_order(&fetch->plan);
	if (fetch->job->plans_only)
		hold_back(fetch);
	return 0;
}
