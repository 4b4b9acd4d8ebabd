/* The scanners and a message from a client: it is scanned when it is complete, before it is accepted. */
#include "base/log.h"
#include "mail/filter/filter_ask.h"
#include "mail/filter/filter_policy.h"
#include "mail/lesson.h"

#include "lan-server/smtp/smtpd_priv.h"

/* Neither commands to the daemon nor reports of spam are scanned: they are eaten. */
static unsigned sources_of(const struct envelope *envelope)
{
	unsigned sources = 0;

	for (size_t i = 0; i < envelope->place_count; i++) {
		enum place_kind kind = envelope->places[i].kind;

		if (kind == PLACE_QUEUE)
			sources |= CONF_OUTGOING;
		else if ((kind == PLACE_MAILBOX && !lesson_is_mailbox(envelope->places[i].name)) || kind == PLACE_BOSS)
			sources |= CONF_LOCAL;
	}
	return sources;
}

enum smtpd_reply smtpd_check_scanners(struct smtpd *smtpd)
{
	const struct conf *conf = smtpd->options.conf;
	struct smtpd_hooks *hooks = &smtpd->options.hooks;
	struct envelope *envelope = &smtpd->tx->envelope;
	unsigned sources = sources_of(envelope);
	struct scan_verdict verdict;

	if (hooks->scan == NULL || !filter_ask_is_wanted(conf, sources))
		return REPLY_NONE;
	hooks->scan(hooks->context, sources, envelope, &smtpd->tx->body, &verdict);
	switch (filter_policy_apply(conf, sources, &verdict, NULL, envelope)) {
	case FILTER_WAITS:
		return REPLY_NOT_SCANNED;
	case FILTER_REFUSES:
		return verdict.virus[0] != '\0' ? smtpd_about(smtpd, REPLY_VIRUS, verdict.virus, NULL)
					       : smtpd_about(smtpd, REPLY_FORBIDDEN, PHRASE_EN(verdict.attachment), NULL);
	case FILTER_KEEPS:
		log_info("event=quarantined id=%s from=%s virus=%s attachment=%s", envelope->id.text, LOG_CSTR(envelope->sender),
		    LOG_CSTR(verdict.virus), LOG_PHRASE(verdict.attachment));
		break;
	case FILTER_DELIVERS:
		break;
	}
	return REPLY_NONE;
}
