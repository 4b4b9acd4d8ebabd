#include "mail/bounce_text.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "message/compose.h"
#include "message/header.h"
#include "message/refusal.h"
#include "mail/route.h"

#include <stdio.h>
#include <stdlib.h>

#define BOUNCE_MAX (1u << 20)
#define ORIGINAL_HEADER_MAX (64u << 10) /* bytes of the original in the bounce */

static const struct {
	enum dsn_notify event;
	const char *action; /* RFC 3464 section 2.3.3 */
	const char *reply;  /* the value for an unknown status code */
} kinds[] = {
    [BOUNCE_FAILED] = {DSN_FAILURE, "failed", ""},
    [BOUNCE_DELAYED] = {DSN_DELAY, "delayed", "4"},
    [BOUNCE_RELAYED] = {DSN_SUCCESS, "relayed", ""},
    [BOUNCE_DELIVERED] = {DSN_SUCCESS, "delivered", ""},
};

bool bounce_is_wanted(enum bounce_kind kind, const struct place *place)
{
	return dsn_wants(place->notify, kinds[kind].event);
}

/* --- recipients of the report */

static bool is_serious(const struct place *const *places, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!refusal_is_about_address(places[i]->reply))
			return true;
	return false;
}

static bool postmaster_wants(const struct conf *conf, const struct bounce_about *about)
{
	switch (conf->gateway.bounce_copies) {
	case COPIES_NONE:
		return false;
	case COPIES_SERIOUS:
		return about->kind == BOUNCE_FAILED && is_serious(about->places, about->count);
	case COPIES_FAILED:
		return about->kind == BOUNCE_FAILED;
	case COPIES_ALL:
		break;
	}
	return about->kind == BOUNCE_FAILED || about->kind == BOUNCE_DELAYED;
}

/* Only local users are notified: an external sender may be forged, and a report to them would be
 * backscatter. */
static bool sender_is_ours(const struct conf *conf, const struct envelope *original, const char **user)
{
	struct addr sender;

	return original->sender[0] != '\0' && addr_parse(slice_of(original->sender), &sender) &&
	       route_address(conf, &sender, user) == ROUTE_MAILBOX;
}

/* --- the parts */

/* A field whose value the client gave as xtext: decoded, on one line. */
static void put_xtext(const char *name, const char *prefix, struct slice value, struct buf *out)
{
	struct buf text = BUF_INIT(4096);
	char shown[4 * DSN_ORCPT_MAX + 1];

	dsn_xtext_decode(value, &text);
	compose_field(out, name, "%s%s", prefix, str_printable(shown, sizeof(shown), buf_slice(&text)));
	buf_clear(&text);
}

static void put_status(enum bounce_kind kind, const char *said, struct buf *out)
{
	const char *reply = PHRASE_EN(said);
	char code[16] = "2.0.0";

	if (kinds[kind].event != DSN_SUCCESS)
		refusal_status(reply[0] != '\0' ? reply : kinds[kind].reply, code, sizeof(code));
	compose_field(out, "Action", "%s", kinds[kind].action);
	compose_field(out, "Status", "%s", code);
	if (reply[0] >= '2' && reply[0] <= '5')
		compose_field(out, "Diagnostic-Code", "smtp; %s", reply);
}

static void recipient_fields(const struct conf *conf, enum bounce_kind kind, const struct place *place, struct buf *out)
{
	char address[ADDR_TEXT_MAX], type[DSN_ORCPT_MAX + 1];
	struct slice orcpt = slice_of(place->orcpt);
	struct slice prefix = slice_cut(&orcpt, ';');
	const char *name;

	buf_append_text(out, "\r\n");
	snprintf(type, sizeof(type), "%.*s;", SLICE_PRINT(prefix));
	if (orcpt.len > 0)
		put_xtext("Original-Recipient", type, orcpt, out);
	name = bounce_address(conf, place, address);
	compose_field(out, "Final-Recipient", "%s; %s", slice_is_ascii(slice_of(name)) ? "rfc822" : "utf-8", name);
	put_status(kind, place->reply, out);
}

/* RFC 3464 sections 2.2 and 2.3. */
static void status_fields(const struct conf *conf, const struct bounce_about *about, struct buf *out)
{
	const struct envelope *original = about->original;
	char date[64];

	if (original->envid[0] != '\0')
		put_xtext("Original-Envelope-Id", "", slice_of(original->envid), out);
	compose_field(out, "Reporting-MTA", "dns; %s", conf->gateway.hostname);
	compose_field(out, "X-Queue-Id", "%s", original->id.text);
	compose_field(out, "Arrival-Date", "%s", clock_rfc5322(date, sizeof(date), original->time));
	for (size_t i = 0; i < about->count; i++)
		recipient_fields(conf, about->kind, about->places[i], out);
}

