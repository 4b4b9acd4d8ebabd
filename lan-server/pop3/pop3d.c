#include "lan-server/pop3/pop3d.h"

#include "base/alloc.h"
#include "base/process/doing.h"

#include "lan-server/command.h"
#include "lan-server/pop3/pop3d_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define REPLIES_MAX (64u << 20) /* LIST and UIDL of the largest mailbox */
#define PIECE 16384

/* What may be asked after the login and does nothing: more than before it, for programs keep a connection and poll. */
#define FREE_COMMANDS 1000
#define FREE_PER_MESSAGE 4
#define LISTED_PER_COMMAND 16 /* a listing of so many messages is as dear as a command */

void pop3d_reply(struct pop3d *pop3d, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	buf_append_text(&pop3d->replies, text);
	buf_append_text(&pop3d->replies, "\r\n");
}

/* For what is not the client's fault, or not worth hanging up. */
enum pop3d_effect pop3d_deny(struct pop3d *pop3d, const char *text)
{
	pop3d_reply(pop3d, "-ERR %s", text);
	return POP3D_CONTINUE;
}

enum pop3d_effect pop3d_refuse(struct pop3d *pop3d, const char *text)
{
	pop3d_reply(pop3d, "-ERR %s", text);
	return client_limits_error(&pop3d->limits) ? POP3D_CLOSE : POP3D_CONTINUE;
}

/* Weighs a command by the size of its answer. Some programs ask LIST n, UIDL n and TOP n 0 for each message. */
static enum pop3d_effect free_command(struct pop3d *pop3d, uint64_t weight)
{
	uint64_t max = pop3d->state == TRANSACTION ? FREE_COMMANDS + FREE_PER_MESSAGE * (uint64_t)pop3d->list.count : CLIENT_JUNK_MAX;

	return client_limits_junk(&pop3d->limits, weight, max) ? POP3D_CLOSE : POP3D_CONTINUE;
}

enum pop3d_effect pop3d_junk(struct pop3d *pop3d)
{
	return free_command(pop3d, 1);
}

struct pop3d *pop3d_new(const struct pop3d_options *options)
{
	struct pop3d *pop3d = xcalloc(1, sizeof(*pop3d));

	pop3d->options = *options;
	pop3d->tls = options->tls;
	buf_init(&pop3d->replies, REPLIES_MAX);
	pop3d_greet(pop3d);
	return pop3d;
}

static void stop_sending(struct pop3d *pop3d)
{
	struct pop3d_hooks *hooks = &pop3d->options.hooks;

	if (pop3d->sending.bytes.ptr != NULL)
		hooks->done_reading(hooks->context, pop3d->sending.bytes);
	pop3d->sending.bytes = SLICE_NONE;
}

static void close_mailbox(struct pop3d *pop3d)
{
	struct pop3d_hooks *hooks = &pop3d->options.hooks;

	stop_sending(pop3d);
	if (pop3d->state != TRANSACTION)
		return;
	maildir_list_clear(&pop3d->list);
	free(pop3d->deleted);
	pop3d->deleted = NULL;
	pop3d->user = NULL;
	pop3d->state = AUTHORIZATION;
	hooks->close(hooks->context);
}

void pop3d_free(struct pop3d *pop3d)
{
	if (pop3d == NULL)
		return;
	close_mailbox(pop3d);
	free(pop3d->name);
	free(pop3d->apop);
	sasl_free(pop3d->sasl);
	buf_clear(&pop3d->replies);
	free(pop3d);
}

struct buf *pop3d_replies(struct pop3d *pop3d)
{
	return &pop3d->replies;
}

const char *pop3d_user(const struct pop3d *pop3d)
{
	return pop3d->user;
}

uint64_t pop3d_progress(const struct pop3d *pop3d)
{
	return pop3d->limits.progress;
}

int64_t pop3d_delay_ms(struct pop3d *pop3d)
{
	return client_limits_delay_ms(&pop3d->limits);
}

void pop3d_tls_started(struct pop3d *pop3d)
{
	free(pop3d->name);
	pop3d->name = NULL;
	pop3d->tls = true;
}

