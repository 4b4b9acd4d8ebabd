#include "mail/bounce.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "mail/decode.h"
#include "mail/refusal.h"
#include "mail/route.h"

#include <stdio.h>

#define BOUNCE_MAX (1u << 20)
#define ORIGINAL_HEADER_MAX (64u << 10) /* so much of it goes into the bounce */

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
	return true;
}

static void choose_places(const struct conf *conf, enum bounce_kind kind,
    const struct envelope *original, const struct place *const *places, size_t count, struct envelope *bounce)
{
	struct addr sender;
	bool told = false;
	const char *user;

	/* Only somebody of ours: an outside sender may be forged, and to tell him would be backscatter. */
	if (original->sender[0] != '\0' && addr_parse(slice_of(original->sender), &sender) &&
	    route_address(conf, &sender, &user) == ROUTE_MAILBOX) {
		route_add_mailbox(conf, bounce, user, SLICE_LITERAL("bounce to the sender"));
		strlist_add(&bounce->recipients, original->sender);
		told = true;
	}
	/* Somebody must hear of what will not arrive. */
	if (postmaster_wants(conf, kind, places, count) || (kind == BOUNCE_FAILED && !told)) {
		route_add_mailbox(conf, bounce, CONF_POSTMASTER,
		    SLICE_LITERAL("copy of a bounce"));
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

static void human_place(const struct place *place, struct buf *text)
{
	const char *meaning = refusal_explain(place->reply);

	buf_printf(text, "    %s\n", place->name);
	if (meaning != NULL)
		buf_printf(text, "        %s\n", meaning);
	if (place->reply[0] == '\0')
		buf_printf(text, "        %s\n", _("no answer yet"));
	else
		buf_printf(text, _("        The server said: %s\n"), place->reply);
}

static void human_part(enum bounce_kind kind, const struct envelope *original,
    const struct place *const *places, size_t count, struct slice message, struct buf *out)
{
	struct buf text = BUF_INIT(BOUNCE_MAX), subject = BUF_INIT(4096);
	struct header_field field;
	char shown[256], when[64];

	if (header_find(message, "Subject", &field))
		decode_field(&field, decode_message_charset(message), &subject);
	str_printable(shown, sizeof(shown), buf_slice(&subject));
	i18n_time(when, sizeof(when), original->time);
	if (kind == BOUNCE_FAILED)
		buf_printf(&text,
		    _("Your letter \"%s\" of %s could not be delivered to:\n\n"), shown, when);
	else
		buf_printf(&text,
		    _("Your letter \"%s\" of %s has not been delivered yet. The gateway goes on trying; you "
		      "need not send it again. Still waiting:\n\n"),
		    shown, when);
	for (size_t i = 0; i < count; i++)
		human_place(places[i], &text);
	if (kind == BOUNCE_FAILED)
		buf_append_text(&text,
		    _("\nThe gateway will not try again. If you do not know what to do, ask your administrator.\n"));
	buf_append_text(out, "Content-Type: text/plain; charset=UTF-8\r\n"
			     "Content-Transfer-Encoding: 8bit\r\n\r\n");
	add_text(out, buf_slice(&text));
	buf_clear(&text);
	buf_clear(&subject);
}

/* RFC 3464 sections 2.2 and 2.3. */
static void status_part(const struct conf *conf, enum bounce_kind kind,
    const struct envelope *original, const struct place *const *places, size_t count,
    struct buf *out)
{
	char date[64], code[16];

	buf_printf(out,
	    "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; %s\r\nX-Queue-Id: %s\r\n"
	    "Arrival-Date: %s\r\n",
	    conf->gateway.hostname, original->id.text,
	    clock_rfc5322(date, sizeof(date), original->time));
	for (size_t i = 0; i < count; i++) {
		refusal_status(places[i]->reply[0] != '\0' || kind == BOUNCE_FAILED ? places[i]->reply : "4", code, sizeof(code));
		buf_printf(out, "\r\nFinal-Recipient: rfc822; %s\r\nAction: %s\r\nStatus: %s\r\n",
		    places[i]->name, kind == BOUNCE_FAILED ? "failed" : "delayed", code);
		if (places[i]->reply[0] >= '2' && places[i]->reply[0] <= '5')
			buf_printf(out, "Diagnostic-Code: smtp; %s\r\n", places[i]->reply);
	}
}

static void original_part(struct slice message, struct buf *out)
{
	size_t length = header_length(message);

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

	encode_text(slice_of(kind == BOUNCE_FAILED ? _("Your letter could not be delivered")
						   : _("Your letter is delayed")),
	    &subject);
	buf_printf(out,
	    "From: lanpost <%s@%s>\r\nTo: <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s@%s>\r\n"
	    "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"%s\"\r\n\r\n",
	    CONF_POSTMASTER, gateway->local_domain,
	    original->sender[0] == '\0' ? CONF_POSTMASTER : original->sender, buf_text(&subject),
	    clock_rfc5322(date, sizeof(date), clock_wall()), id, gateway->hostname, id);
	buf_clear(&subject);
	buf_printf(out, "--%s\r\n", id);
	human_part(kind, original, places, count, message, out);
	buf_printf(out, "\r\n--%s\r\n", id);
	status_part(conf, kind, original, places, count, out);
	buf_printf(out, "\r\n--%s\r\n", id);
	original_part(message, out);
	buf_printf(out, "\r\n--%s--\r\n", id);
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
