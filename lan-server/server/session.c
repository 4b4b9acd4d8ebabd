#include "lan-server/server/session.h"

#include "base/clock.h"
#include "base/process/thread_activity.h"
#include "base/log.h"
#include "base/net/net.h"

#include "lan-server/client_limits.h"
#include "lan-server/command.h"
#include "lan-server/made_memory.h"
#include "lan-server/server/service.h"

#include <poll.h>
#include <stdio.h>

/* The limit of a whole session, in timeouts: hours. */
#define SESSION_TIMEOUTS 240
#define LAST_WORDS_MS 1000
#define LINGER_MS 1000
#define DELAY_STEP_MS 200
#define KEPT_REPLIES 16384

static int64_t timeout_ms(const struct session *session)
{
	return session->conf->lan.timeout * 1000;
}

/* How long the client may be silent between commands. */
static int64_t silence_ms(const struct session *session)
{
	int64_t idle = session->user != NULL ? session->dialogue->protocol->idle_ms : 0;

	return timeout_ms(session) > idle ? timeout_ms(session) : idle;
}

/* For one line, or for one piece of output. */
static int64_t step_deadline(const struct session *session)
{
	return clock_earlier(clock_now_ms() + timeout_ms(session), session->ends);
}

/* For the next command. */
static int64_t command_deadline(const struct session *session)
{
	struct client_stay stay = {
	    .is_known = session->user != NULL,
	    .is_busy = connections_are_many(session->connections, &session->conf->lan),
	    .timeout_ms = silence_ms(session),
	    .useful = session->connection.useful,
	};

	return clock_earlier(client_limits_deadline(&stay, clock_now_ms()), session->ends);
}

static void note_use(struct session *session)
{
	session->connection.useful = clock_now_ms();
}

/* Called after a command or bytes: updates progress, the client's name, and whether it may be evicted. */
static void note_progress(struct session *session)
{
	const struct dialogue *dialogue = session->dialogue;
	const char *user = dialogue->user;

	if (dialogue->limits.progress != session->progress)
		note_use(session);
	session->progress = dialogue->limits.progress;
	if (dialogue->work == DIALOGUE_IDLE) /* a message continues over all its chunks */
		session->incoming = (struct client_incoming){.begun = 0};
	if (user != NULL && user != session->user) {
		session->may_stay = connections_login(session->connections, &session->conf->lan, &session->connection, user);
		made_memory_user(user);
	}
	session->user = user;
	session->connection.standing = user != NULL && session->may_stay     ? CONNECTION_STAYS
				       : dialogue->work == DIALOGUE_MESSAGE ? CONNECTION_SENDER
									    : CONNECTION_STRANGER;
}

static bool is_evicted(const struct session *session)
{
	return session->connection.is_evicted;
}

/* Delays replies to errors, unless the session must end. An eviction ends what can be read, and the delay at once: threads of
 * evicted clients must not pile up. A client that sends no more is delayed like others. */
static void delay(void *context, int64_t ms)
{
	const struct session *session = context;
	struct pollfd events[] = {{.fd = session->stop_fd, .events = POLLIN}, {.fd = session->stream.fd, .events = POLLRDHUP}};
	int64_t until = clock_now_ms() + ms;
	int left;

	while ((left = clock_left_ms(until)) > 0 && events[0].revents == 0 && !is_evicted(session)) {
		poll(events, 2, left < DELAY_STEP_MS ? left : DELAY_STEP_MS);
		if (events[1].revents != 0)
			events[1].fd = -1;
	}
}

/* Reads one line of the client. Unexpected first bytes of TLS may have no line end: they count as a line. */
/* A client may repeat a mistake as often as it connects. */
static bool should_log(const struct session *session)
{
	return connections_should_log(session->connections, &session->connection, clock_now_ms());
}

static enum stream_result read_line(struct session *session, struct slice *line)
{
	int64_t deadline = command_deadline(session);
	enum stream_result result = STREAM_OK;
	char address[NET_ADDRESS_MAX];

	if (!session->has_spoken && session->stream.tls == NULL)
		result = stream_read(&session->stream, deadline, line);
	if (result != STREAM_OK)
		return result;
	if (!session->has_spoken && session->stream.tls == NULL && line->ptr[0] == COMMAND_TLS) {
		if (should_log(session))
			log_info("event=tls-on-plain-port session=%s ip=%s kind=%s", session->id.text,
			    net_address_text(address, &session->login.address), lan_kind_name(session->kind));
		return STREAM_OK;
	}
	session->has_spoken = true;
	return stream_read_line(&session->stream, session->dialogue->protocol->line_max, deadline, line);
}

static enum stream_result send_replies(struct session *session)
{
	struct buf *replies = &session->dialogue->replies;
	enum stream_result result = stream_write(&session->stream, buf_slice(replies), step_deadline(session));