/* A failed message is returned whole, since it may be the only copy; unless it is large, or its sender wants only the
 * header (RFC 3461 section 4.3). */
static bool returns_whole(const struct conf *conf, const struct bounce_about *about)
{
	size_t limit = (size_t)conf->gateway.bounce_size;

	if (about->original->ret == DSN_RET_FULL && limit < BOUNCE_MAX)
		limit = BOUNCE_MAX;
	return about->kind == BOUNCE_FAILED && about->original->ret != DSN_RET_HDRS && about->message.len <= limit;
}

static struct compose_part original_part(const struct conf *conf, const struct bounce_about *about)
{
	size_t length = header_length(about->message);

	if (returns_whole(conf, about))
		return (struct compose_part){COMPOSE_MESSAGE, about->message};
	return (struct compose_part){COMPOSE_HEADER,
	    slice_make(about->message.ptr, length < ORIGINAL_HEADER_MAX ? length : ORIGINAL_HEADER_MAX)};
}

static struct slice message_id_of(const struct bounce_about *about)
{
	struct slice given = slice_of(about->original->header);
	struct header_field field;

	if (!header_find(about->message, "Message-ID", &field) && !header_find(given, "Message-ID", &field))
		return SLICE_NONE;
	return slice_trim(field.body);
}

static int write_bounce(const struct conf *conf, const struct bounce_about *about, enum bounce_reader reader, const struct msgid *id,
    struct buf *out, struct error *error)
{
	struct buf subject = BUF_INIT(4096), text = BUF_INIT(BOUNCE_MAX), status = BUF_INIT(BOUNCE_MAX);
	struct addr postmaster = route_own_address(conf, CONF_POSTMASTER), to = postmaster;
	int result;

	if (reader == BOUNCE_TO_SENDER)
		addr_parse(slice_of(about->original->sender), &to);
	bounce_text(conf, about, reader, &subject, &text);
	status_fields(conf, about, &status);
	result = compose_message(
	    &(struct compose){
		.kind = COMPOSE_BOUNCE,
		.from_name = "lanpost",
		.from = &postmaster,
		.to = &to,
		.subject = buf_slice(&subject),
		.date = clock_wall(),
		.id = id,
		.host = conf->gateway.hostname,
		.answers = message_id_of(about),
		.parts = {{COMPOSE_TEXT, buf_slice(&text)}, {COMPOSE_STATUS, buf_slice(&status)}, original_part(conf, about)},
		.part_count = 3,
	    },
	    out, error);
	buf_clear(&subject);
	buf_clear(&text);
	buf_clear(&status);
	return result;
}

static bool is_null_path(struct slice body)
{
	struct addr_item item;
	size_t at = 0;

	return !addr_list_next(body, &at, &item) || !item.valid;
}

static bool is_of_mailer(struct slice from)
{
	static const char *const names[] = {"mailer-daemon", "mail-daemon", "maildaemon"};
	struct addr_item item;
	size_t at = 0;

	if (!addr_list_next(from, &at, &item) || !item.valid)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_is_nocase(slice_of(item.addr.local), names[i]))
			return true;
	return false;
}

bool bounce_is_one(struct slice message)
{
	struct header_field field;

	return (header_find(message, "Return-Path", &field) && is_null_path(field.body)) ||
	       (header_find(message, "From", &field) && is_of_mailer(field.body)) ||
	       (header_find(message, "Content-Type", &field) && slice_begins_nocase(slice_trim(field.body), "multipart/report")) ||
	       header_find(message, "X-Failed-Recipients", &field);
}

/* --- the whole */

void bounce_clear_all(struct bounces *bounces)
{
	for (size_t i = 0; i < bounces->count; i++) {
		envelope_clear(&bounces->items[i].envelope);
		body_clear(&bounces->items[i].body, false);
	}
	bounces->count = 0;
}

int bounce_accept_all(struct intake *intake, struct bounces *bounces, const struct fact *facts, size_t fact_count,
    struct error *error)
{
	int result = 0;

	if (bounces->count == 0 && fact_count > 0)
		return intake_accept(intake, NULL, NULL, facts, fact_count, error);
	for (size_t i = 0; i < bounces->count && result == 0; i++) {
		bool is_last = i + 1 == bounces->count;

		result = intake_accept(intake, &bounces->items[i].envelope, &bounces->items[i].body, is_last ? facts : NULL,
		    is_last ? fact_count : 0, error);
	}
	bounce_clear_all(bounces);
	return result;
}

