/*
 * Limits of users: messages and bytes per day, the size of a mailbox, mail to the outside.
 */
#include "lan-server/smtp/smtpd_priv.h"

#include <stdio.h>

#define COUNT_NAME_MAX 256

const char *smtpd_who_sends(const struct smtpd *smtpd)
{
	return smtpd->dialogue.user != NULL ? smtpd->dialogue.user : smtpd->tx->sender_user;
}

static const char *who_is_counted(const struct smtpd *smtpd)
{
	const struct conf_limits *limits = &smtpd->options.conf->limits;

	return limits->user_daily_messages == 0 && limits->user_daily_bytes == 0 ? NULL : smtpd_who_sends(smtpd);
}

/* The name under which messages are counted. Mail without a login is counted separately: otherwise any client could
 * use up the user's limit. */
static const char *count_name(const struct smtpd *smtpd, const char *user, char *out, size_t size)
{
	if (smtpd->dialogue.user != NULL)
		return user;
	snprintf(out, size, "%s unproven", user);
	return out;
}

/* Today's total. Without a login, both counts apply, so that omitting the login gives no second
 * limit. */
static struct send_quota_total sent_today(const struct smtpd *smtpd, const char *user)
{
	const struct smtpd_hooks *hooks = &smtpd->options.hooks;
	struct send_quota_total total = hooks->sent_today(hooks->context, user), unproven;
	char name[COUNT_NAME_MAX];

	if (smtpd->dialogue.user != NULL)
		return total;
	unproven = hooks->sent_today(hooks->context, count_name(smtpd, user, name, sizeof(name)));
	return (struct send_quota_total){total.messages + unproven.messages, total.bytes + unproven.bytes};
}

/* Whether this many more bytes may be sent today. */
static bool bytes_fit(const struct conf_limits *limits, const struct send_quota_total *total, uint64_t bytes)
{
	return limits->user_daily_bytes == 0 ||
	       (total->bytes < limits->user_daily_bytes && bytes <= (uint64_t)(limits->user_daily_bytes - total->bytes));
}

enum smtpd_reply smtpd_check_storage(const struct smtpd *smtpd, uint64_t bytes)
{
	const struct smtpd_hooks *hooks = &smtpd->options.hooks;

	return hooks->has_room(hooks->context, bytes) ? REPLY_NONE : REPLY_NO_STORAGE;
}

enum smtpd_reply smtpd_check_daily(struct smtpd *smtpd, uint64_t bytes)
{
	const struct conf_limits *limits = &smtpd->options.conf->limits;
	const char *user = who_is_counted(smtpd);
	struct send_quota_total total;

	if (user == NULL)
		return REPLY_NONE;
	total = sent_today(smtpd, user);
	if (limits->user_daily_messages > 0 && total.messages >= limits->user_daily_messages)
		return smtpd_about(smtpd, REPLY_DAILY_MESSAGES, REPLY_NUMBER((uint64_t)limits->user_daily_messages), NULL);
	if (!bytes_fit(limits, &total, bytes))
		return smtpd_about(smtpd, REPLY_DAILY_BYTES, REPLY_NUMBER((uint64_t)limits->user_daily_bytes), NULL);
	return REPLY_NONE;
}

enum smtpd_reply smtpd_check_day(const struct smtpd *smtpd)
{
	const char *user = who_is_counted(smtpd);
	struct send_quota_total total;

	if (user == NULL)
		return REPLY_NONE;
	total = sent_today(smtpd, user);
	return bytes_fit(&smtpd->options.conf->limits, &total, smtpd->tx->size) ? REPLY_NONE : REPLY_DAY_IS_FULL;
}

void smtpd_count_sent(struct smtpd *smtpd)
{
	const struct smtpd_hooks *hooks = &smtpd->options.hooks;
	const char *user = who_is_counted(smtpd);
	char name[COUNT_NAME_MAX];

	if (user != NULL)
		hooks->count_sent(hooks->context, count_name(smtpd, user, name, sizeof(name)), smtpd->tx->size);
}

bool smtpd_may_write_outside(const struct smtpd *smtpd)
{
	const char *name = smtpd_who_sends(smtpd);
	const struct conf_user *user = name == NULL ? NULL : conf_find_user(smtpd->options.conf, name);

	return user == NULL || user->outside;
}

bool smtpd_mailbox_has_room(const struct smtpd *smtpd, const char *user, uint64_t bytes)
{
	const struct smtpd_hooks *hooks = &smtpd->options.hooks;
	uint64_t quota = (uint64_t)conf_mailbox_quota(smtpd->options.conf, user), used;

	if (quota == 0)
		return true;
	used = hooks->mailbox_bytes(hooks->context, user);
	return used < quota && bytes <= quota - used;
}

enum smtpd_reply smtpd_check_mailboxes(const struct smtpd *smtpd)
{
	const struct smtpd_transaction *tx = smtpd->tx;

	for (size_t i = 0; i < tx->envelope.place_count; i++) {
		const struct place *place = &tx->envelope.places[i];

		if (place->kind == PLACE_MAILBOX && !smtpd_mailbox_has_room(smtpd, place->name, tx->size))
			return REPLY_RECIPIENT_FULL;
	}
	return REPLY_NONE;
}