	if (replies->capacity > KEPT_REPLIES)
		buf_clear(replies); /* a thousand idle sessions keep none */
	else
		buf_reset(replies);
	return result;
}

static void send_last_words(struct session *session)
{
	struct buf *replies = &session->dialogue->replies;
	int64_t deadline = clock_now_ms() + LAST_WORDS_MS;

	stream_write(&session->stream, buf_slice(replies), deadline);
	buf_reset(replies);
	stream_flush(&session->stream, deadline);
}

/* Returns false if the session must end: bytes between the command and the handshake may be an
 * injection that would be treated as encrypted (CVE-2011-0411). */
static bool start_tls(struct session *session)
{
	char address[NET_ADDRESS_MAX];
	struct error error;

	net_address_text(address, &session->login.address);
	if (stream_flush(&session->stream, step_deadline(session)) != STREAM_OK)
		return false;
	if (stream_has_input(&session->stream)) {
		if (should_log(session))
			log_warnx("event=tls-injection session=%s ip=%s", session->id.text, address);
		return false;
	}
	if (stream_start_tls(&session->stream, session->tls, command_deadline(session), &error) ==
	    STREAM_OK) {
		thread_activity_tls();
		session->login.tls = session->stream.tls;
		return true;
	}
	if (should_log(session))
		log_info("event=tls-failed session=%s ip=%s reason=%s", session->id.text, address, LOG_ERROR(&error));
	return false;
}

/* Returns false if the session must end: what the client has sent already is not compressed. */
static bool start_deflate(struct session *session)
{
	if (stream_flush(&session->stream, step_deadline(session)) != STREAM_OK || stream_has_input(&session->stream))
		return false;
	return stream_start_deflate(&session->stream, step_deadline(session)) == STREAM_OK;
}

/* Records the client: for `lanpost who`, and for the report to postmaster after a crash. */
static void note_client(const struct session *session)
{
	char address[NET_ADDRESS_MAX];

	thread_activity_who("%s %s", lan_kind_name(session->kind), net_address_text(address, &session->login.address));
}

/* The client wants to read mail. */
static bool is_of_a_reader(const struct session *session)
{
	return session->kind == LAN_POP3 || session->kind == LAN_POP3S || session->kind == LAN_IMAP || session->kind == LAN_IMAPS;
}

static void note_login(void *context, const char *user)
{
	const struct session *session = context;
	char address[NET_ADDRESS_MAX];

	thread_activity_login(user);
	intake_login(session->spool->intake, user, lan_kind_name(session->kind), net_address_text(address, &session->login.address));
	if (session->conf->schedule.fetch_on_login && session->logged_in != NULL && is_of_a_reader(session))
		session->logged_in(session->logged_in_context, user);
}

/* --- quota */

/* A mailbox whose size is unknown does not count as full. */
static uint64_t measure_mailbox(const void *context, const char *user)
{
	const struct session *session = context;
	uint64_t bytes = 0;
	struct error error;

	if (mailbox_bytes(session->spool, user, &bytes, NULL, &error) != 0)
		log_warnx("event=mailbox-unreadable user=%s reason=%s", user, LOG_ERROR(&error));
	return bytes;
}

uint64_t session_mailbox_used(void *context, const char *user)
{
	const struct session *session = context;

	return mailbox_quota_used(session->quota, user, measure_mailbox, session);
}

/* --- the dialogue */

/* Whether the bytes are of a message, or of a client that is known. Before the login a literal is only a part of a command: however many there
 * are, they give no more time than lines do. */
static bool are_useful(const struct session *session)
{
	return session->dialogue->work != DIALOGUE_IDLE || session->user != NULL;
}

static int64_t data_deadline(const struct session *session, bool useful)
{
	int64_t whole = client_incoming_deadline(&session->incoming, timeout_ms(session));

	whole = clock_earlier(whole, step_deadline(session));
	return useful ? whole : clock_earlier(whole, command_deadline(session));
}

/* Reads the bytes of a message, of a chunk of one, or of a literal. A client without a login may be evicted if no bytes arrive. */
static enum stream_result read_data(struct session *session, enum dialogue_effect *effect)
{
	struct client_incoming *incoming = &session->incoming;
	enum stream_result result = STREAM_OK;
	bool useful = are_useful(session);

	client_incoming_begin(incoming, clock_now_ms());
	if (useful && session->connection.standing != CONNECTION_STAYS)
		session->connection.standing = CONNECTION_SENDER;
	while (result == STREAM_OK && *effect == DIALOGUE_READ_DATA && !is_evicted(session)) {
		struct slice bytes, before;

		thread_activity_wait();
		result = stream_read(&session->stream, data_deadline(session, useful), &bytes);
		thread_activity_resume();
		if (result != STREAM_OK)
			break;
		before = bytes;
		*effect = dialogue_data(session->dialogue, &bytes);
		if (useful)
			session->connection.useful = client_incoming_add(incoming, before.len - bytes.len, clock_now_ms());
		stream_consume(&session->stream, before.len - bytes.len);
	}
	if (useful && session->dialogue->work == DIALOGUE_IDLE)
		note_use(session);
	note_progress(session);
	return result;
}

