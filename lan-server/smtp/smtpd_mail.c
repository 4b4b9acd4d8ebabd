/*
 * MAIL and RCPT: who sends, who gets it, and whether we want any of it.
 */
#include "base/alloc.h"
#include "mail/route.h"

#include "lan-server/smtp/smtpd_priv.h"

#include <stdio.h>
#include <stdlib.h>

/* Room for an address in a reply. */
#define SHOWN_MAX 400
#define SHOW(slice) str_printable((char[SHOWN_MAX]){0}, SHOWN_MAX, (slice))

/* Forwards may turn one recipient into several places. */
#define PLACES_PER_RECIPIENT 64

void smtpd_transaction_begin(struct smtpd *smtpd, const struct addr *sender)
{
	struct smtpd_transaction *tx = xcalloc(1, sizeof(*tx));
	char text[ADDR_TEXT_MAX];

	tx->sender = *sender;
	envelope_init(&tx->envelope);
	if (sender->local[0] != '\0')
		envelope_set(&tx->envelope.sender, slice_of(addr_text(text, sizeof(text), sender)));
	buf_init(&tx->header, SMTPD_HEADER_MAX);
	buf_init(&tx->subject, 4096);
	body_init(&tx->body, smtpd->options.conf->gateway.spool);
	dot_reader_init(&tx->reader);
	smtpd->tx = tx;
	smtpd->state = SMTPD_MAIL;
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
	smtpd_header_clear(tx);
	buf_clear(&tx->subject);
	body_clear(&tx->body, false);
	free(tx);
	smtpd->tx = NULL;
	smtpd->state = SMTPD_READY;
	client_limits_next_message(&smtpd->limits);
}

/* Takes "FROM:" or "TO:" off the front. Blanks after the colon are not allowed by RFC 5321, but
 * sent. */
static bool take_word(struct slice *arg, const char *word)
{
	if (!slice_begins_nocase(*arg, word))
		return false;
	*arg = slice_trim(slice_from(*arg, strlen(word)));
	return true;
}

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

struct parameters {
	uint64_t size;
	bool utf8;
	struct smtpd_dsn_mail dsn;
};

/* One of MAIL's parameters. Returns the refusal, or NULL. */
static const char *mail_parameter(struct slice word, struct parameters *given)
{
	struct slice value = word;
	struct slice name = slice_cut(&value, '=');

	if (slice_is_nocase(name, "SIZE"))
		return slice_number(value, 0, UINT64_MAX, &given->size) ? NULL
		                                                : "501 5.5.4 SIZE is not a number";
	if (slice_is_nocase(name, "BODY")) {
		bool known = slice_is_nocase(value, "7BIT") || slice_is_nocase(value, "8BITMIME");

		return known ? NULL : "501 5.5.4 Syntax: BODY=7BIT or BODY=8BITMIME";
	}
	if (slice_is_nocase(name, "SMTPUTF8") && value.ptr == NULL) {
		given->utf8 = true;
		return NULL;
	}
	if (slice_is_nocase(name, "AUTH")) /* RFC 4954 section 5: may be ignored */
		return NULL;
	if (slice_is_nocase(name, "RET") || slice_is_nocase(name, "ENVID"))
		return smtpd_dsn_mail(name, value, &given->dsn);
	return "555 5.5.4 Unsupported MAIL FROM parameter";
}

static const char *mail_parameters(struct slice words, struct parameters *given)
{
	while (words.len > 0) {
		struct slice word = slice_cut(&words, ' ');
		const char *refusal = word.len == 0 ? NULL : mail_parameter(word, given);

		if (refusal != NULL)
			return refusal;
	}
	return NULL;
}

/* A sender in our own domain must be somebody; any other is taken from a client whom the IP filter
 * let in. */
static bool sender_is_nobody(const struct conf *conf, const struct addr *sender)
{
	const char *user;
	enum route_kind kind;

	if (sender->local[0] == '\0')
		return false;
	kind = route_address(conf, sender, &user);
	return kind == ROUTE_UNKNOWN || kind == ROUTE_DAEMON;
}

/* Whoever asks for more names than that in a session reads out who is here, however many good ones he knows. */
#define UNKNOWN_NAMES_MAX 50

static enum smtpd_effect recipient_refused(struct smtpd *smtpd)
{
	bool too_many = client_limits_refused(&smtpd->limits);

	return smtpd_close_if(smtpd, too_many || smtpd->unknown_names >= UNKNOWN_NAMES_MAX);
}

/* A hint to the nearest name helps who has mistyped it, and who guesses. */
static void refuse_unknown(
    struct smtpd *smtpd, const char *code, struct slice path, const struct addr *addr)
{
	bool may_know = smtpd->user != NULL || smtpd->options.conf->lan.suggest_names;
	const char *hint = may_know ? route_hint(smtpd->options.conf, addr) : NULL;

