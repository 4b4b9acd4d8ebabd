#include "lan-server/imap/imapd.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/process/thread_activity.h"

#include "lan-server/command.h"
#include "lan-server/imap/imapd_priv.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define TIMED 8 /* looks at a piece between two at the clock */
#define REPLIES_MAX (64u << 20) /* jobs send pieces; this is for one message's structure, and for one SEARCH */
#define IDLE_MS (31 * 60 * 1000) /* RFC 2177: clients send IDLE again after 29 minutes */
#define DROPPED_MAX (256u << 20)  /* of a literal that did not wait for our consent */

enum command_flags {
	STRANGER = 1, /* allowed before the login */
	KNOWN = 2,
	SELECTED = 4, /* only with a mailbox */
	HAS_ARGS = 8,
	HAS_UID = 16,	/* there is UID, too */
	KEEPS_NUMBERS = 32, /* without UID no EXPUNGE may be sent (RFC 3501 section 7.4.1) */
};

struct imapd_command {
	const char *name;
	unsigned flags;
	enum imapd_reply (*run)(struct imapd *imapd, struct imapd_args *args); /* NULL: does nothing */
};

static enum imapd_reply cmd_logout(struct imapd *imapd, struct imapd_args *args)
{
	(void)args;
	imapd_leave(imapd);
	buf_append_text(imapd_out(imapd), "* BYE Logging out\r\n");
	return IMAPD_BYE;
}

#define ANY (STRANGER | KNOWN | SELECTED)
#define IN (KNOWN | SELECTED)

static const struct imapd_command commands[] = {
    {"CAPABILITY", ANY, imapd_cmd_capability},
    {"NOOP", ANY, NULL},
    {"LOGOUT", ANY, cmd_logout},
    {"ID", ANY | HAS_ARGS, imapd_cmd_id},
    {"STARTTLS", STRANGER, imapd_cmd_starttls},
    {"LOGIN", STRANGER | HAS_ARGS, imapd_cmd_login},
    {"AUTHENTICATE", STRANGER | HAS_ARGS, imapd_cmd_authenticate},
    {"ENABLE", IN | HAS_ARGS, imapd_cmd_enable},
    {"COMPRESS", IN | HAS_ARGS, imapd_cmd_compress},
    {"SELECT", IN | HAS_ARGS, imapd_cmd_select},
    {"EXAMINE", IN | HAS_ARGS, imapd_cmd_examine},
    {"CREATE", IN | HAS_ARGS, imapd_cmd_create},
    {"DELETE", IN | HAS_ARGS, imapd_cmd_delete},
    {"RENAME", IN | HAS_ARGS, imapd_cmd_rename},
    {"SUBSCRIBE", IN | HAS_ARGS, imapd_cmd_subscribe},
    {"UNSUBSCRIBE", IN | HAS_ARGS, imapd_cmd_unsubscribe},
    {"LIST", IN | HAS_ARGS, imapd_cmd_list},
    {"LSUB", IN | HAS_ARGS, imapd_cmd_lsub},
    {"NAMESPACE", IN, imapd_cmd_namespace},
    {"STATUS", IN | HAS_ARGS, imapd_cmd_status},
    {"GETQUOTA", IN | HAS_ARGS, imapd_cmd_getquota},
    {"GETQUOTAROOT", IN | HAS_ARGS, imapd_cmd_getquotaroot},
    {"APPEND", IN | HAS_ARGS, imapd_cmd_append},
    {"IDLE", IN, imapd_cmd_idle},
    {"CHECK", SELECTED, NULL},
    {"CLOSE", SELECTED, imapd_cmd_close},
    {"UNSELECT", SELECTED, imapd_cmd_unselect},
    {"EXPUNGE", SELECTED, imapd_cmd_expunge},
    {"EXPUNGE", SELECTED | HAS_ARGS | HAS_UID, imapd_cmd_expunge},
    {"FETCH", SELECTED | HAS_ARGS | HAS_UID | KEEPS_NUMBERS, imapd_cmd_fetch},
    {"STORE", SELECTED | HAS_ARGS | HAS_UID | KEEPS_NUMBERS, imapd_cmd_store},
    {"SEARCH", SELECTED | HAS_ARGS | HAS_UID | KEEPS_NUMBERS, imapd_cmd_search},
    {"SORT", SELECTED | HAS_ARGS | HAS_UID | KEEPS_NUMBERS, imapd_cmd_sort},
    {"THREAD", SELECTED | HAS_ARGS | HAS_UID | KEEPS_NUMBERS, imapd_cmd_thread},
    {"COPY", SELECTED | HAS_ARGS | HAS_UID, imapd_cmd_copy},
    {"MOVE", SELECTED | HAS_ARGS | HAS_UID, imapd_cmd_move},
};

