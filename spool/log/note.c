/*
 * The journal and the UIDLs, before they are written to the state: collected in memory, written at the
 * checkpoint. A crash loses nothing: recovery makes the same rows from the log.
 */
#include "spool/log/note.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/i18n.h"
#include "spool/log/intake_priv.h"
#include "spool/storage/last_login.h"
#include "spool/mailbox/maildir_name.h"
#include "spool/mailbox_name.h"
#include "spool/shown.h"
#include "spool/storage/state_first_copy.h"
#include "spool/storage/state_friends.h"
#include "spool/storage/state_journal.h"
#include "spool/storage/state_seen.h"
#include "spool/storage/state_values.h"

#include <assert.h>
#include <stdlib.h>

#define TEXTS_OF(member) (sizeof(((struct note *)0)->member) / sizeof(char *))

struct note *note_new(const struct note *note)
{
	static const size_t counts[] = {
	    [NOTE_EVENT] = TEXTS_OF(event),
	    [NOTE_MESSAGE] = TEXTS_OF(message),
	    [NOTE_SEEN] = TEXTS_OF(seen),
	    [NOTE_LOGIN] = TEXTS_OF(login),
	    [NOTE_TROUBLE] = TEXTS_OF(trouble),
	    [NOTE_FRIEND] = TEXTS_OF(friend),
	    [NOTE_FIRST_COPY] = TEXTS_OF(first_copy),
	};
	size_t lens[NOTE_TEXTS], size = sizeof(*note), count = counts[note->kind];
	struct note *copy;
	char *at;

	for (size_t i = 0; i < count; i++)
		size += lens[i] = note->texts[i] == NULL ? 0 : strlen(note->texts[i]) + 1;
	copy = xmalloc(size);
	*copy = *note;
	at = (char *)(copy + 1);
	for (size_t i = 0; i < count; i++) {
		copy->texts[i] = lens[i] == 0 ? "" : memcpy(at, note->texts[i], lens[i]);
		at += lens[i];
	}
	return copy;
}

static struct note *new_event(int64_t time_us, const char *id, const char *session, enum event event, const char *place,
    const char *detail)
{
	return note_new(&(struct note){.kind = NOTE_EVENT, .time = time_us, .event = {id, session, event_code(event), place, detail}});
}

/* All in the list. */
static void add(struct intake *intake, struct note *notes)
{
	pthread_mutex_lock(&intake->lock);
	*intake->notes_end = notes;
	while (*intake->notes_end != NULL)
		intake->notes_end = &(*intake->notes_end)->next;
	intake_wake(intake);
	pthread_mutex_unlock(&intake->lock);
}

/* before: of a process that died, which may have noted it itself; its session is not known. */
static void put_event(struct intake *intake, bool before, const char *id, const char *session, enum event event, const char *place,
    const char *detail)
{
	struct note *note = new_event(clock_wall_us(), id, before ? "" : session, event, place, detail);

	note->once = before;
	add(intake, note);
}

void note_event(struct intake *intake, const char *id, const char *session, enum event event, const char *place, const char *detail)
{
	put_event(intake, false, id, session, event, place, detail);
}

/* The local users who get it, the addresses it is sent on to, the account and the rules. */
static void add_keywords(const struct envelope *envelope, struct buf *keywords)
{
	char *rules = shown_field(slice_of(envelope->header), "X-Lanpost-Rule");

	for (size_t i = 0; i < envelope->place_count; i++)
		if (envelope->places[i].kind == PLACE_MAILBOX || envelope->places[i].kind == PLACE_QUEUE)
			buf_printf(keywords, "%s%s", keywords->len == 0 ? "" : ", ", envelope->places[i].name);
	if (envelope->account[0] != '\0')
		buf_printf(keywords, "%saccount %s", keywords->len == 0 ? "" : ", ", envelope->account);
	if (rules[0] != '\0')
		buf_printf(keywords, "%srule %s", keywords->len == 0 ? "" : ", ", rules);
	free(rules);
}

/* "accepted", then who does not get it. With the time of the envelope, so that recovery makes exactly the same rows. */
static struct note *new_events(const struct envelope *envelope)
{
	char *origin = origin_text(&envelope->origin);
	int64_t time_us = envelope->time * 1000000;
	struct note *first = new_event(time_us, envelope->id.text, envelope->session, EVENT_ACCEPTED, "", origin), *last = first;

	for (size_t i = 0; i < envelope->omission_count; i++)
		last = last->next = new_event(time_us + 1, envelope->id.text, envelope->session, EVENT_DROPPED, envelope->omissions[i].place,
		    envelope->omissions[i].why);
	free(origin);
	return first;
}

