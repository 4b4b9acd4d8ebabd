#include "lan-server/smtp/smtpd.h"

#include "base/alloc.h"
#include "base/process/doing.h"

#include "lan-server/command.h"
#include "lan-server/smtp/smtpd_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define REPLIES_MAX (1u << 20) /* a caller that flushes between reads never comes near */

void smtpd_reply(struct smtpd *smtpd, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	buf_append_text(&smtpd->replies, text);
	buf_append_text(&smtpd->replies, "\r\n");
}

void smtpd_reply_error(
    struct smtpd *smtpd, const struct error *error, int code, const char *enhanced)
{
	bool fixed = error->code != 0;

	if (error->class == ERROR_FULL) {
		code = 452;
		enhanced = "4.3.1";
	}
	smtpd_reply(smtpd, "%d %s %s", fixed ? error->code : code,
	    fixed && error->enhanced[0] != '\0' ? error->enhanced : enhanced, ERROR_EN(error));
}

enum smtpd_effect smtpd_close_if(struct smtpd *smtpd, bool too_many)
{
	if (!too_many)
		return SMTPD_CONTINUE;
	smtpd_reply(smtpd, "421 4.7.0 Too many errors, closing connection");
	return SMTPD_CLOSE;
}

enum smtpd_effect smtpd_mistake(struct smtpd *smtpd)
{
	return smtpd_close_if(smtpd, client_limits_error(&smtpd->limits));
}

enum smtpd_effect smtpd_junk(struct smtpd *smtpd)
{
	return smtpd_close_if(smtpd, client_limits_junk(&smtpd->limits, 1, CLIENT_JUNK_MAX));
}

struct smtpd *smtpd_new(const struct smtpd_options *options)
{
	struct smtpd *smtpd = xcalloc(1, sizeof(*smtpd));

	smtpd->options = *options;
	smtpd->tls = options->tls;
	smtpd->limits.guesses = options->guesses;
	buf_init(&smtpd->replies, REPLIES_MAX);
	smtpd_reply(smtpd, "220 %s ESMTP lanpost", options->conf->gateway.hostname);
	return smtpd;
}

/* Back to where a client must say hello. */
static void forget_all(struct smtpd *smtpd)
{
	smtpd_transaction_end(smtpd);
	sasl_free(smtpd->sasl);
	smtpd->sasl = NULL;
	smtpd->user = NULL;
	smtpd->hello[0] = '\0';
	smtpd->state = SMTPD_HELLO;
}

void smtpd_free(struct smtpd *smtpd)
{
	if (smtpd == NULL)
		return;
	forget_all(smtpd);
	buf_clear(&smtpd->replies);
	free(smtpd);
}

struct buf *smtpd_replies(struct smtpd *smtpd)
{
	return &smtpd->replies;
}

bool smtpd_in_transaction(const struct smtpd *smtpd)
{
	return smtpd->tx != NULL;
}

const char *smtpd_user(const struct smtpd *smtpd)
{
	return smtpd->user;
}

bool smtpd_has_recipients(const struct smtpd *smtpd)
{
	return smtpd->tx != NULL && smtpd->tx->envelope.recipients.count > 0;
}

unsigned smtpd_unknown_names(const struct smtpd *smtpd)
{
	return smtpd->unknown_names;
}

uint64_t smtpd_progress(const struct smtpd *smtpd)
{
	return smtpd->limits.progress;
}

int64_t smtpd_delay_ms(struct smtpd *smtpd)
{
	return client_limits_delay_ms(&smtpd->limits);
}

void smtpd_tls_started(struct smtpd *smtpd)
{
	forget_all(smtpd);
	smtpd->tls = true;
}

void smtpd_timed_out(struct smtpd *smtpd)
{
	smtpd_reply(smtpd, "421 4.4.2 %s Timeout, closing connection",
	    smtpd->options.conf->gateway.hostname);
}

void smtpd_evicted(struct smtpd *smtpd)
{
	smtpd_reply(smtpd, "421 4.3.2 %s Too many connections, closing idle connection",
	    smtpd->options.conf->gateway.hostname);
}

void smtpd_stopping(struct smtpd *smtpd)
{
	smtpd_reply(smtpd, "421 4.3.2 %s Service shutting down, try again later",
	    smtpd->options.conf->gateway.hostname);
}

/* The name goes into our Received line, so only what can stand in a domain or a literal is kept. */
static void remember_hello(struct smtpd *smtpd, struct slice name)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
	size_t len = 0;

	while (len < name.len && memchr(allowed, name.ptr[len], sizeof(allowed) - 1) != NULL)
		len++;
	if (len == name.len && len > 0 && len < sizeof(smtpd->hello))
		snprintf(smtpd->hello, sizeof(smtpd->hello), "%.*s", SLICE_PRINT(name));
	else
		snprintf(smtpd->hello, sizeof(smtpd->hello), "unknown");
}