/* --- jobs */

static atomic_int jobs; /* of all sessions */

bool imapd_has_jobs(void)
{
	return atomic_load(&jobs) > 0;
}

enum imapd_reply imapd_job_begin(struct imapd *imapd, enum imapd_reply (*step)(struct imapd *, void *), void (*free_own)(void *), void *own)
{
	imapd->job = (struct imapd_job){.step = step, .free = free_own, .own = own};
	atomic_fetch_add(&jobs, 1);
	return IMAPD_MORE;
}

bool imapd_piece_is_full(struct imapd *imapd)
{
	if (imapd->dialogue.replies.len >= IMAPD_PIECE)
		return true;
	return imapd->piece_looks++ % TIMED == 0 && clock_now_ms() >= imapd->piece_ends;
}

static void begin_piece(struct imapd *imapd)
{
	imapd->piece_ends = clock_now_ms() + IMAPD_PIECE_MS;
}

static void end_job(struct imapd *imapd)
{
	if (imapd->job.own != NULL) {
		imapd->job.free(imapd->job.own);
		atomic_fetch_sub(&jobs, 1);
	}
	imapd->job = (struct imapd_job){.own = NULL};
}

/* --- the end of a command */

static void forget_command(struct imapd *imapd)
{
	imapd_idle_end(imapd);
	buf_clear(&imapd->command);
	imapd->literal_left = 0;
	imapd->refused = IMAPD_NONE;
	imapd->waits = IMAPD_WAITS_COMMAND;
	imapd->running = NULL;
	imapd->dialogue.work = DIALOGUE_IDLE;
	imapd_append_free(imapd->append);
	imapd->append = NULL;
}

static enum dialogue_effect conclude(struct imapd *imapd, enum imapd_reply reply)
{
	if (reply == IMAPD_MORE)
		return DIALOGUE_SEND;
	if (reply == IMAPD_NONE) /* IDLE goes on */
		return DIALOGUE_READ_LINE;
	imapd_uids_clear(&imapd->quiet);
	forget_command(imapd);
	if (imapd->is_broken || imapd->dialogue.replies.overflow)
		return DIALOGUE_BREAK;
	return imapd_answer(imapd, reply);
}

static enum dialogue_effect finish(struct imapd *imapd, enum imapd_reply reply)
{
	const struct imapd_command *command = imapd->running;
	bool keeps_numbers = command != NULL && (command->flags & KEEPS_NUMBERS) && !imapd->uid;

	if (imapd->state == IMAPD_STATE_SELECTED && command != NULL)
		reply = imapd_tell_first(imapd, !keeps_numbers, reply);
	return conclude(imapd, reply);
}

static enum dialogue_effect after(struct imapd *imapd, enum imapd_reply reply)
{
	if (reply == IMAPD_BYTES)
		return DIALOGUE_READ_DATA;
	return reply == IMAPD_NONE || reply == IMAPD_MORE ? conclude(imapd, reply) : finish(imapd, reply);
}

static enum dialogue_effect send_piece(struct dialogue *dialogue)
{
	struct imapd *imapd = imapd_of(dialogue);
	bool is_report = imapd->job.is_report;
	enum imapd_reply reply;

