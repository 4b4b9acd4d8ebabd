#include "lan-server/smtp/smtpd.h"

#include "base/alloc.h"
#include "base/process/thread_activity.h"

#include "lan-server/command.h"
#include "lan-server/smtp/smtpd_priv.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define REPLIES_MAX (1u << 20) /* a caller that flushes between reads never reaches it */

void smtpd_line_of_reply(struct smtpd *smtpd, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	buf_append_text(&smtpd->dialogue.replies, text);
	buf_append_text(&smtpd->dialogue.replies, "\r\n");
}

#define IN(state) (1u << (state))

void smtpd_enter_state(struct smtpd *smtpd, enum smtpd_state state)
{
	static const unsigned from[] = {
	    [SMTPD_HELLO] = IN(SMTPD_HELLO) | IN(SMTPD_READY) | IN(SMTPD_CHUNK) | IN(SMTPD_AUTH),
	    [SMTPD_READY] =
	        IN(SMTPD_HELLO) | IN(SMTPD_READY) | IN(SMTPD_MAIL) | IN(SMTPD_DATA) | IN(SMTPD_CHUNK) | IN(SMTPD_AUTH),
	    [SMTPD_MAIL] = IN(SMTPD_READY) | IN(SMTPD_CHUNK),
	    [SMTPD_DATA] = IN(SMTPD_MAIL),
	    [SMTPD_CHUNK] = IN(SMTPD_HELLO) | IN(SMTPD_READY) | IN(SMTPD_MAIL),
	    [SMTPD_AUTH] = IN(SMTPD_READY),
	};

	assert(from[state] & IN(smtpd->state));
	assert(state == SMTPD_CHUNK || (smtpd->tx != NULL) == (state == SMTPD_MAIL || state == SMTPD_DATA));
	assert((smtpd->sasl != NULL) == (state == SMTPD_AUTH));
	smtpd->state = state;
}

/* A reply that begins with our host name. */
static enum dialogue_effect answer_by_name(struct smtpd *smtpd, enum smtpd_reply reply)
{
	return smtpd_answer(smtpd, smtpd_about(smtpd, reply, smtpd->options.conf->gateway.hostname, NULL));
}

/* Back to the state before EHLO. */
static void forget_all(struct smtpd *smtpd)
{
	smtpd_transaction_end(smtpd);
	sasl_free(smtpd->sasl);
	smtpd->sasl = NULL;
	smtpd->dialogue.user = NULL;
	smtpd->hello[0] = '\0';
	smtpd_enter_state(smtpd, SMTPD_HELLO);
}

/* The name is written to our Received line, so only characters of a domain or a literal are
 * kept. */
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

static enum smtpd_reply check_hello(struct smtpd *smtpd, struct slice name, const char *command)
{
	return name.len > 0 ? REPLY_NONE : smtpd_about(smtpd, REPLY_HELLO_SYNTAX, command, NULL);
}

static void greet(struct smtpd *smtpd, struct slice name, bool extended)
{
	smtpd_transaction_end(smtpd);
	remember_hello(smtpd, name);
	smtpd->extended = extended;
	smtpd_enter_state(smtpd, SMTPD_READY);
}

static enum smtpd_reply cmd_helo(struct smtpd *smtpd, struct slice arg)
{
	enum smtpd_reply reply = check_hello(smtpd, arg, "HELO");

	if (reply != REPLY_NONE)
		return reply;
	greet(smtpd, arg, false);
	return smtpd_about(smtpd, REPLY_HELO, smtpd->options.conf->gateway.hostname, NULL);
}

static void offer_logins(struct smtpd *smtpd)
{
	const struct smtpd_options *options = &smtpd->options;
	unsigned offered = options->sasl.mechanisms(options->sasl.context, smtpd->dialogue.tls);
	struct buf names = BUF_INIT(256);

	sasl_list(offered, &names);
	if (offered != 0 && (smtpd->dialogue.tls || !options->tls_required))
		smtpd_line_of_reply(smtpd, "250-AUTH %s", buf_text(&names));
	buf_clear(&names);
}

static enum smtpd_reply cmd_ehlo(struct smtpd *smtpd, struct slice arg)
{
	const struct conf *conf = smtpd->options.conf;
	enum smtpd_reply reply = check_hello(smtpd, arg, "EHLO");

