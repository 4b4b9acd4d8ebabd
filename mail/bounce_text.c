#include "mail/bounce_text.h"

#include "base/i18n.h"
#include "message/decode.h"
#include "message/refusal.h"
#include "mail/route.h"

#include <stdio.h>

/* By kind and reader. The subject contains a recipient; the introduction contains the subject of the message, for
 * postmaster its sender, and the time when it was sent. */
static const struct {
	const char *subject, *intro;
} texts[][2] = {
    [BOUNCE_FAILED] = {{N_("Not delivered: %s"), N_("Your message \"%s\", sent %s, could not be delivered to:\n\n")},
	{N_("Mail of a user was not delivered: %s"), N_("The message \"%s\" of %s, sent %s, could not be delivered to:\n\n")}},
    [BOUNCE_DELAYED] = {{N_("Delayed: %s"), N_("Your message \"%s\", sent %s, has not been delivered yet to:\n\n")},
	{N_("Mail of a user is delayed: %s"), N_("The message \"%s\" of %s, sent %s, has not been delivered yet to:\n\n")}},
    [BOUNCE_RELAYED] = {{N_("Sent: %s"), N_("Your message \"%s\", sent %s, was handed over to the "
        "provider, who sends no further report. It was sent to:\n\n")},
	{NULL, NULL}},
    [BOUNCE_DELIVERED] = {{N_("Delivered: %s"), N_("Your message \"%s\", sent %s, is in the mailbox of:\n\n")}, {NULL, NULL}},
};

const char *bounce_address(const struct conf *conf, const struct place *place, char out[ADDR_TEXT_MAX])
{
	if (place->kind == PLACE_QUEUE)
		return place->name;
	snprintf(out, ADDR_TEXT_MAX, "%s@%s", place->name, conf->gateway.local_domain);
	return out;
}

/* The codes before the text of a reply are for servers. */
static const char *without_codes(const char *reply)
{
	size_t at = strspn(reply, "0123456789");

	if (at != 3 || reply[at] != ' ')
		return reply;
	reply += at + 1;
	at = strspn(reply, "0123456789.");
	return at >= 5 && reply[at] == ' ' ? reply + at + 1 : reply;
}

/* The gateway's own reply is not a server's text. */
static void add_reply(const char *reply, struct buf *text)
{
	if (reply[0] == '\0')
		buf_printf(text, "        %s\n", _("no answer yet"));
	else if (phrase_is(reply))
		buf_printf(text, "        %s\n", without_codes(PHRASE_SAID(reply)));
	else
		buf_printf(text, _("        The server said: %s\n"), reply);
}

static void add_place(const struct conf *conf, const struct bounce_about *about, const struct place *place, struct buf *text)
{
	const char *meaning = refusal_explain(place->reply);
	char address[ADDR_TEXT_MAX];

	buf_printf(text, "    %s\n", bounce_address(conf, place, address));
	if (about->kind == BOUNCE_DELIVERED)
		return;
	if (meaning == NULL && about->kind == BOUNCE_FAILED && !phrase_is(place->reply) && place->reply[0] == '5')
		meaning = N_("The server permanently refused the message. Its reply gives the reason:");
	if (meaning != NULL)
		buf_printf(text, "        %s\n", _(meaning));
	add_reply(place->reply, text);
}

/* --- the text below */

static void add_outlook(const struct conf *conf, const struct envelope *original, struct buf *text)
{
	const struct conf_smarthost *smarthost = conf_smarthost_for(conf, slice_of(original->sender));
	char until[64];

	buf_append_text(text, "\n");
	if (smarthost != NULL && smarthost->expire > 0)
		buf_printf(text, _("The gateway keeps trying until %s. "),
		    i18n_time(until, sizeof(until), original->time + smarthost->expire));
	else
		buf_append_text(text, _("The gateway keeps trying. "));
	buf_append_text(text, _("You do not need to send it again.\n"));
}

static void add_outro(const struct conf *conf, const struct bounce_about *about, enum bounce_reader reader, struct buf *text)
{
	const char *user;
	struct addr sender;

	if (reader == BOUNCE_TO_POSTMASTER) {
		bool told = addr_parse(slice_of(about->original->sender), &sender) &&
			    route_address(conf, &sender, &user) == ROUTE_MAILBOX;

		buf_printf(text, told ? _("\n"
		    "%s was notified as well.\n") : _("\n"
		        "Nobody else was notified.\n"), about->original->sender);
		buf_printf(text, _("History of the message: lanpost trace %s\n"), about->original->id.text);
	} else if (about->kind == BOUNCE_FAILED) {
		buf_append_text(text, _("\n"
		    "The gateway does not try again. Your message is attached, whole or in part. If "
		    "you do not know what to do, ask your administrator.\n"));
	} else if (about->kind == BOUNCE_DELAYED) {
		add_outlook(conf, about->original, text);
	}
}

/* --- the whole */

static void add_subject(const struct conf *conf, const struct bounce_about *about, enum bounce_reader reader, struct buf *subject)
{
	char address[ADDR_TEXT_MAX], more[64] = "", names[ADDR_TEXT_MAX + 80];

	if (about->count > 1)
		snprintf(more, sizeof(more), _n(" and %zu more", " and %zu more", about->count - 1), about->count - 1);
	snprintf(names, sizeof(names), "%s%s", about->count > 0 ? bounce_address(conf, about->places[0], address) : "", more);
	buf_printf(subject, _(texts[about->kind][reader].subject), names);
}

void bounce_text(const struct conf *conf, const struct bounce_about *about, enum bounce_reader reader, struct buf *subject,
    struct buf *text)
{
	struct buf decoded = BUF_INIT(4096);
	struct header_field field;
	char shown[256], when[64];
	const char *intro = _(texts[about->kind][reader].intro), *sender = about->original->sender;

	add_subject(conf, about, reader, subject);
	if (header_find(about->message, "Subject", &field))
		decode_field(&field, decode_message_charset(about->message), &decoded);
	str_printable(shown, sizeof(shown), buf_slice(&decoded));
	i18n_time(when, sizeof(when), about->original->time);
	if (reader == BOUNCE_TO_SENDER)
		buf_printf(text, intro, shown, when);
	else
		buf_printf(text, intro, shown, sender[0] != '\0' ? sender : _("an automatic sender"), when);
	for (size_t i = 0; i < about->count; i++)
		add_place(conf, about, about->places[i], text);
	add_outro(conf, about, reader, text);
	buf_clear(&decoded);
}
