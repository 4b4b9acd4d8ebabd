/*
 * MAIL and RCPT: checks of the sender and the recipients.
 */
#include "base/alloc.h"
#include "mail/lesson.h"
#include "mail/route.h"

#include "lan-server/smtp/smtpd_priv.h"

#include <stdio.h>
#include <stdlib.h>

/* Space for an address in a reply. */
#define SHOWN_MAX 400
#define SHOW(slice) str_printable((char[SHOWN_MAX]){0}, SHOWN_MAX, (slice))

/* The content of a MAIL command. */
struct mail {
	struct slice path; /* the sender as the client wrote it */
	struct addr sender;
	const char *sender_user; /* NULL: no local user */
	uint64_t size;
	bool utf8;
	struct smtpd_dsn_mail dsn;
};

static void transaction_begin(struct smtpd *smtpd, const struct mail *mail)
{
	struct smtpd_transaction *tx = xcalloc(1, sizeof(*tx));
	char text[ADDR_TEXT_MAX];

	tx->sender = mail->sender;
	tx->sender_user = mail->sender_user;
	tx->utf8 = mail->utf8;
	tx->announced = mail->size;
	envelope_init(&tx->envelope);
	if (tx->sender.local[0] != '\0')
		envelope_set(&tx->envelope.sender, slice_of(addr_text(text, sizeof(text), &tx->sender)));
	tx->envelope.ret = mail->dsn.ret;
	envelope_set(&tx->envelope.envid, mail->dsn.envid);
	buf_init(&tx->header, SMTPD_HEADER_MAX);
	buf_init(&tx->subject, 4096);
	body_init(&tx->body, smtpd->options.spool);
	dot_reader_init(&tx->reader);
	smtpd->tx = tx;
	smtpd->dialogue.work = DIALOGUE_TRANSACTION;
	smtpd_enter_state(smtpd, SMTPD_MAIL);
}

void smtpd_header_clear(struct smtpd_transaction *tx)
{
	body_memory_give(tx->header_counted);
	tx->header_counted = 0;
	buf_clear(&tx->header);
}

void smtpd_transaction_end(struct smtpd *smtpd)
{
	struct smtpd_transaction *tx = smtpd->tx;

	if (tx == NULL)
		return;
	envelope_clear(&tx->envelope);
	body_memory_give(tx->recipients_counted);
	smtpd_header_clear(tx);
	buf_clear(&tx->subject);
	body_clear(&tx->body, false);
	free(tx->failed_text);
	free(tx);
	smtpd->tx = NULL;
	smtpd->dialogue.work = DIALOGUE_IDLE;
	smtpd_enter_state(smtpd, SMTPD_READY);
	client_limits_next_message(&smtpd->dialogue.limits);
}

/* Takes "FROM:" or "TO:" off the front. RFC 5321 does not allow blanks after the colon, but
 * clients send them. */
static bool take_word(struct slice *arg, const char *word)
{
	if (!slice_begins_nocase(*arg, word))
		return false;
	*arg = slice_trim(slice_from(*arg, strlen(word)));
	return true;
}

/* --- MAIL */

static enum smtpd_reply take_parameter(struct slice word, struct mail *mail)
{
	struct slice value = word;
	struct slice name = slice_cut(&value, '=');

	if (slice_is_nocase(name, "SIZE"))
		return slice_number(value, 0, UINT64_MAX, &mail->size) ? REPLY_NONE : REPLY_SIZE_SYNTAX;
	if (slice_is_nocase(name, "BODY"))
		return slice_is_nocase(value, "7BIT") || slice_is_nocase(value, "8BITMIME") ? REPLY_NONE : REPLY_BODY_SYNTAX;
	if (slice_is_nocase(name, "SMTPUTF8") && value.ptr == NULL) {
		mail->utf8 = true;
		return REPLY_NONE;
	}
	if (slice_is_nocase(name, "AUTH")) /* RFC 4954 section 5: may be ignored */
		return REPLY_NONE;
	if (slice_is_nocase(name, "RET") || slice_is_nocase(name, "ENVID"))
		return smtpd_take_dsn_mail(name, value, &mail->dsn);
	return REPLY_MAIL_PARAMETER;
}