void note_accepted(struct intake *intake, const struct envelope *envelope, struct slice body)
{
	const struct shown shown = {envelope->account, envelope->header, envelope->sender, &envelope->recipients};
	char *read[SHOWN_COUNT] = {NULL}, *const *texts = envelope->shown[SHOWN_ID] != NULL ? envelope->shown : read;
	struct buf keywords = BUF_INIT(1u << 20);
	/* Records of older versions have only the account: fetch_memory_adopt() corrects their rows. */
	const char *mailbox = envelope->mailbox[0] == '\0' ? envelope->account : envelope->mailbox;
	struct note *notes, **seen;

	if (texts == read)
		shown_read(&shown, body, read);
	add_keywords(envelope, &keywords);
	notes = note_new(&(struct note){
	    .kind = NOTE_MESSAGE,
	    .time = envelope->time,
	    .size = envelope->size,
	    .message =
		{
		    .id = envelope->id.text,
		    .message_id = texts[SHOWN_ID],
		    .sender = texts[SHOWN_SENDERS],
		    .recipients = texts[SHOWN_RECIPIENTS],
		    .subject = texts[SHOWN_SUBJECT],
		    .keywords = buf_text(&keywords),
		},
	});
	notes->next = new_events(envelope);
	for (seen = &notes->next; *seen != NULL;)
		seen = &(*seen)->next;
	if (envelope->uidl[0] != '\0')
		*seen = note_new(&(struct note){
		    .kind = NOTE_SEEN,
		    .time = envelope->time,
		    .size = envelope->listed,
		    .digest = envelope->digest,
		    .body = envelope->body,
		    .seen = {mailbox, envelope->uidl, envelope->id.text},
		});
	add(intake, notes);
	buf_clear(&keywords);
	for (size_t i = 0; i < SHOWN_COUNT; i++)
		free(read[i]);
}

void note_first_copies(struct intake *intake, const struct envelope *envelope)
{
	for (size_t i = 0; i < envelope->place_count && envelope->identity[0] != '\0'; i++) {
		char *place = envelope_place_text(&envelope->places[i]);

		add(intake, note_new(&(struct note){
		    .kind = NOTE_FIRST_COPY,
		    .time = envelope->time,
		    .first_copy = {envelope->identity, place, envelope->id.text, envelope->account, envelope->mailbox},
		}));
		free(place);
	}
}

static bool is_lesson(const char *mailbox)
{
	return slice_is(mailbox_name_user(slice_of(mailbox)), MAILBOX_LEARN);
}

static enum event delivery_event(const struct place *place)
{
	static const enum event events[] = {
	    [PLACE_MAILBOX] = EVENT_DELIVERED,
	    [PLACE_BOSS] = EVENT_COPIED_TO_BOSS,
	    [PLACE_QUEUE] = EVENT_QUEUED,
	    [PLACE_DAEMON] = EVENT_TRIGGERED,
	    [PLACE_REPLY] = EVENT_REPLY_DUE,
	    [PLACE_OWN] = EVENT_DELIVERED,
	};

	if (place->kind == PLACE_MAILBOX && strcmp(place->name, MAILBOX_QUARANTINE) == 0)
		return EVENT_QUARANTINED;
	return place->kind == PLACE_MAILBOX && is_lesson(place->name) ? EVENT_LEARN_DUE : events[place->kind];
}

void note_delivered(struct intake *intake, const struct envelope *envelope,
    const struct place *place, const struct error *error)
{
	note_event(intake, envelope->id.text, envelope->session, error != NULL ? EVENT_DELIVERY_FAILED : delivery_event(place), place->name,
	    error == NULL ? place->why : error->phrase);
}

void note_delivered_before(struct intake *intake, const struct envelope *envelope, const struct place *place)
{
	put_event(intake, true, envelope->id.text, "", delivery_event(place), place->name, place->why);
}

/* A copy has the id under which the message was accepted; a foreign file has none. */
static void note_file_fact(struct intake *intake, bool before, const struct fact *fact, enum event event)
{
	const char *place = fact->kind == FACT_MOVE ? fact->to : fact->name, *from = fact->kind == FACT_MOVE ? fact->name : fact->to;
	char detail[PHRASE_MAX] = "", *id;
	struct slice origin;

	if (!maildir_unique_origin(maildir_unique(fact->text), &origin))
		return;
	if (is_lesson(place) && event == EVENT_REMOVED) /* the learner says why */
		return;
	if (is_lesson(place))
		event = EVENT_LEARN_DUE;
	id = slice_dup(origin);
	if (event != EVENT_REMOVED)
		phrase_set(detail, sizeof(detail), N_("from mailbox %s"), from);
	put_event(intake, before, id, intake->session, event, place, detail);
	free(id);
}

