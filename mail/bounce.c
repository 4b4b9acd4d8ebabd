#include "mail/bounce.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "mail/decode.h"
#include "mail/refusal.h"
#include "mail/route.h"
#include "mail/seven_bit.h"

#include <stdio.h>
#include <stdlib.h>

#define BOUNCE_MAX (1u << 20)
#define ORIGINAL_HEADER_MAX (64u << 10) /* so much of it goes into the bounce */

/* What the kinds say. The intro gets the subject and the time. */
static const struct {
	enum dsn_notify event;
	const char *subject, *intro, *outro;
	const char *action; /* RFC 3464 section 2.3.3 */
	const char *reply;  /* that stands for none, in the status code */
} kinds[] = {
    [BOUNCE_FAILED] = {DSN_FAILURE, N_("Your letter could not be delivered"),
	N_("Your letter \"%s\" of %s could not be delivered to:\n\n"),
	N_("\nThe gateway will not try again. If you do not know what to do, ask your administrator.\n"), "failed", ""},
    [BOUNCE_DELAYED] = {DSN_DELAY, N_("Your letter is delayed"),
	N_("Your letter \"%s\" of %s has not been delivered yet. The gateway goes on trying; you "
	   "need not send it again. Still waiting:\n\n"),
	NULL, "delayed", "4"},
    [BOUNCE_RELAYED] = {DSN_SUCCESS, N_("Your letter is on its way"),
	N_("Your letter \"%s\" of %s was handed over to the provider, who will tell nothing more about it. It goes to:\n\n"),
	NULL, "relayed", ""},
    [BOUNCE_DELIVERED] = {DSN_SUCCESS, N_("Your letter was delivered"),
	N_("Your letter \"%s\" of %s is in the mailbox of:\n\n"), NULL, "delivered", ""},
};

bool bounce_is_wanted(enum bounce_kind kind, const struct place *place)
{
	return dsn_wants(place->notify, kinds[kind].event);
}

/* --- whom to tell */

static bool is_serious(const struct place *const *places, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!refusal_is_about_address(places[i]->reply))
			return true;
	return false;
}

static bool postmaster_wants(const struct conf *conf, enum bounce_kind kind, const struct place *const *places, size_t count)
{
	switch (conf->gateway.bounce_copies) {
	case COPIES_NONE:
		return false;
	case COPIES_SERIOUS:
		return kind == BOUNCE_FAILED && is_serious(places, count);
	case COPIES_FAILED:
		return kind == BOUNCE_FAILED;
	case COPIES_ALL:
		break;
	}
	return kind == BOUNCE_FAILED || kind == BOUNCE_DELAYED;
}

static void choose_places(const struct conf *conf, enum bounce_kind kind,
    const struct envelope *original, const struct place *const *places, size_t count, struct envelope *bounce)
{
	struct addr sender;
	bool told = false;
	const char *user;

	/* What has the null sender may be a bounce itself, or what a forward sent on: what becomes of it ends here. A forward that
	 * took the news outside again could bring them back for ever. */
	if (original->sender[0] == '\0') {
		if (kind == BOUNCE_FAILED) {
			route_add_postmaster_here(conf, bounce, SLICE_LITERAL("bounce of a message without a sender"));
			strlist_add(&bounce->recipients, CONF_POSTMASTER);
		}
		return;
	}
	/* Only somebody of ours: an outside sender may be forged, and to tell him would be backscatter. */
	if (addr_parse(slice_of(original->sender), &sender) &&
	    route_address(conf, &sender, &user) == ROUTE_MAILBOX) {
		route_add_mailbox(conf, bounce, user, slice_of(PHRASE(N_("bounce to the sender"))));
		strlist_add(&bounce->recipients, original->sender);
		told = true;
	}
	/* Somebody must hear of what will not arrive. */
	if (postmaster_wants(conf, kind, places, count) || (kind == BOUNCE_FAILED && !told)) {
		route_add_mailbox(conf, bounce, CONF_POSTMASTER,
		    slice_of(PHRASE(N_("copy of a bounce"))));
		strlist_add(&bounce->recipients, CONF_POSTMASTER);
	}
}

/* --- the parts */

/* Text with \n line ends as a part's body. */
static void add_text(struct buf *out, struct slice text)
{
	while (text.len > 0) {
		buf_append_slice(out, slice_cut(&text, '\n'));
		buf_append_text(out, "\r\n");
	}
}

