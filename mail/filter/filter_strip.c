#include "mail/filter/filter_strip.h"

#include "base/i18n.h"
#include "mail/filter/quarantine.h"
#include "message/attachment/attachment_kind.h"
#include "message/transfer_encode.h"
#include "spool/mailbox_name.h"

#include <stdlib.h>

#define NOTICE_MAX 8192
#define DAY 86400

/* Of the first user who gets it. */
static const char *language_of(const struct conf *conf, const struct envelope *envelope)
{
	for (size_t i = 0; i < envelope->place_count; i++) {
		char *name = slice_dup(mailbox_name_user(slice_of(envelope->places[i].name)));
		const struct conf_user *user = envelope->places[i].kind == PLACE_MAILBOX ? conf_find_user(conf, name) : NULL;

		free(name);
		if (user != NULL)
			return conf_language_code(user->language);
	}
	return conf_language_code(conf->gateway.language);
}

static void write_text(const struct conf *conf, const struct scan_cut *cut, const char *id, struct buf *out)
{
	char why[PHRASE_MAX], size[32];

	attachment_kind_phrase(why, sizeof(why), cut->kind, cut->name);
	buf_printf(out, _("lanpost has removed an attachment from this message.\n\n"));
	buf_printf(out, _("Name:    %s\n"), cut->name[0] == '\0' ? _("(no name)") : cut->name);
	if (cut->type[0] != '\0')
		buf_printf(out, _("Type:    %s\n"), cut->type);
	buf_printf(out, _("Size:    about %s\n"), i18n_size(size, sizeof(size), cut->size));
	buf_printf(out, _("Reason:  %s\n\n"), PHRASE_SAID(why));
	buf_printf(out, _("The whole message is in the quarantine under the number\n%s\n"), id);
	if (conf->filter.expire > 0)
		buf_printf(out, _n("It is kept there for %lld day.\n", "It is kept there for %lld days.\n", conf->filter.expire / DAY),
		    (long long)(conf->filter.expire / DAY));
	buf_printf(out, _("If you need the attachment, give this number to the admin (%s), who can release the message.\n"), "postmaster");
}

/* A part of the message: in place of the attachment, or, after the header of the message, in place of its body. */
static bool write_part(const struct conf *conf, const struct scan_cut *cut, const char *id, struct buf *part)
{
	struct buf text = BUF_INIT(NOTICE_MAX);
	struct transfer_encoder encoder;

	write_text(conf, cut, id, &text);
	buf_append_text(part, "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: inline\r\n\r\n");
	transfer_encoder_init(&encoder, TRANSFER_BASE64);
	transfer_encode(&encoder, buf_slice(&text), part);
	transfer_encode_end(&encoder, part);
	buf_clear(&text);
	return !text.overflow && !part->overflow;
}

static bool add_cuts(const struct conf *conf, const struct scan_cuts *cuts, struct envelope *envelope)
{
	bool good = true;

	for (size_t i = 0; i < cuts->count && good; i++) {
		const struct scan_cut *cut = &cuts->items[i];
		struct buf part = BUF_INIT(8 * NOTICE_MAX);

		good = (cut->is_silent || write_part(conf, cut, envelope->id.text, &part)) &&
		       envelope_add_cut(envelope, cut->at, cut->len, buf_slice(&part));
		buf_clear(&part);
	}
	return good;
}

static void drop_cuts(struct envelope *envelope)
{
	for (size_t i = 0; i < envelope->cut_count; i++)
		free(envelope->cuts[i].text);
	envelope->cut_count = 0;
}

bool filter_strip(const struct conf *conf, const struct scan_verdict *verdict, const char *why, struct envelope *envelope)
{
	const char *before = i18n_speak(language_of(conf, envelope));
	bool good = verdict->cuts.count > 0 && add_cuts(conf, &verdict->cuts, envelope);

	i18n_speak(before);
	if (good)
		quarantine_keep_whole(envelope, PHRASE(N_("%s; the message was delivered without it"), why));
	else
		drop_cuts(envelope);
	return good;
}
