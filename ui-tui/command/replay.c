#include "ui-tui/command/replay.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "spool/event.h"
#include "spool/origin.h"
#include "message/decode.h"
#include "mail/filter/filter_preview.h"
#include "mail/multidrop.h"
#include "sorter/sorter.h"
#include "ui-tui/command/message_summary.h"

#include <stdlib.h>

/* A message of these days. */
struct past {
	char id[MSGID_LEN + 1];
	int64_t time;
	bool was_fetched;
	bool was_released; /* from the quarantine: a person has decided */
	char *mailbox, *file, *unique; /* one that has it; file NULL: none */
	struct strlist was; /* according to the journal */
	struct strlist in;  /* mailboxes that have it, */
	struct strlist within; /* and their folders: where it was delivered, or where its owner has moved it */
};

struct past_list {
	struct map by_id; /* -> struct past *, owned */
	const struct spool *spool;
	int64_t since;
};

static struct past *past_of(struct past_list *list, struct slice id)
{
	struct past *past = map_get(&list->by_id, id);

	if (past == NULL) {
		past = xcalloc(1, sizeof(*past));
		memcpy(past->id, id.ptr, id.len);
		map_put(&list->by_id, id, past);
	}
	return past;
}

static void add_once(struct strlist *list, const char *name)
{
	if (!strlist_has(list, name))
		strlist_add(list, name);
}

static void past_free(struct past *past)
{
	free(past->mailbox);
	free(past->file);
	free(past->unique);
	strlist_clear(&past->was);
	strlist_clear(&past->in);
	strlist_clear(&past->within);
	free(past);
}

static void past_list_clear(struct past_list *list)
{
	struct slice key;
	void *value;

	for (size_t at = 0; map_next(&list->by_id, &at, &key, &value);)
		past_free(value);
	map_clear(&list->by_id);
}

/* --- the past mail */

static void add_event(void *context, const struct journal_event *event)
{
	struct past_list *list = context;
	enum event what = event_find(event->event);
	bool is_delivery =
	    what == EVENT_DELIVERED || what == EVENT_QUEUED;

	if (!msgid_is(slice_of(event->id)))
		return;
	if (what == EVENT_ACCEPTED && origin_kind(event->detail) == ORIGIN_ACCOUNT)
		past_of(list, slice_of(event->id))->was_fetched = true;
	if (what == EVENT_ACCEPTED && slice_begins_nocase(slice_of(event->detail), "quarantine "))
		past_of(list, slice_of(event->id))->was_released = true;
	if (is_delivery)
		add_once(&past_of(list, slice_of(event->id))->was, event->place);
}

static void add_file(struct past_list *list, const char *mailbox, const struct mailbox_message *message)
{
	char *origin = mailbox_origin(message);
	struct past *past;

	if (message->time >= list->since && message->ours && msgid_is(slice_of(origin))) {
		past = past_of(list, slice_of(origin));
		past->time = message->time;
		add_once(strchr(mailbox, '/') == NULL ? &past->in : &past->within, mailbox);
		if (past->file == NULL) {
			past->mailbox = xstrdup(mailbox);
			past->file = xstrdup(message->file);
			past->unique = xstrdup(message->unique);
		}
	}
	free(origin);
}

static int read_mailbox(struct past_list *list, const char *mailbox, struct error *error)
{
	struct mailbox_list messages;

	if (mailbox_list(list->spool, mailbox, &messages, error) != 0)
		return -1;
	for (size_t i = 0; i < messages.count; i++)
		add_file(list, mailbox, &messages.items[i]);
	mailbox_list_clear(&messages);
	return 0;
}

static int read_past(
    const struct conf *conf, struct state *state, struct past_list *list, struct error *error)
{
	struct msgid floor = msgid_floor(list->since);
	struct strlist owners = {NULL, 0}, names = {NULL, 0};
	int result = 0;

	if (state != NULL && state_journal_since(state, &floor, add_event, list, error) != 0)
		return -1;
	conf_mailbox_names(conf, &owners);
	for (size_t i = 0; i < owners.count && result == 0; i++)
		result = mailbox_names(list->spool, owners.items[i], &names, error);
	for (size_t i = 0; i < names.count && result == 0; i++)
		result = read_mailbox(list, names.items[i], error);
	strlist_clear(&owners);
	strlist_clear(&names);
	return result;
}