/* A mailbox is known outside by its address. */
static const char *address_of(const struct conf *conf, const struct place *place, char out[ADDR_TEXT_MAX])
{
	if (place->kind == PLACE_QUEUE)
		return place->name;
	snprintf(out, ADDR_TEXT_MAX, "%s@%s", place->name, conf->gateway.local_domain);
	return out;
}

static void human_place(const struct conf *conf, enum bounce_kind kind, const struct place *place, struct buf *text)
{
	const char *meaning = refusal_explain(place->reply);
	char address[ADDR_TEXT_MAX];

	buf_printf(text, "    %s\n", address_of(conf, place, address));
	if (kind == BOUNCE_DELIVERED)
		return;
	if (meaning != NULL)
		buf_printf(text, "        %s\n", _(meaning));
	if (place->reply[0] == '\0')
		buf_printf(text, "        %s\n", _("no answer yet"));
	else if (place->reply[0] >= '2' && place->reply[0] <= '5')
		buf_printf(text, _("        The server said: %s\n"), place->reply);
	else /* nobody's server */
		buf_printf(text, "        %s\n", PHRASE_SAID(place->reply));
}

static void human_part(const struct conf *conf, enum bounce_kind kind, const struct envelope *original,
    const struct place *const *places, size_t count, struct slice message, struct buf *out)
{
	struct buf text = BUF_INIT(BOUNCE_MAX), subject = BUF_INIT(4096);
	struct header_field field;
	char shown[256], when[64];

	if (header_find(message, "Subject", &field))
		decode_field(&field, decode_message_charset(message), &subject);
	str_printable(shown, sizeof(shown), buf_slice(&subject));
	i18n_time(when, sizeof(when), original->time);
	buf_printf(&text, _(kinds[kind].intro), shown, when);
	for (size_t i = 0; i < count; i++)
		human_place(conf, kind, places[i], &text);
	if (kinds[kind].outro != NULL)
		buf_append_text(&text, _(kinds[kind].outro));
	buf_append_text(out, "Content-Type: text/plain; charset=UTF-8\r\n"
			     "Content-Transfer-Encoding: 8bit\r\n\r\n");
	add_text(out, buf_slice(&text));
	buf_clear(&text);
	buf_clear(&subject);
}

/* A field whose value the client gave as xtext: shown as it is meant, on one line. */
static void put_xtext(const char *name, const char *prefix, struct slice value, struct buf *out)
{
	struct buf text = BUF_INIT(4096);
	char shown[4 * DSN_ORCPT_MAX + 1];

	dsn_xtext_decode(value, &text);
	buf_printf(out, "%s: %s%s\r\n", name, prefix, str_printable(shown, sizeof(shown), buf_slice(&text)));
	buf_clear(&text);
}

static void put_status(enum bounce_kind kind, const char *said, struct buf *out)
{
	const char *reply = PHRASE_EN(said);
	char code[16] = "2.0.0";

	if (kinds[kind].event != DSN_SUCCESS)
		refusal_status(reply[0] != '\0' ? reply : kinds[kind].reply, code, sizeof(code));
	buf_printf(out, "Action: %s\r\nStatus: %s\r\n", kinds[kind].action, code);
	if (reply[0] >= '2' && reply[0] <= '5')
		buf_printf(out, "Diagnostic-Code: smtp; %s\r\n", reply);
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
	name = address_of(conf, place, address);
	buf_printf(out, "Final-Recipient: %s; %s\r\n", seven_bit_is(slice_of(name)) ? "rfc822" : "utf-8", name);
	put_status(kind, place->reply, out);
}

/* RFC 3464 sections 2.2 and 2.3. */
static void status_fields(const struct conf *conf, enum bounce_kind kind, const struct envelope *original,
    const struct place *const *places, size_t count, struct buf *out)
{
	char date[64];

	if (original->envid[0] != '\0')
		put_xtext("Original-Envelope-Id", "", slice_of(original->envid), out);
	buf_printf(out,
	    "Reporting-MTA: dns; %s\r\nX-Queue-Id: %s\r\n"
	    "Arrival-Date: %s\r\n",
	    conf->gateway.hostname, original->id.text,
	    clock_rfc5322(date, sizeof(date), original->time));
	for (size_t i = 0; i < count; i++)
		recipient_fields(conf, kind, places[i], out);
}

/* RFC 3464 has 7 bits only; what a server said in others, and addresses beyond ASCII, are RFC 6533's. */
static void status_part(const struct conf *conf, enum bounce_kind kind,
    const struct envelope *original, const struct place *const *places, size_t count,
    struct buf *out)
{
	struct buf text = BUF_INIT(BOUNCE_MAX);