void pop3d_timed_out(struct pop3d *pop3d)
{
	pop3d_reply(pop3d, "-ERR [SYS/TEMP] Timeout, closing connection");
}

void pop3d_evicted(struct pop3d *pop3d)
{
	pop3d_reply(pop3d, "-ERR [SYS/TEMP] Too many connections, closing idle connection");
}

void pop3d_stopping(struct pop3d *pop3d)
{
	pop3d_reply(pop3d, "-ERR [SYS/TEMP] Service shutting down, try again later");
}

/* --- the mailbox */

/* Messages that are marked or gone are left out wherever messages are listed. */
static bool is_listed(struct pop3d *pop3d, size_t i)
{
	struct pop3d_hooks *hooks = &pop3d->options.hooks;
	struct maildir_message *message = &pop3d->list.items[i];

	if (pop3d->deleted[i])
		return false;
	return message->size_known || hooks->size(hooks->context, message) == 0;
}

/* Finds the message that a number means; false after a reply. */
static bool find_message(struct pop3d *pop3d, struct slice number, size_t *index)
{
	uint64_t n;

	if (!slice_number(number, 1, pop3d->list.count, &n))
		pop3d_refuse(pop3d, "No such message");
	else if (pop3d->deleted[n - 1])
		pop3d_refuse(pop3d, "Message is marked as deleted");
	else if (!is_listed(pop3d, (size_t)n - 1))
		pop3d_deny(pop3d, "This message is gone");
	else {
		*index = (size_t)n - 1;
		return true;
	}
	return false;
}

static enum pop3d_effect after_mistake(const struct pop3d *pop3d)
{
	return pop3d->limits.errors < CLIENT_ERRORS_MAX ? POP3D_CONTINUE : POP3D_CLOSE;
}

static enum pop3d_effect after_listing(struct pop3d *pop3d)
{
	return free_command(pop3d, 1 + pop3d->list.count / LISTED_PER_COMMAND);
}

static enum pop3d_effect cmd_stat(struct pop3d *pop3d, struct slice arg)
{
	unsigned long long octets = 0;
	size_t count = 0;

	(void)arg;
	for (size_t i = 0; i < pop3d->list.count; i++) {
		if (!is_listed(pop3d, i))
			continue;
		count++;
		octets += pop3d->list.items[i].size;
	}
	pop3d_reply(pop3d, "+OK %zu %llu", count, octets);
	return after_listing(pop3d);
}

/* One line of LIST or UIDL. */
typedef void (*describe_fn)(struct pop3d *pop3d, const char *prefix, size_t i);

static void describe_size(struct pop3d *pop3d, const char *prefix, size_t i)
{
	pop3d_reply(pop3d, "%s%zu %llu", prefix, i + 1, (unsigned long long)pop3d->list.items[i].size);
}

static void describe_uidl(struct pop3d *pop3d, const char *prefix, size_t i)
{
	pop3d_reply(pop3d, "%s%zu %s", prefix, i + 1, pop3d->list.items[i].uidl);
}

static enum pop3d_effect describe(struct pop3d *pop3d, struct slice arg, describe_fn line)
{
	size_t i;

	if (arg.len > 0) {
		if (!find_message(pop3d, arg, &i))
			return after_mistake(pop3d);
		line(pop3d, "+OK ", i);
		return pop3d_junk(pop3d);
	}
	pop3d_reply(pop3d, "+OK");
	for (i = 0; i < pop3d->list.count; i++)
		if (is_listed(pop3d, i))
			line(pop3d, "", i);
	pop3d_reply(pop3d, ".");
	return after_listing(pop3d);
}

static enum pop3d_effect cmd_list(struct pop3d *pop3d, struct slice arg)
{
	return describe(pop3d, arg, describe_size);
}

static enum pop3d_effect cmd_uidl(struct pop3d *pop3d, struct slice arg)
{
	return describe(pop3d, arg, describe_uidl);
}