static enum smtpd_reply take_parameters(struct slice words, struct mail *mail)
{
	enum smtpd_reply reply = REPLY_NONE;

	while (words.len > 0 && reply == REPLY_NONE) {
		struct slice word = slice_cut(&words, ' ');

		if (word.len > 0)
			reply = take_parameter(word, mail);
	}
	return reply;
}

static enum smtpd_reply take_mail(struct smtpd *smtpd, struct slice arg, struct mail *mail)
{
	struct slice rest;
	enum smtpd_reply reply;

	if (!take_word(&arg, "FROM:"))
		return REPLY_MAIL_SYNTAX;
	if (addr_parse_path(arg, true, &mail->sender, &rest) == ADDR_PATH_BAD)
		return smtpd_about(smtpd, REPLY_SENDER_INVALID, SHOW(arg), NULL);
	mail->path = slice_trim(slice_make(arg.ptr, arg.len - rest.len));
	reply = take_parameters(rest, mail);
	if (reply == REPLY_NONE && !mail->utf8 && !slice_is_ascii(slice_of(mail->sender.local)))
		reply = REPLY_NEEDS_SMTPUTF8;
	return reply;
}

/* A hint to the nearest name helps after a typing error, but also an attacker who guesses. */
static enum smtpd_reply unknown(struct smtpd *smtpd, bool is_sender, struct slice path, const struct addr *addr)
{
	bool may_know = smtpd->dialogue.user != NULL || smtpd->options.conf->lan.suggest_names;
	const char *hint = may_know ? route_hint(smtpd->options.conf, addr) : NULL;

	smtpd->dialogue.unknown_names++;
	if (hint != NULL)
		return smtpd_about(smtpd, is_sender ? REPLY_SENDER_MISTYPED : REPLY_RECIPIENT_MISTYPED, SHOW(path), hint);
	return smtpd_about(smtpd, is_sender ? REPLY_SENDER_UNKNOWN : REPLY_RECIPIENT_UNKNOWN, SHOW(path), NULL);
}

/* A sender in our own domain must exist; any other is accepted from a client that passed the IP filter. */
static enum smtpd_reply check_sender(struct smtpd *smtpd, struct mail *mail)
{
	const struct conf *conf = smtpd->options.conf;
	const char *user = NULL;
	enum route_kind kind;

	if (mail->sender.local[0] == '\0')
		return REPLY_NONE;
	if (addr_looks_routed(&mail->sender))
		return smtpd_about(smtpd, REPLY_SENDER_ROUTED, SHOW(mail->path), NULL);
	kind = route_address(conf, &mail->sender, &user);
	if (kind == ROUTE_UNKNOWN || kind == ROUTE_DAEMON || kind == ROUTE_LESSON)
		return unknown(smtpd, true, mail->path, &mail->sender);
	mail->sender_user = kind == ROUTE_MAILBOX ? user : NULL;
	if (!smtpd_may_write_as(smtpd, mail->sender_user))
		return smtpd_about(smtpd, REPLY_SENDER_NOT_OWN, SHOW(mail->path), smtpd->dialogue.user);
	return REPLY_NONE;
}

static enum smtpd_reply check_size(struct smtpd *smtpd, uint64_t size)
{
	int64_t limit = smtpd->options.conf->limits.max_message_size;

	if (size > (uint64_t)limit)
		return smtpd_about(smtpd, REPLY_SIZE_TOO_LARGE, REPLY_NUMBER((uint64_t)limit), NULL);
	return smtpd_check_storage(smtpd, size);
}

enum smtpd_reply smtpd_cmd_mail(struct smtpd *smtpd, struct slice arg)
{
	struct mail mail = {.size = 0};
	enum smtpd_reply reply = take_mail(smtpd, arg, &mail);