static void note_all_facts(struct intake *intake, bool before, const struct fact *facts, size_t count)
{
	static const enum event events[] = {
	    [FACT_SENT] = EVENT_SENT,
	    [FACT_FAILED] = EVENT_REFUSED,
	    [FACT_ATTEMPT] = EVENT_ATTEMPT,
	    [FACT_REMOVE] = EVENT_REMOVED,
	    [FACT_MOVE] = EVENT_MOVED,
	    [FACT_COPY] = EVENT_COPIED,
	};

	for (size_t i = 0; i < count; i++) {
		const struct fact *fact = &facts[i];

		switch (fact->kind) {
		case FACT_SENT:
		case FACT_FAILED:
		case FACT_ATTEMPT:
			put_event(intake, before, fact->id, intake->session, events[fact->kind], fact->name, fact->text);
			break;
		case FACT_REMOVE:
		case FACT_MOVE:
		case FACT_COPY:
			note_file_fact(intake, before, fact, events[fact->kind]);
			break;
		case FACT_TRIGGER_DONE:
		case FACT_REPLY_DONE:
		case FACT_FLAGS:
		case FACT_VOID:
			break;
		}
	}
}

void note_facts(struct intake *intake, const struct fact *facts, size_t count)
{
	note_all_facts(intake, false, facts, count);
}

void note_facts_before(struct intake *intake, const struct fact *facts, size_t count)
{
	note_all_facts(intake, true, facts, count);
}

void note_trouble(struct intake *intake, const struct error *error)
{
	bool is_known;

	pthread_mutex_lock(&intake->lock);
	is_known = intake->in_trouble;
	intake->in_trouble = true;
	pthread_mutex_unlock(&intake->lock);
	if (!is_known)
		add(intake, note_new(&(struct note){.kind = NOTE_TROUBLE, .trouble = {error->phrase}}));
}

void note_friend(struct intake *intake, const char *mailbox, const char *address)
{
	add(intake, note_new(&(struct note){.kind = NOTE_FRIEND, .time = clock_wall(), .friend = {mailbox, address}}));
}

static int write_note(struct state *state, const struct note *note, struct error *error)
{
	if (note->kind == NOTE_TROUBLE)
		return state_trouble_put(state, note->trouble.why, error);
	if (note->kind == NOTE_LOGIN)
		return last_login_put(state, note->login.user, note->login.protocol, note->login.address, note->time, error);
	if (note->kind == NOTE_FRIEND)
		return state_friend_put(state, note->friend.mailbox, note->friend.address, note->time, error);
	if (note->kind == NOTE_FIRST_COPY)
		return state_first_copy_add(state, note->first_copy.identity, note->first_copy.place,
		    &(struct first_copy){note->first_copy.id, note->first_copy.account, note->first_copy.mailbox, note->time}, error);
	if (note->kind == NOTE_SEEN)
		return state_seen_add(state, note->seen.mailbox, slice_of(note->seen.uidl), note->seen.id,
		    &(struct seen){.time = note->time, .listed = note->size, .digest = note->digest, .body = note->body},
		    error);
	if (note->kind == NOTE_MESSAGE)
		return state_message_add(state,
		    &(struct journal_message){
			.id = note->message.id,
			.message_id = note->message.message_id,
			.sender = note->message.sender,
			.recipients = note->message.recipients,
			.subject = note->message.subject,
			.keywords = note->message.keywords,
			.time = note->time,
			.size = note->size,
		    },
		    error);
	return (note->once ? state_journal_add_once : state_journal_add)(state,
	    &(struct journal_event){
		.time_us = note->time,
		.id = note->event.id,
		.session = note->event.session,
		.event = note->event.event,
		.place = note->event.place,
		.detail = note->event.detail,
	    },
	    error);
}

void note_free_all(struct note *notes)
{
	while (notes != NULL) {
		struct note *next = notes->next;

		free(notes);
		notes = next;
	}
}

static int write_all(struct intake *intake, const struct note *notes, struct error *error)
{
	if (notes == NULL)
		return 0;
	if (state_begin(intake->state, error) != 0)
		return -1;
	for (; notes != NULL; notes = notes->next)
		if (write_note(intake->state, notes, error) != 0) {
			state_abort(intake->state);
			return -1;
		}
	return state_commit(intake->state, error);
}

int note_write_all(struct intake *intake, struct error *error)
{
	struct note *notes, **end;
	int result;

	assert(cond_is_locked(&intake->flushing));
	pthread_mutex_lock(&intake->lock);
	intake_gather_logins(intake);
	notes = intake->notes;
	end = intake->notes_end;
	intake->notes = NULL;
	intake->notes_end = &intake->notes;
	pthread_mutex_unlock(&intake->lock);

	result = write_all(intake, notes, error);
	if (result == 0) {
		note_free_all(notes);
		return 0;
	}
	pthread_mutex_lock(&intake->lock);
	*end = intake->notes;
	if (intake->notes == NULL)
		intake->notes_end = end;
	intake->notes = notes;
	pthread_mutex_unlock(&intake->lock);
	return result;
}
