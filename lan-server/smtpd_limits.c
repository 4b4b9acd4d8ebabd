/*
 * What users may not exceed: messages and bytes a day, the size of a mailbox, what may leave the office.
 */
#include "message/decode.h"
#include "message/mime.h"
#include "mail/route.h"

#include "lan-server/smtpd_priv.h"

#include <fnmatch.h>
#include <stdio.h>

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

static const char *who_is_counted(const struct smtpd *smtpd)
{
	const struct conf_limits *limits = &smtpd->options.conf->limits;

	return limits->user_daily_messages == 0 && limits->user_daily_bytes == 0 ? NULL : who_sends(smtpd);
}

/* Whether so many bytes more may be sent today. */
static bool bytes_fit(const struct conf_limits *limits, const struct daily_total *total, uint64_t bytes)
{
	return limits->user_daily_bytes == 0 ||
	       (total->bytes < limits->user_daily_bytes && bytes <= (uint64_t)(limits->user_daily_bytes - total->bytes));
}

bool smtpd_fits_the_day(const struct smtpd *smtpd)
{
	const struct smtpd_hooks *hooks = &smtpd->options.hooks;
	const char *user = who_is_counted(smtpd);
	struct daily_total total;

	if (user == NULL)
		return true;
	total = hooks->sent_today(hooks->context, user, NULL);
	return bytes_fit(&smtpd->options.conf->limits, &total, smtpd->tx->size);
}

bool smtpd_may_send(struct smtpd *smtpd, uint64_t bytes)
{
	const struct smtpd_hooks *hooks = &smtpd->options.hooks;
	const struct conf_limits *limits = &smtpd->options.conf->limits;
	const char *user = who_is_counted(smtpd);
	struct daily_total total;

	if (user == NULL)
		return true;
	total = hooks->sent_today(hooks->context, user, NULL);
	if (limits->user_daily_messages > 0 && total.messages >= limits->user_daily_messages)
		smtpd_reply(smtpd,
		    "550 5.4.5 Daily limit of %lld messages reached; send this message tomorrow",
		    (long long)limits->user_daily_messages);
	else if (!bytes_fit(limits, &total, bytes))
		smtpd_reply(smtpd,
		    "550 5.4.5 This message would exceed your daily limit of %lld bytes; "
		    "send it tomorrow",
		    (long long)limits->user_daily_bytes);
	else
		return true;
	return false;
}

void smtpd_count_sent(struct smtpd *smtpd)
{
	const struct smtpd_hooks *hooks = &smtpd->options.hooks;
	const struct daily_total more = {1, (int64_t)smtpd->tx->size};
	const char *user = who_is_counted(smtpd);

	if (user != NULL)
		hooks->sent_today(hooks->context, user, &more);
}

bool smtpd_may_write_outside(const struct smtpd *smtpd)
{
	const char *name = who_sends(smtpd);
	const struct conf_user *user = name == NULL ? NULL : conf_find_user(smtpd->options.conf, name);

	return user == NULL || user->outside;
}

/* Windows drops dots and blanks at the end of a name. */
static bool is_forbidden(const struct strlist *patterns, struct buf *name)
{
	while (name->len > 0 && (name->ptr[name->len - 1] == '.' || name->ptr[name->len - 1] == ' '))
		name->len--;
	for (size_t i = 0; i < patterns->count; i++)
		if (fnmatch(patterns->items[i], buf_text(name), FNM_CASEFOLD) == 0)
			return true;
	return false;
}

/* Whatever any mail program may take for the part's name: each field that gives one, also a second of its kind. One that is too long for
 * us counts, with its end unknown. */
static bool has_forbidden_name(const struct strlist *patterns, const struct mime_part *part, struct buf *name)
{
	struct header_walk walk;
	struct header_field field;

	header_walk_init(&walk, part->header);
	while (header_walk_next(&walk, &field)) {
		const char *parameter = slice_is_nocase(field.name, "Content-Disposition") ? "filename"
					: slice_is_nocase(field.name, "Content-Type")	     ? "name"
											     : NULL;

		buf_reset(name);
		if (parameter == NULL || (!decode_parameter(field.body, parameter, name) && !name->overflow))
			continue;
		if (name->overflow || is_forbidden(patterns, name))
			return true;
	}
	return false;
}

/* Of two types nobody knows which one counts. */
static bool has_two_types(struct slice header)
{
	struct header_walk walk;
	struct header_field field;
	size_t count = 0;

	header_walk_init(&walk, header);
	while (header_walk_next(&walk, &field))
		count += slice_is_nocase(field.name, "Content-Type");
	return count > 1;
}

bool smtpd_has_forbidden_attachment(const struct smtpd *smtpd, struct slice message, char *name, size_t size)
{
	const struct strlist *patterns = &smtpd->options.conf->limits.forbidden_attachments;
	struct buf file_name = BUF_INIT(4096);
	struct mime_walk walk;
	struct mime_part part;
	bool found = false, is_dark = false;

	mime_walk_init(&walk, message);
	while (!found && !is_dark && patterns->count > 0 && mime_walk_next(&walk, &part)) {
		found = has_forbidden_name(patterns, &part, &file_name);
		is_dark = has_two_types(part.header);
	}
	is_dark = is_dark || walk.is_cut; /* what cannot be looked through to the end may hold anything */
	if (found)
		str_printable(name, size, buf_slice(&file_name));
	else if (is_dark)
		snprintf(name, size, "%s", "those in parts too many, too deep or too odd to look through");
	buf_clear(&file_name);
	return found || is_dark;
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
