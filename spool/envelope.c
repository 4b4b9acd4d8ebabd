#include "spool/envelope.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "message/escape.h"
#include "spool/mailbox_name.h"

#include <stddef.h>
#include <stdlib.h>

static const char *const place_names[] = {"mailbox", "boss", "queue", "daemon", "reply", "own"};
static const char *const status_names[] = {"pending", "sent", "failed"};

void envelope_init(struct envelope *envelope)
{
	*envelope = (struct envelope){
	    .id = msgid_new(),
	    .time = clock_wall(),
	    .session = xstrdup(""),
	    .account = xstrdup(""),
	    .mailbox = xstrdup(""),
	    .uidl = xstrdup(""),
	    .identity = xstrdup(""),
	    .submitter = xstrdup(""),
	    .sender = xstrdup(""),
	    .envid = xstrdup(""),
	    .header = xstrdup(""),
	    .own_header = xstrdup(""),
	    .kept_header = xstrdup(""),
	    .insert = xstrdup(""),
	    .flags = xstrdup(""),
	};
}

void envelope_place_clear(struct place *place)
{
	free(place->name);
	free(place->why);
	free(place->reply);
	free(place->orcpt);
}

void envelope_clear(struct envelope *envelope)
{
	origin_clear(&envelope->origin);
	free(envelope->session);
	free(envelope->account);
	free(envelope->mailbox);
	free(envelope->uidl);
	free(envelope->identity);
	free(envelope->submitter);
	free(envelope->sender);
	free(envelope->envid);
	free(envelope->header);
	free(envelope->own_header);
	free(envelope->kept_header);
	for (size_t i = 0; i < envelope->cut_count; i++)
		free(envelope->cuts[i].text);
	free(envelope->cuts);
	free(envelope->insert);
	free(envelope->flags);
	strlist_clear(&envelope->recipients);
	for (size_t i = 0; i < SHOWN_COUNT; i++)
		free(envelope->shown[i]);
	for (size_t i = 0; i < envelope->place_count; i++)
		envelope_place_clear(&envelope->places[i]);
	free(envelope->places);
	for (size_t i = 0; i < envelope->omission_count; i++) {
		free(envelope->omissions[i].place);
		free(envelope->omissions[i].why);
	}
	free(envelope->omissions);
	*envelope = (struct envelope){0};
}

void envelope_set(char **field, struct slice text)
{
	char *copy = slice_dup(text);

	free(*field);
	*field = copy;
}

/* A mailbox gets each message once. */
static bool same_place(const struct place *place, enum place_kind kind, struct slice name)
{
	if (place_is_mailbox(kind) && place_is_mailbox(place->kind))
		return mailbox_name_equal(slice_of(place->name), name);
	return place->kind == kind && slice_equal_nocase(slice_of(place->name), name);
}

bool envelope_add(struct envelope *envelope, enum place_kind kind, struct slice name,
    struct slice why)
{
	for (size_t i = 0; i < envelope->place_count; i++) {
		if (!same_place(&envelope->places[i], kind, name))
			continue;
		if (kind == PLACE_BOSS || kind == PLACE_OWN)
			envelope->places[i].kind = kind;
		return true;
	}
	envelope->is_full = envelope->is_full || envelope->place_count >= ENVELOPE_PLACES_MAX;
	if (envelope->is_full)
		return false;
	ARRAY_GROW(envelope->places, envelope->place_count);
	envelope->places[envelope->place_count++] = (struct place){
	    .kind = kind,
	    .name = slice_dup(name),
	    .why = slice_dup(why),
	    .reply = xstrdup(""),
	    .orcpt = xstrdup(""),
	};
	return true;
}

char *envelope_place_text(const struct place *place)
{
	return xasprintf("%s %s", place_names[place_is_mailbox(place->kind) ? PLACE_MAILBOX : place->kind], place->name);
}

void envelope_omit(struct envelope *envelope, struct slice place, struct slice why)
{
	for (size_t i = 0; i < envelope->omission_count; i++)
		if (slice_is(place, envelope->omissions[i].place))
			return;
	if (envelope->omission_count >= ENVELOPE_PLACES_MAX)
		return;
	ARRAY_GROW(envelope->omissions, envelope->omission_count);
	envelope->omissions[envelope->omission_count++] = (struct envelope_omission){slice_dup(place), slice_dup(why)};
}