	route_qualify(smtpd->options.conf, &mail.sender);
	if (reply == REPLY_NONE)
		reply = check_sender(smtpd, &mail);
	if (reply == REPLY_NONE)
		reply = check_size(smtpd, mail.size);
	if (reply != REPLY_NONE)
		return reply;
	transaction_begin(smtpd, &mail);
	return REPLY_MAIL_DONE;
}

/* --- RCPT */

/* The content of a RCPT command. */
struct rcpt {
	struct slice path; /* as the client wrote it */
	struct addr addr;
	struct smtpd_dsn_rcpt dsn;
	struct route route;
};

/* The daemon answers users with a mailbox here; mail without a sender (a bounce) is discarded. */
static bool may_call_daemon(const struct smtpd *smtpd)
{
	const struct smtpd_transaction *tx = smtpd->tx;
	const struct strlist *allowed = &smtpd->options.conf->gateway.daemon_users;
	const char *user = smtpd->dialogue.user != NULL ? smtpd->dialogue.user : tx->sender_user;

	if (tx->sender.local[0] == '\0')
		return true;
	return tx->sender_user != NULL && (allowed->count == 0 || conf_users_have(smtpd->options.conf, allowed, user));
}

/* A top-level domain is never a number (RFC 3696 section 2). */
static bool is_ip_address(const char *domain)
{
	const char *dot = strrchr(domain, '.');
	const char *last = dot == NULL ? domain : dot + 1;

	return domain[0] == '[' || (last[0] != '\0' && last[strspn(last, "0123456789")] == '\0');
}

static enum smtpd_reply check_outside(struct smtpd *smtpd, const struct rcpt *rcpt)
{
	const struct addr *sender = &smtpd->tx->sender;
	struct addr outside;

	if (!smtpd_may_write_outside(smtpd))
		return smtpd_about(smtpd, REPLY_OFFICE_ONLY, SHOW(rcpt->path), NULL);
	if (is_ip_address(rcpt->addr.domain))
		return smtpd_about(smtpd, REPLY_ADDRESS_LITERAL, SHOW(rcpt->path), NULL);
	if (!route_outside_sender(smtpd->options.conf, sender, &outside))
		return smtpd_about(smtpd, REPLY_NO_EXTERNAL_ADDRESS, SHOW(rcpt->path), SHOW(slice_of(sender->local)));
	return REPLY_NONE;
}

static enum smtpd_reply check_mailbox(struct smtpd *smtpd, const struct rcpt *rcpt)
{
	if (smtpd_mailbox_has_room(smtpd, rcpt->route.user, smtpd->tx->announced))
		return REPLY_NONE;
	return smtpd_about(smtpd, REPLY_MAILBOX_FULL, SHOW(rcpt->path), NULL);
}

/* Decides where the recipient's mail goes, and whether it may. */
static enum smtpd_reply check_recipient(struct smtpd *smtpd, struct rcpt *rcpt)
{
	rcpt->route.addr = &rcpt->addr;
	rcpt->route.kind = route_address(smtpd->options.conf, &rcpt->addr, &rcpt->route.user);
	switch (rcpt->route.kind) {
	case ROUTE_MAILBOX:
	case ROUTE_GROUP:
		return check_mailbox(smtpd, rcpt);
	case ROUTE_DAEMON:
		return may_call_daemon(smtpd) ? REPLY_NONE : smtpd_about(smtpd, REPLY_NO_DAEMON, SHOW(rcpt->path), NULL);
	case ROUTE_LESSON:
		return lesson_has_room(smtpd->options.spool, 1) ? REPLY_NONE : smtpd_about(smtpd, REPLY_MAILBOX_FULL, SHOW(rcpt->path), NULL);
	case ROUTE_OUTSIDE:
		return check_outside(smtpd, rcpt);
	case ROUTE_UNKNOWN:
		break;
	}
	return unknown(smtpd, false, rcpt->path, &rcpt->addr);
}