static int write_body(const struct conf *conf, const struct bounce_about *about, enum bounce_reader reader,
    struct bounce *bounce, struct error *error)
{
	/* Line ends enlarge a text to at most three times its size. */
	struct buf text = BUF_INIT(6 * BOUNCE_MAX + (size_t)conf->gateway.bounce_size);
	int result = write_bounce(conf, about, reader, &bounce->envelope.id, &text, error);

	body_init(&bounce->body, about->spool);
	if (result == 0)
		result = body_append(&bounce->body, buf_slice(&text), &bounce->envelope.id, error);
	if (result == 0)
		result = body_finish(&bounce->body, error);
	buf_clear(&text);
	return result;
}

/* The user who reads postmaster's mail already gets the bounce as the sender. */
static bool is_postmasters_own(const struct conf *conf, const struct envelope *original)
{
	const char *user;

	return sender_is_ours(conf, original, &user) && strcmp(user, conf->gateway.postmaster) == 0;
}

/* Adds a report, in the language of its reader. */
static int add_bounce(const struct conf *conf, const struct bounce_about *about, enum bounce_reader reader,
    struct bounces *bounces, struct error *error)
{
	struct bounce *bounce = &bounces->items[bounces->count++];
	const char *to = reader == BOUNCE_TO_SENDER ? about->original->sender : CONF_POSTMASTER, *user = NULL, *before;
	int result;

	envelope_init(&bounce->envelope);
	origin_set_gateway(&bounce->envelope.origin);
	envelope_set(&bounce->envelope.session, slice_of(about->session));
	strlist_add(&bounce->envelope.recipients, to);
	if (reader == BOUNCE_TO_SENDER && sender_is_ours(conf, about->original, &user))
		route_add_mailbox(conf, &bounce->envelope, user, slice_of(PHRASE(N_("bounce to the sender"))));
	else if (about->original->sender[0] != '\0' && !is_postmasters_own(conf, about->original))
		route_add_mailbox(conf, &bounce->envelope, CONF_POSTMASTER, slice_of(PHRASE(N_("copy of a bounce"))));
	else if (about->original->sender[0] != '\0')
		route_add_postmaster_here(conf, &bounce->envelope, slice_of(PHRASE(N_("copy of a bounce"))));
	else /* may itself be a bounce, or forwarded: the reports end here */
		route_add_postmaster_here(conf, &bounce->envelope, slice_of(PHRASE(N_("bounce of a message without a sender"))));
	before = i18n_speak(route_language(conf, to));
	result = write_body(conf, about, reader, bounce, error);
	i18n_speak(before);
	return result;
}

int bounce_make_all(const struct conf *conf, const struct bounce_about *about, struct bounces *bounces, struct error *error)
{
	const char *user;
	bool has_sender = about->original->sender[0] != '\0', tells_sender = sender_is_ours(conf, about->original, &user);
	bool failed = about->kind == BOUNCE_FAILED;
	int result = 0;

	*bounces = (struct bounces){.count = 0};
	/* A failure must always be reported to a user. */
	if (has_sender ? postmaster_wants(conf, about) || (failed && !tells_sender) : failed)
		result = add_bounce(conf, about, BOUNCE_TO_POSTMASTER, bounces, error);
	if (result == 0 && tells_sender)
		result = add_bounce(conf, about, BOUNCE_TO_SENDER, bounces, error);
	if (result != 0)
		bounce_clear_all(bounces);
	return result;
}

/* The recipients with a delivery to a mailbox whose sender requested a notification. New memory. */
static const struct place **pick_delivered(const struct envelope *original, size_t *count)
{
	const struct place **places = xcalloc(original->place_count + 1, sizeof(struct place *));

	*count = 0;
	for (size_t i = 0; i < original->place_count; i++) {
		const struct place *place = &original->places[i];

		if ((place->kind == PLACE_MAILBOX || place->kind == PLACE_BOSS) && bounce_is_wanted(BOUNCE_DELIVERED, place))
			places[(*count)++] = place;
	}
	return places;
}

bool bounce_make_delivered(const struct conf *conf, const struct spool *spool, const struct envelope *original, struct slice message,
    struct envelope *notice, struct body *body)
{
	size_t count;
	const struct place **places = pick_delivered(original, &count);
	const struct bounce_about about = {spool, BOUNCE_DELIVERED, original, places, count, message, original->session};
	struct bounces bounces = {.count = 0};
	struct error error = ERROR_INIT;

	if (count > 0 && bounce_make_all(conf, &about, &bounces, &error) != 0)
		log_warnx("event=notice-not-made id=%s reason=%s", original->id.text, LOG_ERROR(&error));
	free(places);
	if (bounces.count == 0)
		return false;
	*notice = bounces.items[0].envelope; /* only the sender is notified of success */
	*body = bounces.items[0].body;
	return true;
}
