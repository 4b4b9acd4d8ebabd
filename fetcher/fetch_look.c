/*
 * What the rules with `on = listed`, and the priorities of users, say of new messages, before their bodies are paid for.
 *
 * The header of each new message is read once (TOP n 0, BODY.PEEK[HEADER]), many at a time, and what follows from it is remembered until the
 * rules change. A message that a rule deletes is first made durable as far as it came, with its UIDL, as one that a rule drops: the journal
 * says why, a crash repeats nothing, and it is deleted as every durable message is (spool/QUEUE.md, "A rule that deletes on the server"). A
 * message whose identity is in doubt, that a user has requested, or whose header cannot be read, is fetched as if there were no rules.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "fetcher/digest.h"
#include "fetcher/fetch_priv.h"
#include "message/header.h"

#include <stdlib.h>

#define ORDER_MIN (64u << 10) /* bytes to come for which an order by priority is worth reading headers */
#define REFUSED_MAX 3 /* then this server shows no headers */
#define BODY_MAX (64u << 10) /* bytes behind a header, or above its limit: TOP n 0 brings more than headers here */
#define REMOVED_MAX 500 /* by one connection; the next one goes on */

/* --- what is remembered: the rule's number + 1, and the priority */

#define RULE_SHIFT 8

static const struct conf_rule *rule_of(const struct conf *conf, uint64_t decision)
{
	uint64_t number = decision >> RULE_SHIFT;

	return number == 0 || number > conf->rule_count ? NULL : &conf->rules[number - 1];
}

static void remember(struct fetch *fetch, const struct plan_item *item, const struct fetch_look *look)
{
	uint64_t number = look->rule == NULL ? 0 : (uint64_t)(look->rule - fetch->job->conf->rules) + 1;
	const struct seen what = {.time = clock_wall(), .listed = item->size, .digest = fetch->job->look_version,
	    .body = number << RULE_SHIFT | (uint64_t)look->priority};

	if (look->rule == NULL || !look->rule->remove) /* that needs the header at hand */
		fetch_memory_add_mark(fetch, plan_look_mark(item->key), &what);
}

/* --- what follows */

static void leave(struct plan_item *item, const struct conf_rule *rule)
{
	item->action = PLAN_LEAVE;
	item->rule = rule;
}

static void apply(struct fetch *fetch, struct plan_item *item, const struct conf_rule *rule, enum conf_priority priority)
{
	item->priority = priority;
	if (rule == NULL)
		return;
	if (rule->leave) {
		leave(item, rule);
		return;
	}
	item->rule = rule;
	if (rule->fetch)
		item->action = PLAN_GET;
	else if (rule->stub)
		item->action = plan_has_stub(item, &fetch->memory.seen) ? PLAN_LEAVE : PLAN_STUB;
}

/* A dropped message without a body: durable with its UIDL, in the journal with the reason. */
static int remove_there(struct fetch *fetch, struct plan_item *item, struct fetch_look *look, struct error *error)
{
	const struct fetch_replace none = {.facts = NULL};
	struct fetch_message *message = &fetch->message;
	struct slice header = buf_slice(&fetch->listing.header);

	item->action = PLAN_LEAVE;
	fetch_message_prepare(fetch, item);
	message->is_removed = true;
	message->envelope.digest = digest_of_header(header);
	envelope_set(&message->envelope.uidl, slice_of(item->key));
	for (int i = 0; i < SHOWN_COUNT; i++) {
		message->envelope.shown[i] = look->shown[i];
		look->shown[i] = NULL;
	}
	if (body_append(&message->body, header, &message->envelope.id, error) != 0 || body_finish(&message->body, error) != 0)
		return -1;
	envelope_omit(&message->envelope, SLICE_NONE,
	    slice_of(PHRASE(N_("deleted on the server, only the header was read: %s"), look->reason)));
	fetch_batch_add(fetch, message, 0, &none);
	return 0;
}

static int take_look(struct fetch *fetch, struct plan_item *item, struct fetch_look *look, struct error *error)
{
	bool is_removed = look->rule != NULL && look->rule->remove;

	fetch->result->looked++;
	fetch->result->looked_bytes += fetch->listing.bytes;
	remember(fetch, item, look);
	if (!is_removed) {
		apply(fetch, item, look->rule, look->priority);
	} else if (fetch->job->plans_only || fetch->look.removed >= REMOVED_MAX) {
		item->action = PLAN_LEAVE;
		fetch->result->removed += fetch->job->plans_only;
		fetch->transfer.tries_again = !fetch->job->plans_only;
	} else {
		fetch->look.removed++;
		return remove_there(fetch, item, look, error);
	}
	return 0;
}