/* The first check: whether one more recipient is allowed now. */
static enum smtpd_reply check_place(struct smtpd_transaction *tx)
{
	if (tx->recipients_counted > BODY_MEMORY_BUSY && body_memory_is_short())
		return REPLY_NO_STORAGE;
	if (tx->envelope.recipients.count < SMTPD_RECIPIENTS_MAX)
		return REPLY_NONE;
	return ++tx->too_many <= SMTPD_RECIPIENTS_MAX ? REPLY_TOO_MANY_RECIPIENTS : REPLY_FAR_TOO_MANY_RECIPIENTS;
}

static enum smtpd_reply take_rcpt(struct smtpd *smtpd, struct slice arg, struct rcpt *rcpt)
{
	struct slice rest;
	enum smtpd_reply reply;

	if (addr_parse_path(arg, false, &rcpt->addr, &rest) != ADDR_PATH_OK)
		return smtpd_about(smtpd, REPLY_RECIPIENT_INVALID, SHOW(arg), NULL);
	rcpt->path = slice_trim(slice_make(arg.ptr, arg.len - rest.len));
	reply = smtpd_take_dsn_rcpt(rest, &rcpt->dsn);
	if (reply != REPLY_NONE)
		return reply;
	if (addr_looks_routed(&rcpt->addr))
		return smtpd_about(smtpd, REPLY_RECIPIENT_ROUTED, SHOW(rcpt->path), NULL);
	return smtpd->tx->utf8 || slice_is_ascii(slice_of(rcpt->addr.local)) ? REPLY_NONE : REPLY_NEEDS_SMTPUTF8;
}

/* A recipient with its places takes about this many bytes. */
static void count_recipient(struct smtpd_transaction *tx, const struct rcpt *rcpt, size_t places)
{
	size_t each = sizeof(struct place) + rcpt->dsn.orcpt.len + rcpt->path.len;
	size_t taken = rcpt->path.len + places * each;

	body_memory_take(taken);
	tx->recipients_counted += taken;
}

static void add_recipient(struct smtpd *smtpd, const struct rcpt *rcpt)
{
	struct envelope *envelope = &smtpd->tx->envelope;
	size_t places = envelope->place_count;
	char text[ADDR_TEXT_MAX];

	smtpd->tx->to_daemon = smtpd->tx->to_daemon || rcpt->route.kind == ROUTE_DAEMON;
	smtpd->tx->to_outside = smtpd->tx->to_outside || rcpt->route.kind == ROUTE_OUTSIDE;
	client_limits_accepted(&smtpd->dialogue.limits);
	addr_text(text, sizeof(text), &rcpt->addr);
	strlist_add(&envelope->recipients, text);
	smtpd->dialogue.work = DIALOGUE_MESSAGE;
	route_add_known(smtpd->options.conf, envelope, &rcpt->route, slice_of(text));
	smtpd_keep_dsn(envelope, places, &rcpt->dsn);
	count_recipient(smtpd->tx, rcpt, envelope->place_count - places);
}

enum smtpd_reply smtpd_cmd_rcpt(struct smtpd *smtpd, struct slice arg)
{
	struct rcpt rcpt = {.route = {.kind = ROUTE_UNKNOWN}};
	enum smtpd_reply reply;

	if (smtpd->tx->chunked)
		return REPLY_RCPT_AFTER_BDAT;
	if (!take_word(&arg, "TO:"))
		return REPLY_RCPT_SYNTAX;
	reply = check_place(smtpd->tx);
	if (reply == REPLY_NONE)
		reply = take_rcpt(smtpd, arg, &rcpt);
	if (reply == REPLY_NONE)
		reply = smtpd_check_daily(smtpd, smtpd->tx->announced);
	route_qualify(smtpd->options.conf, &rcpt.addr);
	if (reply == REPLY_NONE)
		reply = check_recipient(smtpd, &rcpt);
	if (reply != REPLY_NONE)
		return reply;
	add_recipient(smtpd, &rcpt);
	return REPLY_RCPT_DONE;
}