	status_fields(conf, kind, original, places, count, &text);
	buf_append_text(out, seven_bit_is(buf_slice(&text))
		? "Content-Type: message/delivery-status\r\n\r\n"
		: "Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
	buf_append_slice(out, buf_slice(&text));
	buf_clear(&text);
}

/* The whole letter goes back only if it failed and its sender asked for it (RFC 3461 section 4.3), and is not huge. */
static void original_part(enum bounce_kind kind, enum dsn_ret ret, struct slice message, struct buf *out)
{
	size_t length = header_length(message);

	if (kind == BOUNCE_FAILED && ret == DSN_RET_FULL && message.len <= BOUNCE_MAX) {
		buf_append_text(out, "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
		buf_append_slice(out, message);
		return;
	}
	buf_append_text(out, "Content-Type: text/rfc822-headers\r\n"
			     "Content-Transfer-Encoding: 8bit\r\n\r\n");
	buf_append(out, message.ptr, length < ORIGINAL_HEADER_MAX ? length : ORIGINAL_HEADER_MAX);
	buf_append_text(out, "\r\n");
}

static void write_bounce(const struct conf *conf, enum bounce_kind kind,
    const struct envelope *original, const struct place *const *places, size_t count,
    struct slice message, const struct envelope *bounce, struct buf *out)
{
	const struct conf_gateway *gateway = &conf->gateway;
	const char *id = bounce->id.text; /* the boundary, too: it stands nowhere else */
	struct buf subject = BUF_INIT(1024);
	char date[64];

	encode_text(slice_of(_(kinds[kind].subject)), &subject);
	buf_printf(out,
	    "From: lanpost <%s@%s>\r\nTo: <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s@%s>\r\n"
	    "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"%s\"\r\n\r\n",
	    CONF_POSTMASTER, gateway->local_domain,
	    original->sender[0] == '\0' ? CONF_POSTMASTER : original->sender, buf_text(&subject),
	    clock_rfc5322(date, sizeof(date), clock_wall()), id, gateway->hostname, id);
	buf_clear(&subject);
	buf_printf(out, "--%s\r\n", id);
	human_part(conf, kind, original, places, count, message, out);
	buf_printf(out, "\r\n--%s\r\n", id);
	status_part(conf, kind, original, places, count, out);
	buf_printf(out, "\r\n--%s\r\n", id);
	original_part(kind, original->ret, message, out);
	buf_printf(out, "\r\n--%s--\r\n", id);
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

int bounce_make(const struct conf *conf, enum bounce_kind kind, const struct envelope *original,
    const struct place *const *places, size_t count, struct slice message, const char *session,
    struct envelope *bounce, struct body *body, struct error *error)
{
	struct buf text = BUF_INIT(4 * BOUNCE_MAX);
	int result;

	envelope_init(bounce);
	envelope_set(&bounce->origin, SLICE_LITERAL("gateway"));
	envelope_set(&bounce->session, slice_of(session));
	choose_places(conf, kind, original, places, count, bounce);
	write_bounce(conf, kind, original, places, count, message, bounce, &text);
	body_init(body, conf->gateway.spool);
	result = body_append(body, buf_slice(&text), &bounce->id, error);
	if (result == 0)
		result = body_finish(body, error);
	if (result != 0) {
		envelope_clear(bounce);
		body_clear(body, false);
	}
	buf_clear(&text);
	return result;
}

bool bounce_make_delivered(const struct conf *conf, const struct envelope *original, struct slice message,
    struct envelope *notice, struct body *body)
{
	const struct place **places = xcalloc(original->place_count + 1, sizeof(struct place *));
	struct error error = ERROR_INIT;
	size_t count = 0;
	bool made;

	for (size_t i = 0; i < original->place_count; i++) {
		const struct place *place = &original->places[i];

		if ((place->kind == PLACE_MAILBOX || place->kind == PLACE_BOSS) &&
		    bounce_is_wanted(BOUNCE_DELIVERED, place))
			places[count++] = place;
	}
	made = count > 0 && bounce_make(conf, BOUNCE_DELIVERED, original, places, count, message, original->session,
				notice, body, &error) == 0;
	free(places);
	if (count > 0 && !made)
		log_warnx("event=notice-not-made id=%s reason=%s", original->id.text, LOG_ERROR(&error));
	if (made && notice->place_count == 0) {
		envelope_clear(notice);
		body_clear(body, false);
		made = false;
	}
	return made;
}