bool envelope_add_cut(struct envelope *envelope, uint64_t at, uint64_t len, struct slice text)
{
	if (envelope->cut_count >= ENVELOPE_CUTS_MAX)
		return false;
	ARRAY_GROW(envelope->cuts, envelope->cut_count);
	envelope->cuts[envelope->cut_count++] = (struct envelope_cut){at, len, slice_dup(text)};
	return true;
}

void envelope_add_header(struct envelope *envelope, const char *name, struct slice value)
{
	char *clean = slice_dup(value);
	char *header;

	for (char *at = clean; *at != '\0'; at++)
		if (*at == '\r' || *at == '\n')
			*at = ' ';
	header = xasprintf("%s%s: %s\r\n", envelope->header, name, clean);
	free(clean);
	free(envelope->header);
	envelope->header = header;
}

/* --- the text form: `key value` lines; values percent-escaped so that a line stays a line */

static void put_line(struct buf *out, const char *key, const char *value)
{
	if (value[0] == '\0')
		return;
	buf_printf(out, "%s ", key);
	escape_append(out, slice_of(value));
	buf_append_byte(out, '\n');
}

static void put_cut(struct buf *out, const struct envelope_cut *cut)
{
	buf_printf(out, "cut %llu %llu ", (unsigned long long)cut->at, (unsigned long long)cut->len);
	escape_append(out, slice_of(cut->text));
	buf_append_byte(out, '\n');
}

static void put_omission(struct buf *out, const struct envelope_omission *omission)
{
	buf_append_text(out, "omit ");
	escape_append(out, slice_of(omission->place));
	buf_append_byte(out, ' ');
	escape_append(out, slice_of(omission->why));
	buf_append_byte(out, '\n');
}

static void put_place(struct buf *out, const struct place *place)
{
	buf_printf(out, "place %s %s ", place_names[place->kind], status_names[place->status]);
	escape_append(out, slice_of(place->name));
	buf_append_byte(out, ' ');
	escape_append(out, slice_of(place->why));
	buf_append_byte(out, ' ');
	escape_append(out, slice_of(place->reply));
	buf_append_byte(out, '\n');
	if (place->notify == 0 && place->orcpt[0] == '\0')
		return;
	buf_append_text(out, "notify ");
	dsn_notify_write(place->notify, out);
	buf_append_byte(out, ' ');
	escape_append(out, slice_of(place->orcpt));
	buf_append_byte(out, '\n');
}

void envelope_write(const struct envelope *envelope, struct buf *out)
{
	char *origin = origin_text(&envelope->origin);

	buf_printf(out, "id %s\ntime %lld\nsize %llu\n", envelope->id.text,
	    (long long)envelope->time, (unsigned long long)envelope->size);
	put_line(out, "origin", origin);
	free(origin);
	put_line(out, "session", envelope->session);
	put_line(out, "account", envelope->account);
	put_line(out, "mailbox", envelope->mailbox);
	put_line(out, "uidl", envelope->uidl);
	if (envelope->listed > 0)
		buf_printf(out, "listed %llu\n", (unsigned long long)envelope->listed);
	if (envelope->digest > 0)
		buf_printf(out, "digest %llu\n", (unsigned long long)envelope->digest);
	if (envelope->body > 0)
		buf_printf(out, "body %llu\n", (unsigned long long)envelope->body);
	put_line(out, "identity", envelope->identity);
	put_line(out, "submitter", envelope->submitter);
	put_line(out, "sender", envelope->sender);
	put_line(out, "ret", dsn_ret_text(envelope->ret));
	put_line(out, "envid", envelope->envid);
	put_line(out, "header", envelope->header);
	put_line(out, "own-header", envelope->own_header);
	put_line(out, "kept-header", envelope->kept_header);
	for (size_t i = 0; i < envelope->cut_count; i++)
		put_cut(out, &envelope->cuts[i]);
	put_line(out, "insert", envelope->insert);
	put_line(out, "flags", envelope->flags);
	if (envelope->is_urgent)
		buf_append_text(out, "urgent 1\n");
	if (envelope->insert[0] != '\0')
		buf_printf(out, "insert-at %llu\n", (unsigned long long)envelope->insert_at);
	if (envelope->attempts > 0 || envelope->next_attempt > 0)
		buf_printf(out, "next %lld\nattempts %u\n", (long long)envelope->next_attempt,
		    envelope->attempts);
	if (envelope->last_attempt > 0)
		buf_printf(out, "last %lld\nwaited %lld\nreach %lld\n", (long long)envelope->last_attempt,
		    (long long)envelope->waited, (long long)envelope->reach);
	if (envelope->warned)
		buf_append_text(out, "warned 1\n");
	for (size_t i = 0; i < envelope->recipients.count; i++)
		put_line(out, "recipient", envelope->recipients.items[i]);
	for (size_t i = 0; i < envelope->place_count; i++)
		put_place(out, &envelope->places[i]);
	for (size_t i = 0; i < envelope->omission_count; i++)
		put_omission(out, &envelope->omissions[i]);
}

