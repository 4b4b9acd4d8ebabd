#include "lan-server/pop3/pop3d.h"

#include "base/alloc.h"
#include "base/process/thread_activity.h"

#include "lan-server/command.h"
#include "lan-server/pop3/pop3d_priv.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define REPLIES_MAX (64u << 20) /* enough for LIST and UIDL of the largest mailbox */
#define PIECE 16384

void pop3d_line_of_reply(struct pop3d *pop3d, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	buf_append_text(&pop3d->dialogue.replies, text);
	buf_append_text(&pop3d->dialogue.replies, "\r\n");
}

#define IN(state) (1u << (state))

void pop3d_enter_state(struct pop3d *pop3d, enum pop3d_state state)
{
	static const unsigned from[] = {
	    [POP3D_AUTHORIZATION] = IN(POP3D_LOGIN),
	    [POP3D_LOGIN] = IN(POP3D_AUTHORIZATION),
	    [POP3D_TRANSACTION] = IN(POP3D_AUTHORIZATION),
	    [POP3D_ENDED] = IN(POP3D_TRANSACTION),
	};

	assert(from[state] & IN(pop3d->state));
	assert((pop3d->sasl != NULL) == (state == POP3D_LOGIN));
	pop3d->state = state;
}

static void stop_sending(struct pop3d *pop3d)
{
	struct pop3d_hooks *hooks = &pop3d->options.hooks;

	if (pop3d->sending.bytes.ptr != NULL)
		hooks->done(hooks->drop, pop3d->sending.bytes);
	pop3d->sending.bytes = SLICE_NONE;
}

static void close_mailbox(struct pop3d *pop3d)
{
	struct pop3d_hooks *hooks = &pop3d->options.hooks;

	stop_sending(pop3d);
	if (pop3d->state != POP3D_TRANSACTION)
		return;
	mailbox_list_clear(&pop3d->list);
	free(pop3d->deleted);
	pop3d->deleted = NULL;
	pop3d->dialogue.user = NULL;
	pop3d_enter_state(pop3d, POP3D_ENDED);
	hooks->close(hooks->drop);
}

/* --- the mailbox */

/* Messages that are marked or gone are omitted in all listings. */
static bool is_listed(struct pop3d *pop3d, size_t i)
{
	struct pop3d_hooks *hooks = &pop3d->options.hooks;
	struct mailbox_message *message = &pop3d->list.items[i];

	if (pop3d->deleted[i])
		return false;
	return message->size_known || hooks->size(hooks->drop, message) == 0;
}

/* Finds the message of a number. */
static enum pop3d_reply find_message(struct pop3d *pop3d, struct slice number, size_t *index)
{
	uint64_t n;

	if (!slice_number(number, 1, pop3d->list.count, &n))
		return REPLY_NO_SUCH_MESSAGE;
	if (pop3d->deleted[n - 1])
		return REPLY_MARKED_ALREADY;
	*index = (size_t)n - 1;
	return is_listed(pop3d, *index) ? REPLY_NONE : REPLY_MESSAGE_GONE;
}

static enum pop3d_reply cmd_stat(struct pop3d *pop3d, struct slice arg)
{
	uint64_t octets = 0;
	size_t count = 0;

	(void)arg;
	for (size_t i = 0; i < pop3d->list.count; i++) {
		if (!is_listed(pop3d, i))
			continue;
		count++;
		octets += pop3d->list.items[i].size;
	}
	return pop3d_about(pop3d, REPLY_STAT, REPLY_NUMBER(count), REPLY_NUMBER(octets));
}

/* The value in a line of LIST or UIDL: the size as text, or the name. */
typedef const char *(*describe_fn)(const struct mailbox_message *message, char number[REPLY_NUMBER_MAX]);

static const char *describe_size(const struct mailbox_message *message, char number[REPLY_NUMBER_MAX])
{
	return reply_number(number, message->size);
}

static const char *describe_uidl(const struct mailbox_message *message, char number[REPLY_NUMBER_MAX])
{
	(void)number;
	return message->uidl;
}

static enum pop3d_reply list_one(struct pop3d *pop3d, struct slice arg, describe_fn describe)
{
	char number[REPLY_NUMBER_MAX];
	size_t i;
	enum pop3d_reply reply = find_message(pop3d, arg, &i);