/* --- sorting one message again */

struct again {
	const struct conf *conf;
	struct state *state; /* may be NULL */
	const struct sorter *sorter;
	const char *rule; /* NULL: all */
	struct replay *replay;
};

char *replay_field(struct slice message, const char *name)
{
	struct buf text = BUF_INIT(1u << 20);
	struct header_field field;

	if (header_find(message, name, &field))
		decode_text(field.body, SLICE_NONE, &text);
	buf_text(&text);
	return text.ptr;
}

struct slice replay_as_it_came(struct slice message)
{
	struct header_walk walk;
	struct header_field field;
	bool is_first = true;

	header_walk_init(&walk, message);
	while (header_walk_next(&walk, &field)) {
		bool is_ours = slice_begins_nocase(field.name, "X-Lanpost-") ||
		               (is_first && slice_is_nocase(field.name, "Received"));

		if (!is_ours)
			return slice_from(message, (size_t)(field.raw.ptr - message.ptr));
		is_first = false;
	}
	return message;
}

/* Whether a list such as "a, invoices, b" contains a name. */
static bool names_rule(const char *rules, const char *rule)
{
	struct slice rest = slice_of(rules);

	while (rest.len > 0)
		if (slice_is_nocase(slice_trim(slice_cut(&rest, ',')), rule))
			return true;
	return false;
}

