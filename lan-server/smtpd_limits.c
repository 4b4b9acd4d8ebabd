/*
 * What users may not exceed: messages a day, and the size of a mailbox.
 */
#include "mail/route.h"

#include "lan-server/smtpd_priv.h"

/* Who is to be counted: who logged in, or whose address the sender gives. NULL: nobody of ours. */
static const char *who_sends(const struct smtpd *smtpd)
{
	const char *user;

	if (smtpd->user != NULL)
		return smtpd->user;
	if (smtpd->tx->sender.local[0] != '\0' &&
	    route_address(smtpd->options.conf, &smtpd->tx->sender, &user) == ROUTE_MAILBOX)
		return user;
	return NULL;
}

bool smtpd_may_send(struct smtpd *smtpd)
{
	const struct smtpd_hooks *hooks = &smtpd->options.hooks;
	int64_t limit = smtpd->options.conf->limits.user_daily_messages;
	const char *user = limit == 0 ? NULL : who_sends(smtpd);

	if (user == NULL || hooks->sent_today(hooks->context, user, false) < limit)
		return true;
	smtpd_reply(smtpd,
	    "550 5.4.5 You have sent %lld messages today, which is the limit here; send this one tomorrow",
	    (long long)limit);
	return false;
}

void smtpd_count_sent(struct smtpd *smtpd)
{
	const struct smtpd_hooks *hooks = &smtpd->options.hooks;
	const char *user = smtpd->options.conf->limits.user_daily_messages == 0 ? NULL : who_sends(smtpd);

	if (user != NULL)
		hooks->sent_today(hooks->context, user, true);
}

/* postmaster's is never full: nobody else would be told. */
bool smtpd_mailbox_has_room(const struct smtpd *smtpd, const char *user, uint64_t bytes)
{
	const struct smtpd_hooks *hooks = &smtpd->options.hooks;
	uint64_t quota = (uint64_t)smtpd->options.conf->limits.mailbox_quota, used;

	if (quota == 0 || strcmp(user, CONF_POSTMASTER) == 0)
		return true;
	used = hooks->mailbox_bytes(hooks->context, user);
	return used < quota && bytes <= quota - used;
}

bool smtpd_mailboxes_have_room(const struct smtpd *smtpd)
{
	const struct smtpd_transaction *tx = smtpd->tx;

	if (smtpd->options.conf->limits.mailbox_quota == 0)
		return true;
	for (size_t i = 0; i < tx->envelope.place_count; i++) {
		const struct place *place = &tx->envelope.places[i];

		if (place->kind == PLACE_MAILBOX && !smtpd_mailbox_has_room(smtpd, place->name, tx->size))
			return false;
	}
	return true;
}