	if (reply != REPLY_NONE)
		return reply;
	return pop3d_about(pop3d, REPLY_LINE, REPLY_NUMBER(i + 1), describe(&pop3d->list.items[i], number));
}

static enum pop3d_reply list_all(struct pop3d *pop3d, describe_fn describe)
{
	char number[REPLY_NUMBER_MAX];

	pop3d_line_of_reply(pop3d, "+OK");
	for (size_t i = 0; i < pop3d->list.count; i++)
		if (is_listed(pop3d, i))
			pop3d_line_of_reply(pop3d, "%zu %s", i + 1, describe(&pop3d->list.items[i], number));
	return REPLY_END_OF_LISTING;
}

static enum pop3d_reply cmd_list(struct pop3d *pop3d, struct slice arg)
{
	return arg.len > 0 ? list_one(pop3d, arg, describe_size) : list_all(pop3d, describe_size);
}

static enum pop3d_reply cmd_uidl(struct pop3d *pop3d, struct slice arg)
{
	return arg.len > 0 ? list_one(pop3d, arg, describe_uidl) : list_all(pop3d, describe_uidl);
}

static enum pop3d_reply begin_sending(struct pop3d *pop3d, struct slice number, uint64_t body_lines)
{
	struct pop3d_hooks *hooks = &pop3d->options.hooks;
	const struct mailbox_message *message;
	struct slice bytes;
	size_t i;
	enum pop3d_reply reply = find_message(pop3d, number, &i);

	if (reply != REPLY_NONE)
		return reply;
	message = &pop3d->list.items[i];
	if (hooks->read(hooks->drop, message, &bytes) != 0)
		return REPLY_MESSAGE_GONE;
	pop3d->sending = (struct sending){
	    .bytes = bytes, .rest = bytes, .body_lines = body_lines, .in_header = true};
	dot_writer_init(&pop3d->sending.writer, true);
	client_limits_progress(&pop3d->dialogue.limits);
	return pop3d_about(pop3d, REPLY_MESSAGE, REPLY_NUMBER(message->size), NULL);
}

static enum pop3d_reply cmd_retr(struct pop3d *pop3d, struct slice arg)
{
	return begin_sending(pop3d, arg, UINT64_MAX);
}

static enum pop3d_reply cmd_top(struct pop3d *pop3d, struct slice arg)
{
	struct slice lines = arg;
	struct slice number = slice_cut(&lines, ' ');
	uint64_t count;

	if (!slice_number(slice_trim(lines), 0, UINT32_MAX, &count))
		return REPLY_TOP_SYNTAX;
	return begin_sending(pop3d, number, count);
}

/* The part of a piece that TOP still needs; *done if it is the last. */
static struct slice wanted(struct sending *sending, struct slice piece, bool *done)
{
	size_t at = 0;

	if (sending->body_lines == UINT64_MAX)
		return piece;
	while (at < piece.len && !*done) {
		struct slice line = slice_from(piece, at);
		ptrdiff_t end = slice_find(line, '\n');
		bool blank;

		if (end < 0)
			return piece;
		blank = (at > 0 || sending->writer.line_start) &&
		        (end == 0 || (end == 1 && line.ptr[0] == '\r'));
		at += (size_t)end + 1;
		if (sending->in_header)
			sending->in_header = !blank;
		else
			sending->body_lines--;
		*done = !sending->in_header && sending->body_lines == 0;
	}
	return slice_make(piece.ptr, at);
}

/* Up to PIECE bytes; for TOP only complete lines, unless a line is longer. */
static struct slice next_piece(const struct sending *sending)
{
	struct slice piece = sending->rest;

	if (piece.len <= PIECE)
		return piece;
	piece.len = PIECE;
	if (sending->body_lines != UINT64_MAX) {
		ptrdiff_t end = slice_find_last(piece, '\n');

		if (end >= 0)
			piece.len = (size_t)end + 1;
	}
	return piece;
}

static enum dialogue_effect send_piece(struct dialogue *dialogue)
{
	struct pop3d *pop3d = pop3d_of(dialogue);
	struct sending *sending = &pop3d->sending;
	struct slice piece = next_piece(sending);
	bool done = false;