	begin_piece(imapd);
	reply = imapd->job.step(imapd, imapd->job.own);
	if (dialogue->replies.overflow || imapd->is_broken) {
		end_job(imapd);
		return DIALOGUE_BREAK;
	}
	if (reply == IMAPD_MORE)
		return DIALOGUE_SEND;
	end_job(imapd);
	return is_report ? conclude(imapd, reply) : finish(imapd, reply);
}

/* --- commands */

static enum imapd_reply not_imap(struct imapd *imapd)
{
	imapd_leave(imapd);
	return IMAPD_NOT_IMAP;
}

/* Lines of another protocol are no commands for us. */
static bool is_foreign(const struct imapd *imapd, struct slice line)
{
	return imapd->state == IMAPD_STATE_STRANGER && command_is_foreign(line);
}

static const struct imapd_command *find_command(struct slice verb, bool uid)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (slice_is_nocase(verb, commands[i].name) && (!uid || (commands[i].flags & HAS_UID)))
			return &commands[i];
	return NULL;
}

/* Why a command is not allowed now. */
static enum imapd_reply check_command(const struct imapd *imapd, const struct imapd_command *command, const struct imapd_args *args)
{
	static const unsigned allowed[] = {
	    [IMAPD_STATE_STRANGER] = STRANGER, [IMAPD_STATE_KNOWN] = KNOWN, [IMAPD_STATE_SELECTED] = SELECTED};
	struct slice rest = slice_make(args->at, (size_t)(args->end - args->at));
	bool has_args = slice_trim(rest).len > 0;

	if (!(command->flags & allowed[imapd->state])) {
		if (imapd->state == IMAPD_STATE_STRANGER)
			return IMAPD_LOGIN_FIRST;
		return command->flags & SELECTED ? IMAPD_SELECT_FIRST : IMAPD_LOGGED_IN_ALREADY;
	}
	return has_args == ((command->flags & HAS_ARGS) != 0) ? IMAPD_NONE : IMAPD_SYNTAX;
}

static enum imapd_reply run_command(struct imapd *imapd, const struct imapd_command *command, struct imapd_args *args)
{
	enum imapd_reply reply;

	reply = check_command(imapd, command, args);
	if (reply == IMAPD_NONE)
		reply = imapd_check_access(imapd);
	if (reply != IMAPD_NONE)
		return reply;
	thread_activity_command(command->name);
	imapd->running = command;
	if (command->run == NULL)
		return IMAPD_NOTHING_DONE;
	if (command->flags & HAS_ARGS)
		imapd_args_space(args);
	return command->run(imapd, args);
}

/* The command without its tag. */
static struct imapd_args after_tag(struct imapd *imapd)
{
	size_t tag = strlen(imapd->tag) + 1;

	return imapd_args_of(imapd->command.ptr + tag, imapd->command.len - tag);
}

static enum imapd_reply whole_command(struct imapd *imapd)
{
	const struct imapd_command *command;
	struct imapd_args args;
	struct slice verb;

	if (imapd->refused != IMAPD_NONE)
		return imapd->refused;
	args = after_tag(imapd);
	verb = imapd_args_atom(&args);
	imapd->uid = !args.failed && slice_is_nocase(verb, "UID") && imapd_args_accept(&args, ' ');
	if (imapd->uid)
		verb = imapd_args_atom(&args);
	command = args.failed ? NULL : find_command(verb, imapd->uid);
	if (command == NULL)
		return is_foreign(imapd, buf_slice(&imapd->command)) ? not_imap(imapd) : IMAPD_UNKNOWN_COMMAND;
	return run_command(imapd, command, &args);
}

/* --- lines and literals */

/* How much longer the command may become. */
static size_t command_room(const struct imapd *imapd)
{
	size_t most = imapd->state == IMAPD_STATE_STRANGER ? IMAPD_STRANGER_MAX : IMAPD_COMMAND_MAX;

	return imapd->command.len < most ? most - imapd->command.len : 0;
}

static bool is_tag(struct slice tag)
{
	for (size_t i = 0; i < tag.len; i++)
		if ((unsigned char)tag.ptr[i] <= ' ' || (unsigned char)tag.ptr[i] >= 0x7f || strchr("(){%*\"\\+", tag.ptr[i]) != NULL)
			return false;
	return tag.len > 0 && tag.len <= IMAPD_TAG_MAX;
}