static enum pop3d_effect begin_sending(struct pop3d *pop3d, size_t i, uint64_t body_lines)
{
	struct pop3d_hooks *hooks = &pop3d->options.hooks;
	struct maildir_message *message = &pop3d->list.items[i];
	struct slice bytes;

	if (hooks->read(hooks->context, message, &bytes) != 0)
		return pop3d_deny(pop3d, "This message is gone");
	pop3d->sending = (struct sending){
	    .bytes = bytes, .rest = bytes, .body_lines = body_lines, .in_header = true};
	dot_writer_init(&pop3d->sending.writer, true);
	client_limits_progress(&pop3d->limits);
	pop3d_reply(pop3d, "+OK %llu octets", (unsigned long long)message->size);
	return POP3D_SEND;
}

static enum pop3d_effect cmd_retr(struct pop3d *pop3d, struct slice arg)
{
	size_t i;

	if (!find_message(pop3d, arg, &i))
		return after_mistake(pop3d);
	return begin_sending(pop3d, i, UINT64_MAX);
}

static enum pop3d_effect cmd_top(struct pop3d *pop3d, struct slice arg)
{
	struct slice lines = arg;
	struct slice number = slice_cut(&lines, ' ');
	uint64_t count;
	size_t i;

	if (!slice_number(slice_trim(lines), 0, UINT32_MAX, &count))
		return pop3d_refuse(pop3d, "Syntax: TOP message lines");
	if (!find_message(pop3d, number, &i))
		return after_mistake(pop3d);
	return begin_sending(pop3d, i, count);
}

/* The part of a piece that TOP still wants; *done when that is the last. */
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

/* Up to PIECE bytes, for TOP of whole lines, unless a line is longer than that. */
static struct slice next_piece(const struct sending *sending)
{
	struct slice piece = sending->rest;

	if (piece.len <= PIECE)
		return piece;
	piece.len = PIECE;
	if (sending->body_lines != UINT64_MAX) {
		const char *end = memrchr(piece.ptr, '\n', piece.len);

		if (end != NULL)
			piece.len = (size_t)(end - piece.ptr) + 1;
	}
	return piece;
}

enum pop3d_effect pop3d_send(struct pop3d *pop3d)
{
	struct sending *sending = &pop3d->sending;
	struct slice piece = next_piece(sending);
	bool done = false;

	dot_write(&sending->writer, wanted(sending, piece, &done), &pop3d->replies);
	sending->rest = slice_from(sending->rest, piece.len);
	if (!done && sending->rest.len > 0)
		return POP3D_SEND;
	if (!pop3d->options.hooks.is_intact(pop3d->options.hooks.context, sending->bytes)) {
		stop_sending(pop3d);
		return POP3D_BREAK;
	}
	dot_write_end(&sending->writer, &pop3d->replies);
	stop_sending(pop3d);
	return POP3D_CONTINUE;
}

static enum pop3d_effect cmd_dele(struct pop3d *pop3d, struct slice arg)
{
	size_t i;

	if (!find_message(pop3d, arg, &i))
		return after_mistake(pop3d);
	pop3d->deleted[i] = true;
	client_limits_progress(&pop3d->limits);
	pop3d_reply(pop3d, "+OK Marked as deleted");
	return POP3D_CONTINUE;
}

static enum pop3d_effect cmd_rset(struct pop3d *pop3d, struct slice arg)
{
	(void)arg;
	memset(pop3d->deleted, 0, pop3d->list.count * sizeof(*pop3d->deleted));
	pop3d_reply(pop3d, "+OK Deletion marks removed");
	return pop3d_junk(pop3d);
}

static enum pop3d_effect cmd_noop(struct pop3d *pop3d, struct slice arg)
{
	(void)arg;
	pop3d_reply(pop3d, "+OK");
	return pop3d_junk(pop3d);
}

/* The UPDATE state of RFC 1939: only here does anything leave the mailbox. */
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
		result = hooks->remove(hooks->context, uniques, count, error);
	free(uniques);
	return result;
}

static enum pop3d_effect cmd_quit(struct pop3d *pop3d, struct slice arg)
{
	struct error error = ERROR_INIT;