	if (reply != REPLY_NONE)
		return reply;
	greet(smtpd, arg, true);
	smtpd_line_of_reply(smtpd, "250-%s", conf->gateway.hostname);
	smtpd_line_of_reply(smtpd, "250-SIZE %lld", (long long)conf->limits.max_message_size);
	smtpd_line_of_reply(smtpd, "250-8BITMIME");
	smtpd_line_of_reply(smtpd, "250-SMTPUTF8");
	smtpd_line_of_reply(smtpd, "250-PIPELINING");
	if (smtpd->options.tls_offered && !smtpd->dialogue.tls)
		smtpd_line_of_reply(smtpd, "250-STARTTLS");
	offer_logins(smtpd);
	smtpd_line_of_reply(smtpd, "250-CHUNKING");
	smtpd_line_of_reply(smtpd, "250-DSN");
	return REPLY_EHLO_END;
}

static enum smtpd_reply cmd_rset(struct smtpd *smtpd, struct slice arg)
{
	(void)arg;
	smtpd_transaction_end(smtpd);
	return REPLY_OK;
}

static enum smtpd_reply cmd_starttls(struct smtpd *smtpd, struct slice arg)
{
	(void)arg;
	if (smtpd->dialogue.tls)
		return REPLY_TLS_ACTIVE;
	return smtpd->options.tls_offered ? REPLY_START_TLS : REPLY_NO_TLS;
}

enum command_flags {
	NEEDS_HELLO = 1, /* after EHLO or HELO */
	NEEDS_MAIL = 2,  /* a transaction is open */
	NOT_MAIL = 4,    /* no transaction is open */
	NEEDS_LOGIN = 8, /* if the configuration requires it */
	NEEDS_TLS = 16,	 /* if the configuration requires it */
	HAS_ARG = 32,
	NO_ARG = 64,
};

static const struct command {
	const char *name;
	unsigned flags;
	enum smtpd_reply (*run)(struct smtpd *smtpd, struct slice arg);
	enum smtpd_reply reply; /* reply of a command without effect: run is NULL */
} commands[] = {
    {"EHLO", 0, cmd_ehlo, REPLY_NONE},
    {"HELO", 0, cmd_helo, REPLY_NONE},
    {"MAIL", NEEDS_HELLO | NOT_MAIL | NEEDS_TLS | NEEDS_LOGIN | HAS_ARG, smtpd_cmd_mail, REPLY_NONE},
    {"RCPT", NEEDS_HELLO | NEEDS_MAIL | HAS_ARG, smtpd_cmd_rcpt, REPLY_NONE},
    {"DATA", NEEDS_HELLO | NEEDS_MAIL | NO_ARG, smtpd_cmd_data, REPLY_NONE},
    {"RSET", NO_ARG, cmd_rset, REPLY_NONE},
    {"NOOP", 0, NULL, REPLY_OK},
    {"QUIT", NO_ARG, NULL, REPLY_BYE},
    {"VRFY", HAS_ARG, NULL, REPLY_VRFY},
    {"EXPN", 0, NULL, REPLY_EXPN},
    {"HELP", 0, NULL, REPLY_HELP},
    {"STARTTLS", NO_ARG, cmd_starttls, REPLY_NONE},
    {"AUTH", NEEDS_HELLO | NOT_MAIL | NEEDS_TLS | HAS_ARG, smtpd_cmd_auth, REPLY_NONE},
};

/* Why a command is not allowed now. */
static enum smtpd_reply check_command(const struct smtpd *smtpd, const struct command *command, struct slice arg)
{
	unsigned flags = command->flags;

	if ((flags & NO_ARG) && arg.len > 0)
		return REPLY_ARGUMENT_NOT_ALLOWED;
	if ((flags & NEEDS_HELLO) && smtpd->state == SMTPD_HELLO)
		return REPLY_EHLO_FIRST;
	if ((flags & NEEDS_TLS) && smtpd->options.tls_required && !smtpd->dialogue.tls)
		return REPLY_STARTTLS_FIRST;
	if ((flags & NOT_MAIL) && smtpd->tx != NULL)
		return REPLY_NESTED_MAIL;
	if ((flags & NEEDS_MAIL) && smtpd->tx == NULL)
		return REPLY_MAIL_FIRST;
	if ((flags & NEEDS_LOGIN) && smtpd->options.conf->lan.require_auth && smtpd->dialogue.user == NULL)
		return REPLY_LOGIN_FIRST;
	if ((flags & HAS_ARG) && arg.len == 0)
		return REPLY_ARGUMENT_REQUIRED;
	return REPLY_NONE;
}