/* Takes the tag of a new command. */
static enum imapd_reply begin_command(struct imapd *imapd, struct slice line)
{
	struct slice rest = line;
	struct slice tag = slice_cut(&rest, ' ');

	if (imapd->state == IMAPD_STATE_STRANGER && command_is_http_request(line))
		return not_imap(imapd);
	if (!is_tag(tag) || rest.len == 0)
		return is_foreign(imapd, line) ? not_imap(imapd) : IMAPD_NO_TAG;
	memcpy(imapd->tag, tag.ptr, tag.len);
	imapd->tag[tag.len] = '\0';
	return IMAPD_NONE;
}

/* The reply to a command whose literal is not wanted. The bytes of one that does not wait for our consent come first. */
static enum imapd_reply refuse_literal(struct imapd *imapd, const struct imapd_literal *literal, enum imapd_reply reply)
{
	if (literal->waits)
		return reply;
	if (imapd->state == IMAPD_STATE_STRANGER || literal->len > DROPPED_MAX)
		return IMAPD_LITERAL_ENDS_ALL;
	imapd->refused = reply;
	imapd_append_free(imapd->append); /* the messages before it take no room meanwhile */
	imapd->append = NULL;
	return IMAPD_BYTES;
}

void imapd_continue(struct imapd *imapd, struct slice text)
{
	buf_append_text(imapd_out(imapd), "+ ");
	buf_append_slice(imapd_out(imapd), text);
	buf_append_text(imapd_out(imapd), "\r\n");
}

static enum imapd_reply judge_literal(struct imapd *imapd, const struct imapd_literal *literal)
{
	enum imapd_reply reply = IMAPD_BYTES;

	if (imapd->refused != IMAPD_NONE)
		return imapd->refused;
	if (imapd_append_takes(imapd, literal, &reply)) {
		imapd->waits = IMAPD_WAITS_MESSAGE;
		imapd->dialogue.work = DIALOGUE_TRANSACTION;
		return reply;
	}
	if (literal->len > command_room(imapd))
		return IMAPD_LITERAL_TOO_BIG;
	buf_append_text(&imapd->command, "\r\n");
	return IMAPD_BYTES;
}

static enum imapd_reply take_announcement(struct imapd *imapd, const struct imapd_literal *literal)
{
	enum imapd_reply reply;

	imapd->waits = IMAPD_WAITS_LITERAL;
	reply = judge_literal(imapd, literal);
	if (reply != IMAPD_BYTES)
		reply = refuse_literal(imapd, literal, reply);
	if (reply != IMAPD_BYTES)
		return reply;
	imapd->literal_left = literal->len;
	if (literal->waits)
		imapd_continue(imapd, SLICE_LITERAL("Ready for the literal"));
	if (literal->len > 0)
		return IMAPD_BYTES;
	imapd->waits = IMAPD_WAITS_REST;
	return IMAPD_NONE;
}

/* A line that begins or continues a command. */
static enum imapd_reply take_command(struct imapd *imapd, struct slice line)
{
	struct imapd_literal literal;
	enum imapd_reply reply = IMAPD_NONE;
	bool announces = imapd_literal_announced(line, &literal);

	if (slice_find(line, '\0') >= 0)
		reply = imapd->state == IMAPD_STATE_STRANGER ? not_imap(imapd) : IMAPD_NO_TAG;
	else if (imapd->waits == IMAPD_WAITS_COMMAND)
		reply = begin_command(imapd, line);
	if (reply != IMAPD_NONE) /* bytes that come without our consent are no commands */
		return announces && !literal.waits ? IMAPD_LITERAL_ENDS_ALL : reply;
	if (line.len > command_room(imapd))
		imapd->refused = imapd->refused == IMAPD_NONE ? IMAPD_LITERAL_TOO_BIG : imapd->refused;
	else if (imapd->refused == IMAPD_NONE)
		buf_append_slice(&imapd->command, line);
	return announces ? take_announcement(imapd, &literal) : whole_command(imapd);
}

