/* Requests of users to release messages from the quarantine (mail/filter/release_request.h). */
#include "mail/filter/release_request.h"

#include "lan-server/smtp/smtpd_priv.h"

#include <string.h>

#define NUMBERS_MAX 4096

/* A forged sender must not release the mail of another: only a login says who asks. */
static bool is_logged_in(const struct smtpd *smtpd)
{
	const char *user = smtpd->dialogue.user, *owner = smtpd->tx->sender_user;

	return user != NULL && owner != NULL && strcmp(user, owner) == 0;
}

enum smtpd_reply smtpd_take_release(struct smtpd *smtpd)
{
	struct smtpd_transaction *tx = smtpd->tx;
	struct buf numbers = BUF_INIT(NUMBERS_MAX);
	enum smtpd_reply reply = REPLY_NONE;
	struct slice message;
	struct error error;

	if (!tx->to_daemon || tx->automatic || !release_request_is(buf_slice(&tx->subject)))
		return REPLY_NONE;
	if (!is_logged_in(smtpd))
		return REPLY_RELEASE_LOGIN;
	if (body_view(&tx->body, &message, &error) != 0)
		return REPLY_NOT_STORED;
	if (release_request_numbers(buf_slice(&tx->subject), message, &numbers) == 0 || numbers.overflow) {
		reply = REPLY_RELEASE_NUMBER;
	} else {
		buf_reset(&tx->subject);
		release_request_write(smtpd->dialogue.user, buf_slice(&numbers), &tx->subject);
	}
	buf_clear(&numbers);
	return reply;
}