static bool word_index(struct slice word, const char *const *names, size_t count, size_t *index)
{
	for (*index = 0; *index < count; (*index)++)
		if (slice_is(word, names[*index]))
			return true;
	return false;
}

/* A compromised process may have written it: no name leads out of the mailboxes. */
static bool is_complete(const struct place *place)
{
	return place->name != NULL && place->why != NULL && place->reply != NULL &&
	       (!place_is_mailbox(place->kind) || mailbox_name_is_valid(slice_of(place->name)));
}

static bool parse_place(struct slice value, struct envelope *envelope)
{
	struct slice words[5];
	struct place place = {0};
	size_t kind, status;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		words[i] = slice_cut(&value, ' ');
	if (!word_index(words[0], place_names, ARRAY_LEN(place_names), &kind) ||
	    !word_index(words[1], status_names, ARRAY_LEN(status_names), &status) ||
	    envelope->place_count >= ENVELOPE_PLACES_MAX)
		return false;
	place.kind = (enum place_kind)kind;
	place.status = (enum place_status)status;
	place.name = escape_undo(words[2]);
	place.why = escape_undo(words[3]);
	place.reply = escape_undo(words[4]);
	if (!is_complete(&place)) {
		free(place.name);
		free(place.why);
		free(place.reply);
		return false;
	}
	place.orcpt = xstrdup("");
	ARRAY_GROW(envelope->places, envelope->place_count);
	envelope->places[envelope->place_count++] = place;
	return true;
}

/* Belongs to the place of the line before. */
static bool parse_notify(struct slice value, struct envelope *envelope)
{
	struct slice orcpt = value;
	struct slice events = slice_cut(&orcpt, ' ');
	struct place *place;
	char *text;

	if (envelope->place_count == 0)
		return false;
	place = &envelope->places[envelope->place_count - 1];
	if (events.len > 0 && !dsn_notify_parse(events, &place->notify))
		return false;
	text = escape_undo(orcpt);
	if (text == NULL)
		return false;
	free(place->orcpt);
	place->orcpt = text;
	return true;
}

static bool parse_text(struct slice value, char **field)
{
	char *text = escape_undo(value);

	if (text == NULL)
		return false;
	free(*field);
	*field = text;
	return true;
}

static bool parse_origin(struct slice value, struct origin *origin)
{
	char *text = escape_undo(value);

	if (text == NULL)
		return false;
	origin_clear(origin);
	origin_parse(text, origin);
	free(text);
	return true;
}

static bool parse_number(struct slice value, uint64_t max, uint64_t *number)
{
	return slice_number(value, 0, max, number);
}

static bool parse_cut(struct slice value, struct envelope *envelope)
{
	struct slice at = slice_cut(&value, ' '), len = slice_cut(&value, ' ');
	uint64_t from, length;
	char *text = escape_undo(value);
	bool good = text != NULL && parse_number(at, INT64_MAX, &from) && parse_number(len, INT64_MAX, &length) &&
		    envelope_add_cut(envelope, from, length, slice_of(text));

	free(text);
	return good;
}

static bool parse_omission(struct slice value, struct envelope *envelope)
{
	struct slice word = slice_cut(&value, ' ');
	char *place = escape_undo(word), *why = escape_undo(value);
	size_t before = envelope->omission_count;

	if (place != NULL && why != NULL)
		envelope_omit(envelope, slice_of(place), slice_of(why));
	free(place);
	free(why);
	return envelope->omission_count > before;
}