static bool hello(struct smtpd *smtpd, struct slice arg, bool extended)
{
	if (arg.len == 0) {
		smtpd_reply(smtpd, "501 5.5.4 Syntax: %s hostname", extended ? "EHLO" : "HELO");
		return false;
	}
	smtpd_transaction_end(smtpd);
	remember_hello(smtpd, arg);
	smtpd->extended = extended;
	smtpd->state = SMTPD_READY;
	return true;
}

static enum smtpd_effect cmd_helo(struct smtpd *smtpd, struct slice arg)
{
	if (!hello(smtpd, arg, false))
		return smtpd_mistake(smtpd);
	smtpd_reply(smtpd, "250 %s", smtpd->options.conf->gateway.hostname);
	return smtpd_junk(smtpd);
}

static void offer_logins(struct smtpd *smtpd)
{
	const struct smtpd_options *options = &smtpd->options;
	unsigned offered = options->mechanisms(options->sasl.context, smtpd->tls);
	struct buf names = BUF_INIT(256);

	sasl_list(offered, &names);
	if (offered != 0 && (smtpd->tls || !options->tls_required))
		smtpd_reply(smtpd, "250-AUTH %s", buf_text(&names));
	buf_clear(&names);
}

static enum smtpd_effect cmd_ehlo(struct smtpd *smtpd, struct slice arg)
{
	const struct conf *conf = smtpd->options.conf;

	if (!hello(smtpd, arg, true))
		return smtpd_mistake(smtpd);
	smtpd_reply(smtpd, "250-%s", conf->gateway.hostname);
	smtpd_reply(smtpd, "250-SIZE %lld", (long long)conf->limits.max_message_size);
	smtpd_reply(smtpd, "250-8BITMIME");
	smtpd_reply(smtpd, "250-SMTPUTF8");
	smtpd_reply(smtpd, "250-PIPELINING");
	if (smtpd->options.tls_offered && !smtpd->tls)
		smtpd_reply(smtpd, "250-STARTTLS");
	offer_logins(smtpd);
	smtpd_reply(smtpd, "250-CHUNKING");
	smtpd_reply(smtpd, "250-DSN");
	smtpd_reply(smtpd, "250 ENHANCEDSTATUSCODES");
	return smtpd_junk(smtpd);
}

static enum smtpd_effect cmd_rset(struct smtpd *smtpd, struct slice arg)
{
	(void)arg;
	smtpd_transaction_end(smtpd);
	smtpd_reply(smtpd, "250 2.0.0 OK");
	return smtpd_junk(smtpd);
}

static enum smtpd_effect cmd_noop(struct smtpd *smtpd, struct slice arg)
{
	(void)arg;
	smtpd_reply(smtpd, "250 2.0.0 OK");
	return smtpd_junk(smtpd);
}

static enum smtpd_effect cmd_quit(struct smtpd *smtpd, struct slice arg)
{
	(void)arg;
	smtpd_reply(smtpd, "221 2.0.0 Bye");
	return SMTPD_CLOSE;
}

static enum smtpd_effect cmd_vrfy(struct smtpd *smtpd, struct slice arg)
{
	(void)arg;
	smtpd_reply(smtpd, "252 2.5.2 Cannot VRFY user, but will accept message and attempt delivery");
	return smtpd_junk(smtpd);
}

static enum smtpd_effect cmd_help(struct smtpd *smtpd, struct slice arg)
{
	(void)arg;
	smtpd_reply(
	    smtpd, "214 2.0.0 EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP STARTTLS AUTH QUIT");
	return smtpd_junk(smtpd);
}

static enum smtpd_effect cmd_expn(struct smtpd *smtpd, struct slice arg)
{
	(void)arg;
	smtpd_reply(smtpd, "502 5.5.1 EXPN is not supported");
	return smtpd_junk(smtpd);
}

static enum smtpd_effect cmd_starttls(struct smtpd *smtpd, struct slice arg)
{
	(void)arg;
	if (smtpd->tls) {
		smtpd_reply(smtpd, "503 5.5.1 TLS is already active");
		return smtpd_mistake(smtpd);
	}
	if (!smtpd->options.tls_offered) {
		smtpd_reply(smtpd, "454 4.7.0 TLS is not available");
		return smtpd_junk(smtpd);
	}
	smtpd_reply(smtpd, "220 2.0.0 Ready to start TLS");
	return SMTPD_START_TLS;
}

enum command_flags {
	NEEDS_HELLO = 1, /* EHLO or HELO was said */
	NEEDS_MAIL = 2,  /* a transaction is open */
	NOT_MAIL = 4,    /* none is open */
	NEEDS_LOGIN = 8, /* where the configuration demands it */
	NEEDS_TLS = 16,	 /* where the configuration demands it */
	HAS_ARG = 32,
	NO_ARG = 64,
};