static enum smtpd_reply run_command(struct smtpd *smtpd, const struct command *command, struct slice arg)
{
	enum smtpd_reply reply = check_command(smtpd, command, arg);

	thread_activity_command(command->name);
	if (reply != REPLY_NONE)
		return reply;
	return command->run != NULL ? command->run(smtpd, arg) : command->reply;
}

static enum dialogue_effect line_too_long(struct dialogue *dialogue)
{
	struct smtpd *smtpd = smtpd_of(dialogue);

	if (smtpd->state == SMTPD_AUTH)
		smtpd_auth_end(smtpd);
	return smtpd_answer(smtpd, REPLY_LINE_TOO_LONG);
}

/* BDAT in any form: without a size, or with bytes that no command may contain, the following data would be taken for
 * commands. */
static bool begins_chunk(struct slice line)
{
	return slice_begins_nocase(line, "BDAT") && (line.len == 4 || (unsigned char)line.ptr[4] <= ' ');
}

static enum smtpd_reply take_command(struct smtpd *smtpd, struct slice line)
{
	struct slice arg = line;
	struct slice verb = slice_cut(&arg, ' ');

	if (line.len > SMTPD_COMMAND_MAX && !slice_is_nocase(verb, "AUTH"))
		return command_is_foreign(line) ? REPLY_NOT_SMTP : REPLY_LINE_TOO_LONG;
	if (command_has_control(line))
		return command_is_foreign(line) ? REPLY_NOT_SMTP : REPLY_CONTROL_CHARACTERS;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (slice_is_nocase(verb, commands[i].name))
			return run_command(smtpd, &commands[i], slice_trim(arg));
	return command_is_foreign(line) ? REPLY_NOT_SMTP : REPLY_UNKNOWN_COMMAND;
}

static enum dialogue_effect take_line(struct dialogue *dialogue, struct slice line)
{
	struct smtpd *smtpd = smtpd_of(dialogue);

	if (smtpd->state == SMTPD_AUTH)
		return smtpd_answer(smtpd, smtpd_auth_response(smtpd, line));
	if (command_is_http_request(line))
		return smtpd_answer(smtpd, REPLY_NOT_SMTP);
	if (begins_chunk(line)) /* its bytes follow in any case */
		return smtpd_begin_chunk(smtpd, slice_from(line, line.len > 4 && line.ptr[4] == ' ' ? 5 : 4));
	return smtpd_answer(smtpd, take_command(smtpd, line));
}

/* --- the protocol */

static void tls_started(struct dialogue *dialogue)
{
	forget_all(smtpd_of(dialogue));
	dialogue->tls = true;
}

static void end(struct dialogue *dialogue, enum dialogue_end why)
{
	static const enum smtpd_reply last_words[] = {
	    [DIALOGUE_TIMED_OUT] = REPLY_TIMED_OUT,
	    [DIALOGUE_EVICTED] = REPLY_EVICTED,
	    [DIALOGUE_STOPPING] = REPLY_STOPPING,
	};

	answer_by_name(smtpd_of(dialogue), last_words[why]);
}

static void smtpd_free(struct dialogue *dialogue)
{
	forget_all(smtpd_of(dialogue));
	buf_clear(&dialogue->replies);
	free(dialogue);
}

static const struct protocol protocol = {
    .line_max = SMTPD_LINE_MAX,
    .line = take_line,
    .line_too_long = line_too_long,
    .data = smtpd_data,
    .tls_started = tls_started,
    .end = end,
    .free = smtpd_free,
};

struct dialogue *smtpd_new(const struct smtpd_options *options)
{
	struct smtpd *smtpd = xcalloc(1, sizeof(*smtpd));

	smtpd->options = *options;
	smtpd->dialogue = (struct dialogue){.protocol = &protocol, .tls = options->tls, .limits = {.guesses = options->guesses}};
	buf_init(&smtpd->dialogue.replies, REPLIES_MAX);
	answer_by_name(smtpd, REPLY_GREETING);
	return &smtpd->dialogue;
}
