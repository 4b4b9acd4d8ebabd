/*
 * The parameters of MAIL and RCPT that request notifications (RFC 3461).
 */
#include "lan-server/smtp/smtpd_priv.h"

enum smtpd_reply smtpd_take_dsn_mail(struct slice name, struct slice value, struct smtpd_dsn_mail *dsn)
{
	if (slice_is_nocase(name, "RET")) {
		if (dsn->ret != DSN_RET_UNSAID || !dsn_ret_parse(value, &dsn->ret))
			return REPLY_RET_SYNTAX;
		return REPLY_NONE;
	}
	if (dsn->envid.len > 0 || !dsn_is_xtext(value, DSN_ENVID_MAX))
		return REPLY_ENVID_SYNTAX;
	dsn->envid = value;
	return REPLY_NONE;
}

static enum smtpd_reply take_parameter(struct slice word, struct smtpd_dsn_rcpt *dsn)
{
	struct slice value = word;
	struct slice name = slice_cut(&value, '=');

	if (slice_is_nocase(name, "NOTIFY"))
		return dsn->notify == 0 && dsn_notify_parse(value, &dsn->notify) ? REPLY_NONE : REPLY_NOTIFY_SYNTAX;
	if (!slice_is_nocase(name, "ORCPT"))
		return REPLY_RCPT_PARAMETER;
	if (dsn->orcpt.len > 0 || !dsn_is_orcpt(value))
		return REPLY_ORCPT_SYNTAX;
	dsn->orcpt = value;
	return REPLY_NONE;
}

enum smtpd_reply smtpd_take_dsn_rcpt(struct slice words, struct smtpd_dsn_rcpt *dsn)
{
	while (words.len > 0) {
		struct slice word = slice_cut(&words, ' ');
		enum smtpd_reply reply = word.len == 0 ? REPLY_NONE : take_parameter(word, dsn);

		if (reply != REPLY_NONE)
			return reply;
	}
	return REPLY_NONE;
}

void smtpd_keep_dsn(struct envelope *envelope, size_t first, const struct smtpd_dsn_rcpt *dsn)
{
	for (size_t i = first; i < envelope->place_count; i++) {
		envelope->places[i].notify = dsn->notify;
		envelope_set(&envelope->places[i].orcpt, dsn->orcpt);
	}
}