	smtpd->unknown_names++;
	if (hint != NULL)
		smtpd_reply(smtpd, "%s %s: no such user; did you mean \"%s\"?", code,
		    SHOW(path), hint);
	else
		smtpd_reply(smtpd, "%s %s: no such user", code, SHOW(path));
}

/* Checks what does not depend on parameters. Returns false after a reply. */
static bool sender_is_fine(struct smtpd *smtpd, struct slice path, const struct addr *sender)
{
	if (addr_looks_routed(sender))
		smtpd_reply(smtpd, "553 5.1.7 %s: source routes are not accepted",
		    SHOW(path));
	else if (sender_is_nobody(smtpd->options.conf, sender))
		refuse_unknown(smtpd, "550 5.1.8", path, sender);
	else if (!smtpd_may_write_as(smtpd, sender))
		smtpd_reply(smtpd,
		    "550 5.7.1 %s: sender address does not belong to user %s", SHOW(path),
		    smtpd->user);
	else
		return true;
	return false;
}

static bool size_is_fine(struct smtpd *smtpd, uint64_t size)
{
	if (size > (uint64_t)smtpd->options.conf->limits.max_message_size)
		smtpd_reply(smtpd, "552 5.3.4 Message size exceeds limit of %lld bytes",
		    (long long)smtpd->options.conf->limits.max_message_size);
	else if (!smtpd->options.hooks.has_room(smtpd->options.hooks.context, size))
		smtpd_reply(smtpd, "452 4.3.1 Insufficient system storage, try again later");
	else
		return true;
	return false;
}

/* A bare name means our own domain, and stands in envelopes with it. */
static void qualify(const struct conf *conf, struct addr *addr)
{
	if (addr->local[0] != '\0' && addr->domain[0] == '\0')
		snprintf(addr->domain, sizeof(addr->domain), "%s", conf->gateway.local_domain);
}

enum smtpd_effect smtpd_cmd_mail(struct smtpd *smtpd, struct slice arg)
{
	struct slice path = arg, rest;
	struct addr sender = {.local = ""};
	struct parameters given = {.size = 0};
	const char *refusal;

	if (!take_word(&path, "FROM:")) {
		smtpd_reply(smtpd, "501 5.5.4 Syntax: MAIL FROM:<address>");
		return smtpd_mistake(smtpd);
	}
	if (addr_parse_path(path, true, &sender, &rest) == ADDR_PATH_BAD) {
		smtpd_reply(smtpd, "553 5.1.7 %s: invalid address", SHOW(path));
		return smtpd_mistake(smtpd);
	}
	path.len -= rest.len;
	path = slice_trim(path);
	refusal = mail_parameters(rest, &given);
	if (refusal == NULL && !given.utf8 && !is_ascii(sender.local))
		refusal = "553 5.6.7 Non-ASCII addresses require SMTPUTF8";
	if (refusal != NULL) {
		smtpd_reply(smtpd, "%s", refusal);
		return smtpd_mistake(smtpd);
	}
	if (!sender_is_fine(smtpd, path, &sender) || !size_is_fine(smtpd, given.size))
		return smtpd_mistake(smtpd);
	qualify(smtpd->options.conf, &sender);
	smtpd_transaction_begin(smtpd, &sender);
	smtpd->tx->utf8 = given.utf8;
	smtpd->tx->announced = given.size;
	smtpd->tx->envelope.ret = given.dsn.ret;
	envelope_set(&smtpd->tx->envelope.envid, given.dsn.envid);
	smtpd_reply(smtpd, "250 2.1.0 OK");
	return SMTPD_CONTINUE;
}

/* The daemon answers those who have a mailbox here; what comes from nobody (a bounce) is eaten. */
static bool may_call_daemon(const struct smtpd *smtpd)
{
	const struct conf *conf = smtpd->options.conf;
	const struct strlist *allowed = &conf->gateway.daemon_users;
	const char *user;

	if (smtpd->tx->sender.local[0] == '\0')
		return true;
	if (route_address(conf, &smtpd->tx->sender, &user) != ROUTE_MAILBOX)
		return false;
	return allowed->count == 0 || conf_users_have(conf, allowed, smtpd->user != NULL ? smtpd->user : user);
}

/* No top-level domain is a number (RFC 3696 section 2). */
static bool is_ip_address(const char *domain)
{
	const char *dot = strrchr(domain, '.');
	const char *last = dot == NULL ? domain : dot + 1;

	return last[0] != '\0' && last[strspn(last, "0123456789")] == '\0';
}