	(void)arg;
	if (pop3d->state == TRANSACTION && remove_marked(pop3d, &error) != 0)
		pop3d_reply(pop3d, "-ERR [SYS/TEMP] Some messages could not be removed");
	else
		pop3d_reply(pop3d, "+OK Bye");
	close_mailbox(pop3d);
	return POP3D_CLOSE;
}

enum { LOGGED_OUT = 1, LOGGED_IN = 2, HAS_ARG = 4, NO_ARG = 8 };

static const struct command {
	const char *name;
	enum pop3d_effect (*run)(struct pop3d *pop3d, struct slice arg);
	unsigned flags;
} commands[] = {
    {"USER", pop3d_cmd_user, LOGGED_OUT | HAS_ARG},
    {"PASS", pop3d_cmd_pass, LOGGED_OUT},
    {"APOP", pop3d_cmd_apop, LOGGED_OUT | HAS_ARG},
    {"AUTH", pop3d_cmd_auth, LOGGED_OUT},
    {"STLS", pop3d_cmd_stls, LOGGED_OUT | NO_ARG},
    {"UTF8", pop3d_cmd_utf8, LOGGED_OUT | NO_ARG},
    {"CAPA", pop3d_cmd_capa, LOGGED_OUT | LOGGED_IN},
    {"STAT", cmd_stat, LOGGED_IN | NO_ARG},
    {"LIST", cmd_list, LOGGED_IN},
    {"UIDL", cmd_uidl, LOGGED_IN},
    {"RETR", cmd_retr, LOGGED_IN | HAS_ARG},
    {"TOP", cmd_top, LOGGED_IN | HAS_ARG},
    {"DELE", cmd_dele, LOGGED_IN | HAS_ARG},
    {"RSET", cmd_rset, LOGGED_IN | NO_ARG},
    {"NOOP", cmd_noop, LOGGED_IN},
    {"QUIT", cmd_quit, LOGGED_OUT | LOGGED_IN},
};

static enum pop3d_effect run_command(
    struct pop3d *pop3d, const struct command *command, struct slice arg)
{
	unsigned here = pop3d->state == TRANSACTION ? LOGGED_IN : LOGGED_OUT;

	doing_step("%s", command->name);
	/* A password may begin and end with blanks. */
	if (command->run != pop3d_cmd_pass)
		arg = slice_trim(arg);
	if (!(command->flags & here))
		return pop3d_refuse(pop3d, here == LOGGED_IN ? "Already logged in" : "Log in first");
	if ((command->flags & HAS_ARG) && arg.len == 0)
		return pop3d_refuse(pop3d, "Argument required");
	if ((command->flags & NO_ARG) && arg.len > 0)
		return pop3d_refuse(pop3d, "No argument allowed");
	return command->run(pop3d, arg);
}

enum pop3d_effect pop3d_line_too_long(struct pop3d *pop3d)
{
	sasl_free(pop3d->sasl);
	pop3d->sasl = NULL;
	return pop3d_refuse(pop3d, "Line too long");
}

static enum pop3d_effect not_pop3(struct pop3d *pop3d)
{
	pop3d_reply(pop3d, "-ERR Not a POP3 command, closing connection");
	close_mailbox(pop3d);
	return POP3D_CLOSE;
}

enum pop3d_effect pop3d_line(struct pop3d *pop3d, struct slice line)
{
	struct slice arg = line;
	struct slice verb = slice_cut(&arg, ' ');

	if (pop3d->sasl != NULL)
		return pop3d_auth_response(pop3d, line);
	if (command_is_http_request(line))
		return not_pop3(pop3d);
	if (command_has_control(line))
		return command_is_foreign(line) ? not_pop3(pop3d) : pop3d_refuse(pop3d, "Control characters in the command");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (slice_is_nocase(verb, commands[i].name))
			return run_command(pop3d, &commands[i], arg);
	return command_is_foreign(line) ? not_pop3(pop3d) : pop3d_refuse(pop3d, "Unknown command");
}