static enum dialogue_effect take_line(struct dialogue *dialogue, struct slice line)
{
	struct imapd *imapd = imapd_of(dialogue);

	begin_piece(imapd);
	if (imapd->waits == IMAPD_WAITS_SASL)
		return after(imapd, imapd_sasl_response(imapd, line));
	if (imapd->waits == IMAPD_WAITS_DONE)
		return after(imapd, imapd_idle_line(imapd, line));
	return after(imapd, take_command(imapd, line));
}

static enum dialogue_effect line_too_long(struct dialogue *dialogue)
{
	struct imapd *imapd = imapd_of(dialogue);

	sasl_free(imapd->sasl);
	imapd->sasl = NULL;
	return finish(imapd, IMAPD_LINE_TOO_LONG);
}

static enum dialogue_effect take_data(struct dialogue *dialogue, struct slice *bytes)
{
	struct imapd *imapd = imapd_of(dialogue);
	size_t len = bytes->len < imapd->literal_left ? bytes->len : (size_t)imapd->literal_left;
	struct slice taken = slice_make(bytes->ptr, len);

	if (imapd->refused != IMAPD_NONE)
		; /* dropped */
	else if (imapd->waits == IMAPD_WAITS_MESSAGE)
		imapd_append_bytes(imapd, taken);
	else
		buf_append_slice(&imapd->command, taken);
	imapd->literal_left -= len;
	*bytes = slice_from(*bytes, len);
	if (imapd->literal_left > 0)
		return DIALOGUE_READ_DATA;
	imapd->waits = IMAPD_WAITS_REST;
	return DIALOGUE_READ_LINE;
}

/* --- the protocol */

static void tls_started(struct dialogue *dialogue)
{
	dialogue->tls = true;
}

static enum dialogue_effect woken(struct dialogue *dialogue)
{
	begin_piece(imapd_of(dialogue));
	return conclude(imapd_of(dialogue), imapd_idle_news(imapd_of(dialogue)));
}

static void end(struct dialogue *dialogue, enum dialogue_end why)
{
	static const enum imapd_reply last_words[] = {
	    [DIALOGUE_TIMED_OUT] = IMAPD_TIMED_OUT,
	    [DIALOGUE_EVICTED] = IMAPD_EVICTED,
	    [DIALOGUE_STOPPING] = IMAPD_STOPPING,
	};

	if (imapd_of(dialogue)->job.own == NULL) /* in the middle of an answer, a literal may be half sent */
		imapd_answer(imapd_of(dialogue), last_words[why]);
}

static void imapd_free(struct dialogue *dialogue)
{
	struct imapd *imapd = imapd_of(dialogue);

	end_job(imapd);
	imapd_leave(imapd);
	forget_command(imapd);
	sasl_free(imapd->sasl);
	imapd_uids_clear(&imapd->saved);
	imapd_uids_clear(&imapd->quiet);
	if (imapd->news_fd >= 0)
		close(imapd->news_fd);
	buf_clear(&imapd->code);
	buf_clear(&dialogue->replies);
	free(imapd);
}

static const struct protocol protocol = {
    .line_max = IMAPD_LINE_MAX,
    .idle_ms = IDLE_MS,
    .line = take_line,
    .line_too_long = line_too_long,
    .data = take_data,
    .send = send_piece,
    .woken = woken,
    .tls_started = tls_started,
    .end = end,
    .free = imapd_free,
};

struct dialogue *imapd_new(const struct imapd_options *options)
{
	struct imapd *imapd = xcalloc(1, sizeof(*imapd));

	imapd->options = *options;
	imapd->dialogue = (struct dialogue){.protocol = &protocol, .tls = options->tls, .wake_fd = -1};
	imapd->news_fd = -1;
	buf_init(&imapd->dialogue.replies, REPLIES_MAX);
	imapd->command = (struct buf)BUF_SECRET(IMAPD_COMMAND_MAX + 2); /* passwords of LOGIN */
	buf_init(&imapd->code, IMAPD_CODE_MAX);
	imapd_greet(imapd);
	return &imapd->dialogue;
}