static bool concerns_rule(
    const struct again *again, const char *matched_then, const struct sorter_decision *decision)
{
	if (again->rule == NULL || names_rule(matched_then, again->rule))
		return true;
	for (size_t i = 0; i < decision->match_count; i++)
		if (strcmp(decision->matches[i].rule, again->rule) == 0)
			return true;
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_names(struct strlist *list)
{
	if (list->count > 0)
		qsort(list->items, list->count, sizeof(*list->items), by_name);
}

static bool same_names(const struct strlist *a, const struct strlist *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

/* The places of mail, including forwards of users, as in the journal. */
static void places_of(const struct envelope *envelope, struct strlist *places)
{
	for (size_t i = 0; i < envelope->place_count; i++)
		if (envelope->places[i].kind == PLACE_MAILBOX ||
		    envelope->places[i].kind == PLACE_QUEUE)
			add_once(places, envelope->places[i].name);
	sort_names(places);
}

static const char *why(const struct envelope *envelope, const struct sorter_decision *decision,
    const struct strlist *was)
{
	for (size_t i = 0; i < envelope->place_count; i++)
		if (!strlist_has(was, envelope->places[i].name) &&
		    envelope->places[i].why[0] != '\0')
			return envelope->places[i].why;
	return decision->match_count > 0 ? decision->matches[decision->match_count - 1].reason : "";
}

static void add_difference(struct again *again, const struct past *past, struct slice message,
    struct strlist *was, struct strlist *would, const char *reason)
{
	struct replay *replay = again->replay;
	struct replay_difference *added;
	struct message_summary summary;

	message_summary_read(message, &summary);
	ARRAY_GROW(replay->items, replay->count);
	added = &replay->items[replay->count++];
	*added = (struct replay_difference){.time = past->time,
	    .from = xstrdup(summary.from),
	    .subject = xstrdup(summary.subject),
	    .was = *was,
	    .would = *would,
	    .reason = xstrdup(reason)};
	memcpy(added->id, past->id, sizeof(added->id));
	*was = *would = (struct strlist){NULL, 0};
	message_summary_clear(&summary);
}

/* The rules, then the filter. */
static void sort_into(const struct again *again, const struct past *past, struct slice message, const struct sorter_decision *decision,
    struct envelope *envelope)
{
	struct filter_preview preview;

	envelope_init(envelope);
	sorter_fill(again->conf, message, envelope, decision);
	if (past->was_released)
		return;
	filter_preview_make(again->conf, again->state, message, envelope, &preview);
	filter_preview_clear(&preview);
}

/* Where the message came: by the journal, which is one checkpoint behind, and by its files. */
static void places_then(const struct past *past, struct strlist *was)
{
	for (size_t i = 0; i < past->was.count; i++)
		add_once(was, past->was.items[i]);
	for (size_t i = 0; i < past->in.count; i++)
		add_once(was, past->in.items[i]);
	for (size_t i = 0; i < past->within.count && past->was.count == 0; i++) /* else the owner may have moved it there */
		add_once(was, past->within.items[i]);
	sort_names(was);
}

static void decide_again(struct again *again, const struct past *past, struct slice message,
    const char *account, const char *matched_then)
{
	struct strlist recipients = {NULL, 0};
	const struct sorter_message sorted = {message, account, message.len, past->time, &recipients, NULL, NULL};
	struct strlist was = {NULL, 0}, would = {NULL, 0};
	struct sorter_decision decision;
	struct envelope envelope;

	multidrop_recipients(again->conf, conf_find_account(again->conf, account), message, &recipients);
	sorter_decide(again->sorter, &sorted, &decision);
	strlist_clear(&recipients);
	sort_into(again, past, message, &decision, &envelope);
	places_then(past, &was);
	places_of(&envelope, &would);
	if (!same_names(&was, &would) && concerns_rule(again, matched_then, &decision))
		add_difference(again, past, message, &was, &would, why(&envelope, &decision, &was));
	strlist_clear(&was);
	strlist_clear(&would);
	envelope_clear(&envelope);
	decision_clear(&decision);
}

/* A message that another program has removed meanwhile counts as gone. */
static void sort_again(struct again *again, const struct spool *spool, const struct past *past)
{
	struct mailbox_message message = {.file = past->file, .unique = past->unique};
	struct error error;
	struct slice bytes;
	char *account, *rules;

	if (mailbox_open(spool, past->mailbox, &message, &bytes, &error) != 0) {
		again->replay->gone++;
		return;
	}
	account = replay_field(bytes, "X-Lanpost-Account");
	rules = replay_field(bytes, "X-Lanpost-Rule");
	if (account[0] != '\0') { /* mail of the LAN is not sorted */
		again->replay->looked_at++;
		decide_again(again, past, replay_as_it_came(bytes), account, rules);
	}
	fsx_unmap(bytes);
	free(account);
	free(rules);
}

static int by_time(const void *a, const void *b)
{
	const struct replay_difference *one = a, *other = b;

	return one->time != other->time ? (one->time > other->time) - (one->time < other->time)
	                                : strcmp(one->id, other->id);
}

int replay_run(const struct conf *conf, struct state *state, int64_t since, const char *rule,
    struct replay *replay, struct error *error)
{
	struct past_list list = {MAP_INIT, SPOOL_OF(conf), since};
	struct again again = {conf, state, sorter_new(conf, error), rule, replay};
	int result = -1;
	struct slice key;
	void *value;

	*replay = (struct replay){0};
	if (again.sorter != NULL && read_past(conf, state, &list, error) == 0) {
		result = 0;
		for (size_t at = 0; map_next(&list.by_id, &at, &key, &value);) {
			const struct past *past = value;

			if (past->file == NULL)
				replay->gone += past->was_fetched;
			else
				sort_again(&again, list.spool, past);
		}
		if (replay->count > 0)
			qsort(replay->items, replay->count, sizeof(*replay->items), by_time);
	}
	past_list_clear(&list);
	sorter_free((struct sorter *)(uintptr_t)again.sorter);
	return result;
}

void replay_clear(struct replay *replay)
{
	for (size_t i = 0; i < replay->count; i++) {
		struct replay_difference *item = &replay->items[i];

		free(item->from);
		free(item->subject);
		free(item->reason);
		strlist_clear(&item->was);
		strlist_clear(&item->would);
	}
	free(replay->items);
	*replay = (struct replay){0};
}
