#include "lan-server/server/session.h"

#include "base/clock.h"
#include "base/process/doing.h"
#include "base/fsx.h"
#include "base/log.h"
#include "base/net/net.h"
#include "mail/bounce.h"

#include "lan-server/client_limits.h"
#include "lan-server/command.h"
#include "lan-server/pop3/pop3d.h"
#include "lan-server/smtp/smtpd.h"

#include <poll.h>
#include <stdio.h>

/* A whole session, in timeouts: hours. */
#define SESSION_TIMEOUTS 240
#define DAY_SECONDS (24 * 3600)
#define LAST_WORDS_MS 1000
#define LINGER_MS 1000

static int64_t timeout_ms(const struct session *session)
{
	return session->conf->lan.timeout * 1000;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* For one line, or for one piece of output. */
static int64_t step_deadline(const struct session *session)
{
	return earlier(clock_now_ms() + timeout_ms(session), session->ends);
}

/* For the next command. */
static int64_t command_deadline(const struct session *session)
{
	struct client_stay stay = {
	    .is_known = session->user != NULL,
	    .is_busy = connections_are_many(session->connections, &session->conf->lan),
	    .timeout_ms = timeout_ms(session),
	    .useful = session->connection.useful,
	};

	return earlier(client_limits_deadline(&stay, clock_now_ms()), session->ends);
}

static void note_use(struct session *session)
{
	session->connection.useful = clock_now_ms();
}

/* After a command: whether it was of use, who the client is, whether it may have to make room. */
static void note_progress(struct session *session, uint64_t progress, const char *user, bool has_message)
{
	if (progress != session->progress)
		note_use(session);
	session->progress = progress;
	if (user != NULL && user != session->user)
		session->may_stay = connections_login(session->connections, &session->conf->lan, &session->connection, user);
	session->user = user;
	session->connection.standing = user != NULL && session->may_stay ? CONNECTION_STAYS
				       : has_message			 ? CONNECTION_SENDER
									 : CONNECTION_STRANGER;
}

static bool is_evicted(const struct session *session)
{
	return session->connection.is_evicted;
}

/* Errors are answered late. */
static void delay(const struct session *session, int64_t ms)
{
	struct pollfd stop = {.fd = session->stop_fd, .events = POLLIN};

	if (ms > 0)
		poll(&stop, 1, (int)ms);
}

/* One line of the client. The first bytes of TLS where none is expected need not contain any line end: they are a line. */
static enum stream_result read_line(struct session *session, size_t limit, struct slice *line)
{
	int64_t deadline = command_deadline(session);
	enum stream_result result = STREAM_OK;
	char address[NET_ADDRESS_MAX];

	if (!session->has_spoken && session->stream.tls == NULL)
		result = stream_read(&session->stream, deadline, line);
	if (result != STREAM_OK)
		return result;
	if (!session->has_spoken && session->stream.tls == NULL && line->ptr[0] == COMMAND_TLS) {
		log_info("event=tls-on-plain-port session=%s ip=%s kind=%s", session->id.text,
		    net_address_text(address, &session->client), lan_kind_name(session->kind));
		return STREAM_OK;
	}
	session->has_spoken = true;
	return stream_read_line(&session->stream, limit, deadline, line);
}

static enum stream_result send_replies(struct session *session, struct buf *replies)
{
	enum stream_result result;

	result = stream_write(&session->stream, buf_slice(replies), step_deadline(session));
	buf_reset(replies);
	return result;
}

static void send_last_words(struct session *session, struct buf *replies)
{
	int64_t deadline = clock_now_ms() + LAST_WORDS_MS;

	stream_write(&session->stream, buf_slice(replies), deadline);
	buf_reset(replies);
	stream_flush(&session->stream, deadline);
}

/* Returns false when the session must end: whoever put bytes between the command and the handshake
 * wants them run as if they were encrypted (CVE-2011-0411). */
static bool start_tls(struct session *session)
{
	char address[NET_ADDRESS_MAX];
	struct error error;

	net_address_text(address, &session->client);
	if (stream_flush(&session->stream, step_deadline(session)) != STREAM_OK)
		return false;
	if (stream_has_input(&session->stream)) {
		log_warnx("event=tls-injection session=%s ip=%s", session->id.text, address);
		return false;
	}
	if (stream_start_tls(&session->stream, session->tls, command_deadline(session), &error) ==
	    STREAM_OK) {
		doing_tls();
		return true;
	}
	log_info("event=tls-failed session=%s ip=%s reason=%s", session->id.text, address,
	    LOG_ERROR(&error));
	return false;
}

/* Who is with us: for `lanpost who`, and for postmaster should we crash. */
static void note_client(const struct session *session)
{
	char address[NET_ADDRESS_MAX];

	doing_who("%s %s", lan_kind_name(session->kind), net_address_text(address, &session->client));
}

static void note_login(const struct session *session, const char *user)
{
	char address[NET_ADDRESS_MAX];

	doing_login(user);
	intake_login(session->spool->intake, user, lan_kind_name(session->kind), net_address_text(address, &session->client));
}

static int login(
    void *context, struct slice name, struct slice password, const char **user, struct error *error)
{
	struct session *session = context;
	int result = auth_check(session->auth, session->conf, &session->client, name, password, user, error);

	if (result == 0)
		note_login(session, *user);
	return result;
}

static int scram_begin(void *context, struct slice name, struct scram_keys *keys, struct error *error)
{
	struct session *session = context;

	return auth_scram_begin(session->auth, session->conf, &session->client, name, keys, error);
}

static int scram_end(void *context, struct slice name, const struct sasl_proof *proof,
    unsigned char signature[SCRAM_KEY_LEN], const char **user, struct error *error)
{
	struct session *session = context;
	int result = auth_scram_end(session->auth, session->conf, &session->client, name, proof, signature, user, error);

	if (result == 0)
		note_login(session, *user);
	return result;
}

static int digest(void *context, struct slice name, enum sasl_digest kind, const struct sasl_proof *proof,
    const char **user, struct error *error)
{
	struct session *session = context;
	int result = auth_digest(session->auth, session->conf, &session->client, name, kind, proof, user, error);

	if (result == 0)
		note_login(session, *user);
	return result;
}

static size_t binding(void *context, struct slice type, unsigned char out[TLS_BINDING_MAX])
{
	const struct session *session = context;

	return session->stream.tls == NULL ? 0 : tls_binding(session->stream.tls, type, out);
}

static unsigned mechanisms(void *context, bool tls)
{
	const struct session *session = context;

	return auth_mechanisms(session->offers, tls);
}

static bool needs_tls(const struct session *session)
{
	const struct conf_lan *lan = &session->conf->lan;
	const bool needed[LAN_KINDS] = {
	    [LAN_SMTP] = lan->smtp_tls_required,
	    [LAN_SUBMISSION] = lan->submission_tls_required,
	    [LAN_POP3] = lan->pop3_tls_required,
	};

	return needed[session->kind];
}

/* --- SMTP */

static bool has_room(void *context, uint64_t bytes)
{
	struct session *session = context;

	return intake_has_room(session->spool->intake, bytes);
}

static bool asks_for_notice(const struct envelope *envelope)
{
	for (size_t i = 0; i < envelope->place_count; i++)
		if (envelope->places[i].notify & DSN_SUCCESS)
			return true;
	return false;
}

static int accept_with_notice(struct session *session, struct envelope *envelope, struct body *body,
    struct envelope *notice, struct body *notice_body, struct error *error)
{
	struct intake_batch *batch = intake_batch_new(session->spool->intake);
	int result;

	intake_batch_append(batch, envelope, body, NULL, 0);
	intake_batch_append(batch, notice, notice_body, NULL, 0);
	result = intake_batch_commit(batch, error);
	intake_batch_free(batch);
	return result;
}

static int accept_message(
    void *context, struct envelope *envelope, struct body *body, struct error *error)
{
	struct session *session = context;
	struct envelope notice;
	struct body notice_body;
	struct slice message;

	if (asks_for_notice(envelope) && body_view(body, &message, error) == 0 &&
	    bounce_make_delivered(session->conf, session->spool, envelope, message, &notice, &notice_body))
		return accept_with_notice(session, envelope, body, &notice, &notice_body, error);
	return intake_accept(session->spool->intake, envelope, body, NULL, 0, error);
}

/* A mailbox that cannot be measured is not called full. */
static uint64_t measure_mailbox(const void *context, const char *user)
{
	const struct session *session = context;
	uint64_t bytes = 0;
	struct error error;

	if (maildir_bytes(session->spool, user, &bytes, NULL, &error) != 0)
		log_warnx("event=mailbox-unreadable user=%s reason=%s", user, LOG_ERROR(&error));
	return bytes;
}

static uint64_t mailbox_bytes(void *context, const char *user)
{
	const struct session *session = context;

	return quota_used(session->quota, user, measure_mailbox, session);
}

static struct daily_total sent_today(void *context, const char *user, const struct daily_total *more)
{
	const struct session *session = context;

	return daily_sent(session->daily, user, more);
}

/* After a command or some data: a message lasts over all its chunks. */
static void note_message(struct session *session, const struct smtpd *smtpd)
{
	if (!smtpd_in_transaction(smtpd))
		session->incoming = (struct client_incoming){.begun = 0};
}

/* The bytes of a message, or of a chunk of one. A stranger may have to make room where they do not come. */
static enum stream_result read_data(
    struct session *session, struct smtpd *smtpd, enum smtpd_effect *effect)
{
	struct client_incoming *incoming = &session->incoming;
	enum stream_result result = STREAM_OK;

	client_incoming_begin(incoming, clock_now_ms());
	if (session->connection.standing != CONNECTION_STAYS)
		session->connection.standing = CONNECTION_SENDER;
	while (result == STREAM_OK && *effect == SMTPD_WANT_DATA) {
		int64_t whole = client_incoming_deadline(incoming, timeout_ms(session));
		struct slice bytes, before;

		doing_wait();
		result =
		    stream_read(&session->stream, earlier(whole, step_deadline(session)), &bytes);
		doing_resume();
		if (result != STREAM_OK)
			break;
		before = bytes;
		*effect = smtpd_data(smtpd, &bytes);
		session->connection.useful = client_incoming_add(incoming, before.len - bytes.len, clock_now_ms());
		stream_consume(&session->stream, before.len - bytes.len);
	}
	if (!smtpd_in_transaction(smtpd))
		note_use(session);
	note_message(session, smtpd);
	return result;
}

static enum stream_result read_command(
    struct session *session, struct smtpd *smtpd, enum smtpd_effect *effect)
{
	enum stream_result result;
	struct slice line;

	/* A message half sent may be finished before we stop. */
	session->stream.stop_fd = smtpd_in_transaction(smtpd) ? -1 : session->stop_fd;
	doing_wait();
	result = read_line(session, SMTPD_LINE_MAX, &line);
	doing_resume();
	if (result == STREAM_OK)
		*effect = smtpd_line(smtpd, line);
	else if (result == STREAM_TOO_LONG)
		*effect = smtpd_line_too_long(smtpd);
	note_message(session, smtpd);
	note_progress(session, smtpd_progress(smtpd), smtpd_user(smtpd), smtpd_has_recipients(smtpd));
	delay(session, smtpd_delay_ms(smtpd));
	return result == STREAM_TOO_LONG ? STREAM_OK : result;
}

static void smtp_dialogue(struct session *session, struct smtpd *smtpd)
{
	enum smtpd_effect effect = SMTPD_CONTINUE;
	enum stream_result result = STREAM_OK;

	while (effect != SMTPD_CLOSE && result == STREAM_OK && !is_evicted(session)) {
		result = send_replies(session, smtpd_replies(smtpd));
		if (result != STREAM_OK)
			break;
		if (effect == SMTPD_START_TLS) {
			if (!start_tls(session))
				return;
			smtpd_tls_started(smtpd);
			effect = SMTPD_CONTINUE;
		} else if (effect == SMTPD_WANT_DATA) {
			result = read_data(session, smtpd, &effect);
			note_progress(session, smtpd_progress(smtpd), smtpd_user(smtpd), smtpd_has_recipients(smtpd));
		} else {
			result = read_command(session, smtpd, &effect);
		}
	}
	if (is_evicted(session))
		smtpd_evicted(smtpd);
	else if (result == STREAM_TIMEOUT)
		smtpd_timed_out(smtpd);
	else if (result == STREAM_STOPPED)
		smtpd_stopping(smtpd);
	send_last_words(session, smtpd_replies(smtpd));
}

static void run_smtp(struct session *session)
{
	struct smtpd_options options = {
	    .conf = session->conf,
	    .spool = session->spool,
	    .session = session->id.text,
	    .client = session->client,
	    .guesses = session->connection.unknown_names,
	    .tls = session->kind == LAN_SMTPS,
	    .tls_offered = session->tls != NULL,
	    .tls_required = needs_tls(session),
	    .mechanisms = mechanisms,
	    .sasl = {session, login, scram_begin, scram_end, digest, binding},
	    .hooks = {session, has_room, accept_message, mailbox_bytes, sent_today},
	};
	struct smtpd *smtpd = smtpd_new(&options);

	smtp_dialogue(session, smtpd);
	connections_note_unknown(session->connections, &session->connection, smtpd_unknown_names(smtpd), clock_now_ms());
	daily_save(session->daily);
	smtpd_free(smtpd);
}

/* --- POP3 */

static enum maildrop_outcome open_mailbox(
    void *context, const char *user, struct maildir_list *list, struct error *error)
{
	struct session *session = context;
	char address[NET_ADDRESS_MAX];
	enum maildrop_outcome outcome = maildrop_open(&session->maildrop, user, list, error);

	log_info("event=pop3-login session=%s ip=%s user=%s result=%s messages=%zu",
	    session->id.text, net_address_text(address, &session->client), user, maildrop_outcome_name(outcome),
	    outcome == MAILDROP_OPEN ? list->count : 0);
	return outcome;
}

static int message_size(void *context, struct maildir_message *message)
{
	struct session *session = context;

	return maildrop_size(&session->maildrop, message);
}

static int read_message(void *context, const struct maildir_message *message, struct slice *bytes)
{
	struct session *session = context;

	return maildrop_read(&session->maildrop, message, bytes);
}

static void done_reading(void *context, struct slice bytes)
{
	(void)context;
	fsx_unmap(bytes);
}

static bool is_intact(void *context, struct slice bytes)
{
	const struct session *session = context;
	struct error error;

	if (fsx_check_map(bytes, &error) == 0)
		return true;
	log_warnx("event=message-unreadable session=%s user=%s reason=%s", session->id.text, session->maildrop.user,
	    LOG_ERROR(&error));
	return false;
}

static int remove_messages(
    void *context, const char *const *uniques, size_t count, struct error *error)
{
	struct session *session = context;
	int result = maildrop_remove(&session->maildrop, uniques, count, error);

	if (result == 0)
		log_info("event=pop3-removed session=%s user=%s messages=%zu", session->id.text,
		    session->maildrop.user, count);
	return result;
}

static int64_t expire_days(void *context, const char *user)
{
	const struct session *session = context;
	const struct conf *conf = session->conf;
	int64_t least = 0;

	for (size_t i = 0; i < conf->user_count; i++) {
		int64_t expire = conf->users[i].expire;

		if (user != NULL && strcmp(conf->users[i].name, user) != 0)
			continue;
		if (expire > 0 && (least == 0 || expire < least))
			least = expire;
	}
	return least == 0 ? -1 : least / DAY_SECONDS;
}

static void close_mailbox(void *context)
{
	struct session *session = context;

	maildrop_close(&session->maildrop);
}

static enum stream_result read_pop3(
    struct session *session, struct pop3d *pop3d, enum pop3d_effect *effect)
{
	enum stream_result result;
	struct slice line;

	doing_wait();
	result = read_line(session, POP3D_LINE_MAX, &line);
	doing_resume();
	session->maildrop.heard = clock_now_ms();
	if (result == STREAM_OK)
		*effect = pop3d_line(pop3d, line);
	else if (result == STREAM_TOO_LONG)
		*effect = pop3d_line_too_long(pop3d);
	note_progress(session, pop3d_progress(pop3d), pop3d_user(pop3d), false);
	delay(session, pop3d_delay_ms(pop3d));
	return result == STREAM_TOO_LONG ? STREAM_OK : result;
}

static void pop3_dialogue(struct session *session, struct pop3d *pop3d)
{
	enum pop3d_effect effect = POP3D_CONTINUE;
	enum stream_result result = STREAM_OK;

	while (effect != POP3D_CLOSE && effect != POP3D_BREAK && result == STREAM_OK && !is_evicted(session)) {
		result = send_replies(session, pop3d_replies(pop3d));
		if (result != STREAM_OK)
			break;
		if (effect == POP3D_START_TLS) {
			if (!start_tls(session))
				return;
			pop3d_tls_started(pop3d);
			effect = POP3D_CONTINUE;
		} else if (effect == POP3D_SEND) {
			effect = pop3d_send(pop3d);
			note_use(session);
		} else {
			result = read_pop3(session, pop3d, &effect);
		}
	}
	if (effect == POP3D_BREAK)
		return;
	if (is_evicted(session))
		pop3d_evicted(pop3d);
	else if (result == STREAM_TIMEOUT)
		pop3d_timed_out(pop3d);
	else if (result == STREAM_STOPPED)
		pop3d_stopping(pop3d);
	send_last_words(session, pop3d_replies(pop3d));
}

static void run_pop3(struct session *session)
{
	struct pop3d_options options = {
	    .hostname = session->conf->gateway.hostname,
	    .tls = session->kind == LAN_POP3S,
	    .tls_offered = session->tls != NULL,
	    .tls_required = needs_tls(session),
	    .offers_apop = (session->offers & AUTH_SOMEBODY_IS_WEAK) != 0,
	    .login_delay = session->conf->lan.pop3_login_delay,
	    .mechanisms = mechanisms,
	    .sasl = {session, login, scram_begin, scram_end, digest, binding},
	    .hooks = {session, open_mailbox, message_size, read_message, done_reading, is_intact,
	        remove_messages, expire_days, close_mailbox},
	};
	struct pop3d *pop3d = pop3d_new(&options);

	pop3_dialogue(session, pop3d);
	pop3d_free(pop3d);
}

void session_run(struct session *session)
{
	char address[NET_ADDRESS_MAX];

	session->id = msgid_new();
	session->ends = clock_now_ms() + SESSION_TIMEOUTS * timeout_ms(session);
	note_client(session);
	log_debug("event=session-begin session=%s ip=%s kind=%s", session->id.text,
	    net_address_text(address, &session->client), lan_kind_name(session->kind));
	if (lan_kind_has_tls(session->kind) && !start_tls(session))
		return;
	if (lan_kind_is_smtp(session->kind))
		run_smtp(session);
	else
		run_pop3(session);
	session->stream.stop_fd = session->stop_fd;
	stream_linger(&session->stream, clock_now_ms() + LINGER_MS);
	log_debug("event=session-end session=%s", session->id.text);
}
