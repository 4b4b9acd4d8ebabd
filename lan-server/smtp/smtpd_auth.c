/*
 * AUTH as extension of SMTP (RFC 4954); the mechanisms are sasl.c's.
 */
#include "lan-server/smtp/smtpd_priv.h"

#define BAD_LOGINS_MAX 5

static enum smtpd_effect login_failed(struct smtpd *smtpd, const struct error *error)
{
	smtpd_reply_error(smtpd, error, 535, "5.7.8");
	if (++smtpd->bad_logins < BAD_LOGINS_MAX)
		return SMTPD_CONTINUE;
	smtpd_reply(smtpd, "421 4.7.0 Too many failed logins, closing connection");
	return SMTPD_CLOSE;
}

/* Back to commands, whatever came of the exchange. */
static void end_exchange(struct smtpd *smtpd)
{
	sasl_free(smtpd->sasl);
	smtpd->sasl = NULL;
	smtpd->state = SMTPD_READY;
}

enum smtpd_effect smtpd_auth_response(struct smtpd *smtpd, struct slice line)
{
	struct buf challenge = BUF_INIT(SMTPD_LINE_MAX);
	struct error error = ERROR_INIT;
	const char *user = NULL;
	enum smtpd_effect effect = SMTPD_CONTINUE;

	switch (sasl_step(smtpd->sasl, line, &challenge, &user, &error)) {
	case SASL_CHALLENGE:
		smtpd_reply(smtpd, "334 %s", buf_text(&challenge));
		break;
	case SASL_DONE:
		smtpd->user = user;
		client_limits_success(&smtpd->limits);
		end_exchange(smtpd);
		smtpd_reply(smtpd, "235 2.7.0 Authentication successful");
		break;
	case SASL_FAILED:
		end_exchange(smtpd);
		effect = login_failed(smtpd, &error);
		break;
	case SASL_MALFORMED:
		end_exchange(smtpd);
		smtpd_reply(smtpd, "501 %s %s", error.class == ERROR_CANCELLED ? "5.7.0" : "5.5.2",
		    ERROR_EN(&error));
		effect = smtpd_mistake(smtpd);
		break;
	}
	buf_clear(&challenge);
	return effect;
}

enum smtpd_effect smtpd_cmd_auth(struct smtpd *smtpd, struct slice arg)
{
	const struct smtpd_options *options = &smtpd->options;
	struct slice initial = arg;
	struct slice name = slice_cut(&initial, ' ');

	if (smtpd->user != NULL) {
		smtpd_reply(smtpd, "503 5.5.1 Already authenticated");
		return smtpd_mistake(smtpd);
	}
	sasl_begin(&smtpd->sasl, &options->sasl, options->conf->gateway.hostname,
	    options->mechanisms(options->sasl.context, smtpd->tls), name);
	if (smtpd->sasl == NULL) {
		smtpd_reply(smtpd, "504 5.5.4 Unrecognized authentication mechanism");
		return smtpd_mistake(smtpd);
	}
	smtpd->state = SMTPD_AUTH;
	initial = slice_trim(initial);
	return smtpd_auth_response(smtpd, initial.len > 0 ? initial : SLICE_NONE);
}