static enum stream_result read_command(struct session *session, enum dialogue_effect *effect)
{
	struct dialogue *dialogue = session->dialogue;
	enum stream_result result;
	struct slice line;

	/* A message in progress may be finished before the stop. */
	session->stream.stop_fd = dialogue->work == DIALOGUE_IDLE ? session->stop_fd : -1;
	session->stream.wake_fd = dialogue->wake_fd > 0 ? dialogue->wake_fd : -1;
	thread_activity_wait();
	result = read_line(session, &line);
	thread_activity_resume();
	session->stream.wake_fd = -1;
	if (result == STREAM_WOKEN) {
		*effect = dialogue_woken(dialogue);
		return STREAM_OK;
	}
	session->connection.heard = clock_now_ms();
	if (result == STREAM_OK)
		*effect = dialogue_line(dialogue, line);
	else if (result == STREAM_TOO_LONG)
		*effect = dialogue_line_too_long(dialogue);
	note_progress(session);
	delay(session, client_limits_delay_ms(&dialogue->limits));
	return result == STREAM_TOO_LONG ? STREAM_OK : result;
}

/* Performs the effect after the replies are sent; *effect is the next one. */
static enum stream_result follow(struct session *session, enum dialogue_effect *effect)
{
	switch (*effect) {
	case DIALOGUE_READ_LINE:
		return read_command(session, effect);
	case DIALOGUE_READ_DATA:
		return read_data(session, effect);
	case DIALOGUE_SEND:
		*effect = dialogue_send(session->dialogue);
		note_use(session);
		if (session->dialogue->replies.len == 0 && stream_is_hung_up(&session->stream))
			return STREAM_CLOSED; /* a search that finds nothing writes nothing */
		break;
	case DIALOGUE_START_TLS:
		*effect = DIALOGUE_BREAK;
		if (start_tls(session)) {
			dialogue_tls_started(session->dialogue);
			*effect = DIALOGUE_READ_LINE;
		}
		break;
	case DIALOGUE_START_DEFLATE:
		*effect = start_deflate(session) ? DIALOGUE_READ_LINE : DIALOGUE_BREAK;
		break;
	case DIALOGUE_CLOSE:
	case DIALOGUE_BREAK:
		break;
	}
	return STREAM_OK;
}

static void converse(struct session *session)
{
	enum dialogue_effect effect = DIALOGUE_READ_LINE;
	enum stream_result result = STREAM_OK;

	while (effect != DIALOGUE_CLOSE && effect != DIALOGUE_BREAK && result == STREAM_OK && !is_evicted(session)) {
		result = send_replies(session);
		if (result == STREAM_OK)
			result = follow(session, &effect);
	}
	if (effect == DIALOGUE_BREAK)
		return;
	if (is_evicted(session))
		dialogue_end(session->dialogue, DIALOGUE_EVICTED);
	else if (result == STREAM_TIMEOUT)
		dialogue_end(session->dialogue, DIALOGUE_TIMED_OUT);
	else if (result == STREAM_STOPPED)
		dialogue_end(session->dialogue, DIALOGUE_STOPPING);
	send_last_words(session);
}

static void serve(struct session *session)
{
	const struct service *service = lan_kind_service(session->kind);
	unsigned unknown_names;

	session->dialogue = service->begin(session);
	converse(session);
	unknown_names = session->dialogue->unknown_names;
	connections_note_unknown(session->connections, &session->connection, unknown_names, clock_now_ms());
	dialogue_free(session->dialogue);
	session->dialogue = NULL;
	made_memory_user(NULL);
	service->end(session);
}

void session_run(struct session *session)
{
	char address[NET_ADDRESS_MAX];

	session->id = msgid_new();
	session->ends = clock_now_ms() + SESSION_TIMEOUTS * timeout_ms(session);
	session->stream.is_given_up = &session->connection.is_evicted;
	session->login.logged_in = note_login;
	session->login.delay = delay;
	session->login.context = session;
	note_client(session);
	log_debug("event=session-begin session=%s ip=%s kind=%s", session->id.text,
	    net_address_text(address, &session->login.address), lan_kind_name(session->kind));
	if (lan_kind_has_tls(session->kind) && !start_tls(session))
		return;
	serve(session);
	session->stream.stop_fd = session->stop_fd;
	stream_linger(&session->stream, clock_now_ms() + LINGER_MS);
	log_debug("event=session-end session=%s", session->id.text);
}
