/*
 * The parameters of MAIL and RCPT by which a sender asks for notifications (RFC 3461).
 */
#include "lan-server/smtp/smtpd_priv.h"

const char *smtpd_dsn_mail(struct slice name, struct slice value, struct smtpd_dsn_mail *dsn)
{
	if (slice_is_nocase(name, "RET")) {
		if (dsn->ret != DSN_RET_UNSAID || !dsn_ret_parse(value, &dsn->ret))
			return "501 5.5.4 Syntax: RET=FULL or RET=HDRS, once";
		return NULL;
	}
	if (dsn->envid.len > 0 || !dsn_is_xtext(value, DSN_ENVID_MAX))
		return "501 5.5.4 Syntax: ENVID=xtext of up to 100 characters, once";
	dsn->envid = value;
	return NULL;
}

static const char *rcpt_parameter(struct slice word, struct smtpd_dsn_rcpt *dsn)
{
	struct slice value = word;
	struct slice name = slice_cut(&value, '=');

	if (slice_is_nocase(name, "NOTIFY"))
		return dsn->notify == 0 && dsn_notify_parse(value, &dsn->notify)
			   ? NULL
			   : "501 5.5.4 Syntax: NOTIFY=NEVER or a list of SUCCESS, FAILURE, DELAY, once";
	if (!slice_is_nocase(name, "ORCPT"))
		return "555 5.5.4 Unsupported RCPT TO parameter";
	if (dsn->orcpt.len > 0 || !dsn_is_orcpt(value))
		return "501 5.5.4 Syntax: ORCPT=type;address in xtext, once";
	dsn->orcpt = value;
	return NULL;
}

const char *smtpd_dsn_rcpt(struct slice words, struct smtpd_dsn_rcpt *dsn)
{
	while (words.len > 0) {
		struct slice word = slice_cut(&words, ' ');
		const char *refusal = word.len == 0 ? NULL : rcpt_parameter(word, dsn);

		if (refusal != NULL)
			return refusal;
	}
	return NULL;
}

void smtpd_dsn_keep(struct envelope *envelope, size_t first, const struct smtpd_dsn_rcpt *dsn)
{
	for (size_t i = first; i < envelope->place_count; i++) {
		envelope->places[i].notify = dsn->notify;
		envelope_set(&envelope->places[i].orcpt, dsn->orcpt);
	}
}
