/*
 * AUTH as extension of SMTP (RFC 4954); the mechanisms are in sasl.c.
 */
#include "lan-server/smtp/smtpd_priv.h"

void smtpd_auth_end(struct smtpd *smtpd)
{
	sasl_free(smtpd->sasl);
	smtpd->sasl = NULL;
	smtpd_enter_state(smtpd, SMTPD_READY);
}

static enum smtpd_reply failed(struct smtpd *smtpd, const struct error *error)
{
	bool now = error->class == ERROR_TEMPORARY;

	return smtpd_about(smtpd, now ? REPLY_AUTH_LATER : REPLY_AUTH_FAILED, ERROR_EN(error), NULL);
}

static enum smtpd_reply malformed(struct smtpd *smtpd, const struct error *error)
{
	bool cancelled = error->class == ERROR_CANCELLED;

	return smtpd_about(smtpd, cancelled ? REPLY_AUTH_CANCELLED : REPLY_AUTH_MALFORMED, ERROR_EN(error), NULL);
}

enum smtpd_reply smtpd_auth_response(struct smtpd *smtpd, struct slice line)
{
	struct buf challenge = BUF_INIT(SMTPD_LINE_MAX);
	struct error error = ERROR_INIT;
	const char *user = NULL;
	enum sasl_result result = sasl_step(smtpd->sasl, line, &challenge, &user, &error);

	if (result == SASL_CHALLENGE)
		smtpd_line_of_reply(smtpd, "334 %s", buf_text(&challenge));
	buf_clear(&challenge);
	if (result == SASL_CHALLENGE)
		return REPLY_NONE;
	smtpd_auth_end(smtpd);
	if (result != SASL_DONE)
		return result == SASL_FAILED ? failed(smtpd, &error) : malformed(smtpd, &error);
	smtpd->dialogue.user = user;
	client_limits_success(&smtpd->dialogue.limits);
	return REPLY_AUTH_DONE;
}

enum smtpd_reply smtpd_cmd_auth(struct smtpd *smtpd, struct slice arg)
{
	const struct smtpd_options *options = &smtpd->options;
	struct slice initial = arg;
	struct slice name = slice_cut(&initial, ' ');

	if (smtpd->dialogue.user != NULL)
		return REPLY_AUTH_ALREADY;
	sasl_begin(&smtpd->sasl, &options->sasl, options->conf->gateway.hostname,
	    options->sasl.mechanisms(options->sasl.context, smtpd->dialogue.tls), name);
	if (smtpd->sasl == NULL)
		return REPLY_NO_MECHANISM;
	smtpd_enter_state(smtpd, SMTPD_AUTH);
	initial = slice_trim(initial);
	return smtpd_auth_response(smtpd, initial.len > 0 ? initial : SLICE_NONE);
}