static int judge(struct fetch *fetch, struct plan_item *item, struct error *error)
{
	const struct fetch_arrival arrival = {.message = buf_slice(&fetch->listing.header)};
	struct fetch_look look = {.priority = PRIORITY_NORMAL};
	int result = fetch->job->look(fetch->job->context, &arrival, item->size, &look, error);

	if (result == 0)
		result = take_look(fetch, item, &look, error);
	free(look.reason);
	for (int i = 0; i < SHOWN_COUNT; i++)
		free(look.shown[i]);
	return result;
}

/* --- which headers are read */

static bool is_asked(const struct fetch *fetch, const struct plan_item *item)
{
	return (item->action == PLAN_GET || item->action == PLAN_STUB) && item->key != NULL && !item->is_doubtful && item->kept == 0 &&
	       item->given_up == 0 && fetch_tries_count(fetch, item) == 0 && !plan_is_wanted(item, &fetch->memory.seen);
}

/* Applies what is remembered. Returns false if there is nothing. */
static bool is_remembered(struct fetch *fetch, struct plan_item *item)
{
	char *mark = plan_look_mark(item->key);
	const struct seen *before = map_get(&fetch->memory.seen, slice_of(mark));
	bool is_valid = before != NULL && before->digest == fetch->job->look_version && before->listed == item->size;

	free(mark);
	if (is_valid)
		apply(fetch, item, rule_of(fetch->job->conf, before->body), (enum conf_priority)(before->body & ((1u << RULE_SHIFT) - 1)));
	return is_valid;
}

static bool feed(struct fetch *fetch)
{
	while (fetch->listing.next_question < fetch->plan.count && !fetch->look.is_useless) {
		struct plan_item *item = &fetch->plan.items[fetch->listing.next_question++];

		if (is_asked(fetch, item) && !is_remembered(fetch, item))
			return fetch_dialogue_ask(fetch, ASK_HEADER, item);
	}
	return false;
}

/* The header alone is kept, with the empty line. */
static void take_data(struct fetch *fetch, struct slice bytes)
{
	struct buf *header = &fetch->listing.header;
	size_t room = header->limit - header->len;

	buf_append(header, bytes.ptr, bytes.len < room ? bytes.len : room);
	fetch->listing.bytes += bytes.len;
}

static int end_of_header(struct fetch *fetch, struct plan_item *item, struct error *error)
{
	struct buf *header = &fetch->listing.header;
	size_t length = header_length(buf_slice(header));

	if (fetch->listing.bytes > length + BODY_MAX)
		fetch->look.is_useless = true;
	if (length == 0 || header->len >= header->limit)
		return 0; /* it is fetched, and the other rules see it */
	header->len = length;
	return judge(fetch, item, error);
}

static int on_event(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	switch (event->what) {
	case GOT_REPLY:
		buf_reset(&fetch->listing.header);
		fetch->listing.bytes = 0;
		fetch->look.refused = event->ok ? 0 : fetch->look.refused + 1;
		fetch->look.is_useless = fetch->look.is_useless || fetch->look.refused >= REFUSED_MAX;
		return 0;
	case GOT_DATA:
		take_data(fetch, event->text);
		if (event->item == NULL || fetch->listing.bytes <= PLAN_ENDLESS(event->item->size))
			return 0;
		fetch->connection.end = FETCH_BROKEN_OFF;
		fetch_tries_add(fetch, event->item, true);
		return error_set(error, ERROR_TEMPORARY, N_("%s sent an endless header"), remote_host(fetch->connection.remote));
	case GOT_END:
		return event->ok && event->item != NULL ? end_of_header(fetch, event->item, error) : 0;
	default:
		return 0;
	}
}

/* An order by priority matters only if something could come too late. */
static bool is_worth_it(const struct fetch *fetch)
{
	uint64_t bytes = 0;
	size_t count = 0;

	for (size_t i = 0; i < fetch->plan.count; i++)
		if (is_asked(fetch, &fetch->plan.items[i])) {
			bytes += plan_cost(&fetch->plan.items[i]);
			count++;
		}
	return count > 0 && (!fetch->job->looks_for_order || (count > 1 && bytes > ORDER_MIN));
}

int fetch_look_run(struct fetch *fetch, struct error *error)
{
	fetch->look = (struct fetch_look_state){.removed = 0};
	if (fetch->job->look == NULL || !is_worth_it(fetch))
		return 0;
	fetch->listing.next_question = 0;
	if (fetch_listing_compress(fetch, error) != 0)
		return -1;
	return fetch_dialogue_run(fetch, feed, on_event, error);
}