static bool parse_recipient(struct slice value, struct envelope *envelope)
{
	char *text = escape_undo(value);

	if (text == NULL || envelope->recipients.count >= ENVELOPE_PLACES_MAX) {
		free(text);
		return false;
	}
	strlist_add(&envelope->recipients, text);
	free(text);
	return true;
}

static bool parse_numbers(struct slice key, struct slice value, struct envelope *envelope)
{
	uint64_t number;

	if (!parse_number(value, INT64_MAX, &number))
		return false;
	if (slice_is(key, "time"))
		envelope->time = (int64_t)number;
	else if (slice_is(key, "size"))
		envelope->size = number;
	else if (slice_is(key, "insert-at"))
		envelope->insert_at = number;
	else if (slice_is(key, "listed"))
		envelope->listed = number;
	else if (slice_is(key, "digest"))
		envelope->digest = number;
	else if (slice_is(key, "body"))
		envelope->body = number;
	else if (slice_is(key, "next"))
		envelope->next_attempt = (int64_t)number;
	else if (slice_is(key, "attempts"))
		envelope->attempts = (unsigned)number;
	else if (slice_is(key, "last"))
		envelope->last_attempt = (int64_t)number;
	else if (slice_is(key, "waited"))
		envelope->waited = (int64_t)number;
	else if (slice_is(key, "reach"))
		envelope->reach = (int64_t)number;
	else if (slice_is(key, "urgent"))
		envelope->is_urgent = number != 0;
	else if (slice_is(key, "warned"))
		envelope->warned = number != 0;
	else
		return false;
	return true;
}

static bool parse_line(struct slice key, struct slice value, struct envelope *envelope)
{
	static const struct {
		const char *key;
		size_t offset;
	} texts[] = {
	    {"session", offsetof(struct envelope, session)},
	    {"account", offsetof(struct envelope, account)},
	    {"mailbox", offsetof(struct envelope, mailbox)},
	    {"uidl", offsetof(struct envelope, uidl)},
	    {"identity", offsetof(struct envelope, identity)},
	    {"submitter", offsetof(struct envelope, submitter)},
	    {"sender", offsetof(struct envelope, sender)},
	    {"envid", offsetof(struct envelope, envid)},
	    {"header", offsetof(struct envelope, header)},
	    {"own-header", offsetof(struct envelope, own_header)},
	    {"kept-header", offsetof(struct envelope, kept_header)},
	    {"insert", offsetof(struct envelope, insert)},
	    {"flags", offsetof(struct envelope, flags)},
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (slice_is(key, texts[i].key))
			return parse_text(value, (char **)((char *)envelope + texts[i].offset));
	if (slice_is(key, "origin"))
		return parse_origin(value, &envelope->origin);
	if (slice_is(key, "place"))
		return parse_place(value, envelope);
	if (slice_is(key, "notify"))
		return parse_notify(value, envelope);
	if (slice_is(key, "ret"))
		return dsn_ret_parse(value, &envelope->ret);
	if (slice_is(key, "cut"))
		return parse_cut(value, envelope);
	if (slice_is(key, "recipient"))
		return parse_recipient(value, envelope);
	if (slice_is(key, "omit"))
		return parse_omission(value, envelope);
	if (slice_is(key, "id") && msgid_is(value)) {
		memcpy(envelope->id.text, value.ptr, value.len);
		return true;
	}
	return parse_numbers(key, value, envelope);
}

int envelope_parse(struct slice text, struct envelope *envelope, struct error *error)
{
	int line_number = 0;

	envelope_init(envelope);
	envelope->id.text[0] = '\0';
	while (text.len > 0) {
		struct slice line = slice_cut(&text, '\n');
		struct slice key = slice_cut(&line, ' ');

		line_number++;
		if (!parse_line(key, line, envelope)) {
			envelope_clear(envelope);
			return error_set(error, ERROR_PERMANENT, N_("envelope line %d is damaged"),
			    line_number);
		}
	}
	if (envelope->id.text[0] == '\0') {
		envelope_clear(envelope);
		return error_set(error, ERROR_PERMANENT, N_("the envelope has no id"));
	}
	return 0;
}