/* Returns false after a reply. */
static bool outside_is_fine(struct smtpd *smtpd, struct slice path, const struct addr *addr)
{
	struct addr outside;

	if (!smtpd_may_write_outside(smtpd))
		smtpd_reply(smtpd, "550 5.7.1 %s: you may send only within the office; ask your administrator", SHOW(path));
	else if (addr->domain[0] == '[' || is_ip_address(addr->domain))
		smtpd_reply(
		    smtpd, "550 5.1.2 %s: address literals are not accepted, use a domain", SHOW(path));
	else if (!route_outside_sender(smtpd->options.conf, &smtpd->tx->sender, &outside))
		smtpd_reply(smtpd,
		    "550 5.7.1 %s: you have no external address; ask your administrator to set "
		    "external_alias of %s",
		    SHOW(path), SHOW(slice_of(smtpd->tx->sender.local)));
	else
		return true;
	return false;
}

/* Decides on a recipient that was understood. Returns false after a reply. */
static bool recipient_is_fine(struct smtpd *smtpd, struct slice path, const struct addr *addr)
{
	const char *user;

	switch (route_address(smtpd->options.conf, addr, &user)) {
	case ROUTE_MAILBOX:
	case ROUTE_GROUP:
		if (smtpd_mailbox_has_room(smtpd, user, smtpd->tx->announced))
			return true;
		smtpd_reply(smtpd, "552 5.2.2 %s: mailbox full", SHOW(path));
		return false;
	case ROUTE_DAEMON:
		if (!may_call_daemon(smtpd)) {
			smtpd_reply(smtpd, "550 5.7.1 %s: you may not send commands to daemon; ask your administrator (daemon_users)",
			    SHOW(path));
			return false;
		}
		smtpd->tx->to_daemon = true;
		return true;
	case ROUTE_OUTSIDE:
		if (!outside_is_fine(smtpd, path, addr))
			return false;
		smtpd->tx->to_outside = true;
		return true;
	case ROUTE_UNKNOWN:
		break;
	}
	refuse_unknown(smtpd, "550 5.1.1", path, addr);
	return false;
}

/* Returns false after a reply. */
static bool parse_recipient(
    struct smtpd *smtpd, struct slice *path, struct addr *addr, struct smtpd_dsn_rcpt *dsn)
{
	struct slice rest;
	const char *refusal;

	if (addr_parse_path(*path, false, addr, &rest) != ADDR_PATH_OK) {
		smtpd_reply(smtpd, "553 5.1.3 %s: invalid address", SHOW(*path));
		return false;
	}
	path->len -= rest.len;
	*path = slice_trim(*path);
	refusal = smtpd_dsn_rcpt(rest, dsn);
	if (refusal != NULL)
		smtpd_reply(smtpd, "%s", refusal);
	else if (addr_looks_routed(addr))
		smtpd_reply(smtpd, "553 5.1.3 %s: source routes are not accepted",
		    SHOW(*path));
	else if (!smtpd->tx->utf8 && !is_ascii(addr->local))
		smtpd_reply(smtpd, "553 5.6.7 Non-ASCII addresses require SMTPUTF8");
	else
		return true;
	return false;
}

enum smtpd_effect smtpd_cmd_rcpt(struct smtpd *smtpd, struct slice arg)
{
	struct envelope *envelope = &smtpd->tx->envelope;
	struct slice path = arg;
	char text[ADDR_TEXT_MAX];
	struct smtpd_dsn_rcpt dsn = {.notify = 0};
	struct addr addr;
	size_t places;

	if (smtpd->tx->chunked) {
		smtpd_reply(smtpd, "503 5.5.1 RCPT is not allowed after BDAT");
		return smtpd_mistake(smtpd);
	}
	if (!take_word(&path, "TO:")) {
		smtpd_reply(smtpd, "501 5.5.4 Syntax: RCPT TO:<address>");
		return smtpd_mistake(smtpd);
	}
	if (envelope->recipients.count >= SMTPD_RECIPIENTS_MAX ||
	    envelope->place_count + PLACES_PER_RECIPIENT > ENVELOPE_PLACES_MAX) {
		smtpd_reply(smtpd, "452 4.5.3 Too many recipients");
		return ++smtpd->tx->too_many <= SMTPD_RECIPIENTS_MAX ? SMTPD_CONTINUE : smtpd_mistake(smtpd);
	}
	if (!parse_recipient(smtpd, &path, &addr, &dsn) || !smtpd_may_send(smtpd, smtpd->tx->announced) ||
	    !recipient_is_fine(smtpd, path, &addr))
		return recipient_refused(smtpd);
	client_limits_accepted(&smtpd->limits);
	qualify(smtpd->options.conf, &addr);
	addr_text(text, sizeof(text), &addr);
	strlist_add(&envelope->recipients, text);
	places = envelope->place_count;
	route_add(smtpd->options.conf, envelope, &addr, slice_of(text));
	smtpd_dsn_keep(envelope, places, &dsn);
	smtpd_reply(smtpd, "250 2.1.5 OK");
	return SMTPD_CONTINUE;
}