static const struct command {
	const char *name;
	enum smtpd_effect (*run)(struct smtpd *smtpd, struct slice arg);
	unsigned flags;
} commands[] = {
    {"EHLO", cmd_ehlo, 0},
    {"HELO", cmd_helo, 0},
    {"MAIL", smtpd_cmd_mail, NEEDS_HELLO | NOT_MAIL | NEEDS_TLS | NEEDS_LOGIN | HAS_ARG},
    {"RCPT", smtpd_cmd_rcpt, NEEDS_HELLO | NEEDS_MAIL | HAS_ARG},
    {"DATA", smtpd_cmd_data, NEEDS_HELLO | NEEDS_MAIL | NO_ARG},
    {"RSET", cmd_rset, NO_ARG},
    {"NOOP", cmd_noop, 0},
    {"QUIT", cmd_quit, NO_ARG},
    {"VRFY", cmd_vrfy, HAS_ARG},
    {"EXPN", cmd_expn, 0},
    {"HELP", cmd_help, 0},
    {"STARTTLS", cmd_starttls, NO_ARG},
    {"AUTH", smtpd_cmd_auth, NEEDS_HELLO | NOT_MAIL | NEEDS_TLS | HAS_ARG},
};

/* The reply to a command that does not fit now, or NULL if it does. */
static const char *objection(
    const struct smtpd *smtpd, const struct command *command, struct slice arg)
{
	unsigned flags = command->flags;

	if ((flags & NO_ARG) && arg.len > 0)
		return "501 5.5.4 No argument allowed";
	if ((flags & NEEDS_HELLO) && smtpd->state == SMTPD_HELLO)
		return "503 5.5.1 Send EHLO first";
	if ((flags & NEEDS_TLS) && smtpd->options.tls_required && !smtpd->tls)
		return "530 5.7.0 Must issue a STARTTLS command first";
	if ((flags & NOT_MAIL) && smtpd->tx != NULL)
		return "503 5.5.1 Nested MAIL command";
	if ((flags & NEEDS_MAIL) && smtpd->tx == NULL)
		return "503 5.5.1 Need MAIL command";
	if ((flags & NEEDS_LOGIN) && smtpd->options.conf->lan.require_auth && smtpd->user == NULL)
		return "530 5.7.0 Authentication required";
	if ((flags & HAS_ARG) && arg.len == 0)
		return "501 5.5.4 Argument required";
	return NULL;
}

static enum smtpd_effect run_command(
    struct smtpd *smtpd, const struct command *command, struct slice arg)
{
	const char *reply = objection(smtpd, command, arg);

	doing_step("%s", command->name);
	if (reply == NULL)
		return command->run(smtpd, arg);
	smtpd_reply(smtpd, "%s", reply);
	return smtpd_mistake(smtpd);
}

enum smtpd_effect smtpd_line_too_long(struct smtpd *smtpd)
{
	if (smtpd->state == SMTPD_AUTH) {
		sasl_free(smtpd->sasl);
		smtpd->sasl = NULL;
		smtpd->state = SMTPD_READY;
	}
	smtpd_reply(smtpd, "500 5.5.2 Line too long");
	return smtpd_mistake(smtpd);
}

static enum smtpd_effect not_smtp(struct smtpd *smtpd)
{
	smtpd_reply(smtpd, "421 4.7.0 Not an SMTP command, closing connection");
	return SMTPD_CLOSE;
}

/* BDAT, however it goes on: without a size, or with bytes that no command may hold, what follows would be taken for commands. */
static bool begins_chunk(struct slice line)
{
	return slice_begins_nocase(line, "BDAT") && (line.len == 4 || (unsigned char)line.ptr[4] <= ' ');
}

enum smtpd_effect smtpd_line(struct smtpd *smtpd, struct slice line)
{
	struct slice arg = line, verb;

	if (smtpd->state == SMTPD_AUTH)
		return smtpd_auth_response(smtpd, line);
	if (command_is_http_request(line))
		return not_smtp(smtpd);
	if (begins_chunk(line)) /* its bytes follow whatever we think of it */
		return smtpd_cmd_bdat(smtpd, slice_from(line, line.len > 4 && line.ptr[4] == ' ' ? 5 : 4));
	verb = slice_cut(&arg, ' ');
	if (line.len > SMTPD_COMMAND_MAX && !slice_is_nocase(verb, "AUTH"))
		return smtpd_line_too_long(smtpd);
	if (command_has_control(line)) {
		if (command_is_foreign(line))
			return not_smtp(smtpd);
		smtpd_reply(smtpd, "500 5.5.2 Control characters in the command");
		return smtpd_mistake(smtpd);
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (slice_is_nocase(verb, commands[i].name))
			return run_command(smtpd, &commands[i], slice_trim(arg));
	if (command_is_foreign(line))
		return not_smtp(smtpd);
	smtpd_reply(smtpd, "500 5.5.1 Unknown command");
	return smtpd_mistake(smtpd);
}