	dot_write(&sending->writer, wanted(sending, piece, &done), &pop3d->dialogue.replies);
	sending->rest = slice_from(sending->rest, piece.len);
	if (!done && sending->rest.len > 0)
		return DIALOGUE_SEND;
	if (!pop3d->options.hooks.is_intact(pop3d->options.hooks.drop, sending->bytes)) {
		stop_sending(pop3d);
		return DIALOGUE_BREAK;
	}
	dot_write_end(&sending->writer, &pop3d->dialogue.replies);
	stop_sending(pop3d);
	return DIALOGUE_READ_LINE;
}

static enum pop3d_reply cmd_dele(struct pop3d *pop3d, struct slice arg)
{
	size_t i;
	enum pop3d_reply reply = find_message(pop3d, arg, &i);

	if (reply != REPLY_NONE)
		return reply;
	pop3d->deleted[i] = true;
	client_limits_progress(&pop3d->dialogue.limits);
	return REPLY_MARKED;
}

static enum pop3d_reply cmd_rset(struct pop3d *pop3d, struct slice arg)
{
	(void)arg;
	memset(pop3d->deleted, 0, pop3d->list.count * sizeof(*pop3d->deleted));
	return REPLY_UNMARKED;
}

/* The UPDATE state of RFC 1939: messages are removed only here. */
static int remove_marked(struct pop3d *pop3d, struct error *error)
{
	struct pop3d_hooks *hooks = &pop3d->options.hooks;
	const char **uniques = xcalloc(pop3d->list.count + 1, sizeof(*uniques));
	size_t count = 0;
	int result = 0;

	for (size_t i = 0; i < pop3d->list.count; i++)
		if (pop3d->deleted[i])
			uniques[count++] = pop3d->list.items[i].unique;
	if (count > 0)
		result = hooks->remove(hooks->drop, uniques, count, error);
	free(uniques);
	return result;
}

static enum pop3d_reply cmd_quit(struct pop3d *pop3d, struct slice arg)
{
	struct error error = ERROR_INIT;
	bool done = pop3d->state != POP3D_TRANSACTION || remove_marked(pop3d, &error) == 0;

	(void)arg;
	close_mailbox(pop3d);
	return done ? REPLY_BYE : REPLY_NOT_REMOVED;
}

enum command_flags {
	LOGGED_OUT = 1, /* allowed before the login */
	LOGGED_IN = 2,
	HAS_ARG = 4,
	NO_ARG = 8,
	EXACT_ARG = 16, /* blanks around it are significant */
};

static const struct command {
	const char *name;
	unsigned flags;
	enum pop3d_reply (*run)(struct pop3d *pop3d, struct slice arg);
	enum pop3d_reply reply; /* reply of a command without effect: run is NULL */
} commands[] = {
    {"USER", LOGGED_OUT | HAS_ARG, pop3d_cmd_user, REPLY_NONE},
    {"PASS", LOGGED_OUT | EXACT_ARG, pop3d_cmd_pass, REPLY_NONE},
    {"APOP", LOGGED_OUT | HAS_ARG, pop3d_cmd_apop, REPLY_NONE},
    {"AUTH", LOGGED_OUT, pop3d_cmd_auth, REPLY_NONE},
    {"STLS", LOGGED_OUT | NO_ARG, pop3d_cmd_stls, REPLY_NONE},
    {"UTF8", LOGGED_OUT | NO_ARG, NULL, REPLY_UTF8}, /* RFC 6856: messages are always sent unchanged */
    {"CAPA", LOGGED_OUT | LOGGED_IN, pop3d_cmd_capa, REPLY_NONE},
    {"STAT", LOGGED_IN | NO_ARG, cmd_stat, REPLY_NONE},
    {"LIST", LOGGED_IN, cmd_list, REPLY_NONE},
    {"UIDL", LOGGED_IN, cmd_uidl, REPLY_NONE},
    {"RETR", LOGGED_IN | HAS_ARG, cmd_retr, REPLY_NONE},
    {"TOP", LOGGED_IN | HAS_ARG, cmd_top, REPLY_NONE},
    {"DELE", LOGGED_IN | HAS_ARG, cmd_dele, REPLY_NONE},
    {"RSET", LOGGED_IN | NO_ARG, cmd_rset, REPLY_NONE},
    {"NOOP", LOGGED_IN, NULL, REPLY_OK},
    {"QUIT", LOGGED_OUT | LOGGED_IN, cmd_quit, REPLY_NONE},
};

/* Why a command is not allowed now. */
static enum pop3d_reply check_command(const struct pop3d *pop3d, const struct command *command, struct slice arg)
{
	bool is_in = pop3d->state == POP3D_TRANSACTION;

	if (!(command->flags & (is_in ? LOGGED_IN : LOGGED_OUT)))
		return is_in ? REPLY_LOGGED_IN_ALREADY : REPLY_LOGIN_FIRST;
	if ((command->flags & HAS_ARG) && arg.len == 0)
		return REPLY_ARGUMENT_REQUIRED;
	return (command->flags & NO_ARG) && arg.len > 0 ? REPLY_ARGUMENT_NOT_ALLOWED : REPLY_NONE;
}

static enum pop3d_reply run_command(struct pop3d *pop3d, const struct command *command, struct slice arg)
{
	enum pop3d_reply reply;

	thread_activity_command(command->name);
	if (!(command->flags & EXACT_ARG))
		arg = slice_trim(arg);
	reply = check_command(pop3d, command, arg);
	if (reply != REPLY_NONE)
		return reply;
	return command->run != NULL ? command->run(pop3d, arg) : command->reply;
}

static enum dialogue_effect line_too_long(struct dialogue *dialogue)
{
	struct pop3d *pop3d = pop3d_of(dialogue);

	if (pop3d->state == POP3D_LOGIN)
		pop3d_auth_end(pop3d);
	return pop3d_answer(pop3d, REPLY_LINE_TOO_LONG);
}

static enum pop3d_reply not_pop3(struct pop3d *pop3d)
{
	close_mailbox(pop3d);
	return REPLY_NOT_POP3;
}

static enum pop3d_reply take_command(struct pop3d *pop3d, struct slice line)
{
	struct slice arg = line;
	struct slice verb = slice_cut(&arg, ' ');

	if (command_is_http_request(line))
		return not_pop3(pop3d);
	if (command_has_control(line))
		return command_is_foreign(line) ? not_pop3(pop3d) : REPLY_CONTROL_CHARACTERS;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (slice_is_nocase(verb, commands[i].name))
			return run_command(pop3d, &commands[i], arg);
	return command_is_foreign(line) ? not_pop3(pop3d) : REPLY_UNKNOWN_COMMAND;
}

static enum dialogue_effect take_line(struct dialogue *dialogue, struct slice line)
{
	struct pop3d *pop3d = pop3d_of(dialogue);
	bool is_response = pop3d->state == POP3D_LOGIN;

	return pop3d_answer(pop3d, is_response ? pop3d_auth_response(pop3d, line) : take_command(pop3d, line));
}

/* --- the protocol */

static void tls_started(struct dialogue *dialogue)
{
	struct pop3d *pop3d = pop3d_of(dialogue);

	free(pop3d->name);
	pop3d->name = NULL;
	dialogue->tls = true;
}

static void end(struct dialogue *dialogue, enum dialogue_end why)
{
	static const enum pop3d_reply last_words[] = {
	    [DIALOGUE_TIMED_OUT] = REPLY_TIMED_OUT,
	    [DIALOGUE_EVICTED] = REPLY_EVICTED,
	    [DIALOGUE_STOPPING] = REPLY_STOPPING,
	};

	pop3d_answer(pop3d_of(dialogue), last_words[why]);
}

static void pop3d_free(struct dialogue *dialogue)
{
	struct pop3d *pop3d = pop3d_of(dialogue);

	close_mailbox(pop3d);
	free(pop3d->name);
	free(pop3d->apop);
	sasl_free(pop3d->sasl);
	buf_clear(&dialogue->replies);
	free(pop3d);
}

static const struct protocol protocol = {
    .line_max = POP3D_LINE_MAX,
    .line = take_line,
    .line_too_long = line_too_long,
    .send = send_piece,
    .tls_started = tls_started,
    .end = end,
    .free = pop3d_free,
};

struct dialogue *pop3d_new(const struct pop3d_options *options)
{
	struct pop3d *pop3d = xcalloc(1, sizeof(*pop3d));

	pop3d->options = *options;
	pop3d->dialogue = (struct dialogue){.protocol = &protocol, .tls = options->tls};
	buf_init(&pop3d->dialogue.replies, REPLIES_MAX);
	pop3d_answer(pop3d, pop3d_greet(pop3d));
	return &pop3d->dialogue;
}
