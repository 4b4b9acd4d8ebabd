/*
 * SMTP on the LAN server: accepts messages of clients into the spool.
 */
#include "base/net/net.h"
#include "base/process/thread_activity.h"
#include "mail/bounce.h"
#include "mail/sent_copy.h"
#include "mail/filter/filter_ask.h"
#include "mail/filter/filter_note.h"
#include "mail/filter/filter_owed.h"
#include "mail/filter/friends.h"

#include "lan-server/server/service.h"
#include "lan-server/server/session.h"
#include "lan-server/smtp/smtpd.h"

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

static bool has_room_for_copy(struct session *session, const char *user, uint64_t bytes)
{
	uint64_t quota = (uint64_t)session->conf->limits.mailbox_quota;

	return quota == 0 || session_mailbox_used(session, user) + bytes <= quota;
}

static int accept_envelope(struct session *session, struct envelope *envelope, struct body *body, struct error *error)
{
	struct envelope notice;
	struct body notice_body;
	struct slice message;

	if (asks_for_notice(envelope) && body_view(body, &message, error) == 0 &&
	    bounce_make_delivered(session->conf, session->spool, envelope, message, &notice, &notice_body))
		return accept_with_notice(session, envelope, body, &notice, &notice_body, error);
	return intake_accept(session->spool->intake, envelope, body, NULL, 0, error);
}

static int accept_message(
    void *context, struct envelope *envelope, struct body *body, struct error *error)
{
	struct session *session = context;
	const char *user = sent_copy_user(session->conf, envelope);
	struct slice message;
	int result;

	if (user == NULL)
		return accept_envelope(session, envelope, body, error);
	sent_copy_lock(user);
	if (body_view(body, &message, error) == 0)
		sent_copy_add(session->conf, session->spool, envelope, user, message, has_room_for_copy(session, user, envelope->size));
	result = accept_envelope(session, envelope, body, error);
	sent_copy_unlock(user);
	return result;
}

static struct send_quota_total sent_today(void *context, const char *user)
{
	const struct session *session = context;

	return send_quota_today(session->send_quota, user);
}

static void count_sent(void *context, const char *user, uint64_t bytes)
{
	const struct session *session = context;

	send_quota_count(session->send_quota, user, bytes);
}

static void befriend(void *context, const struct envelope *envelope)
{
	const struct session *session = context;

	friends_learn(session->conf, session->spool->intake, envelope);
}

static void scan(void *context, unsigned sources, const struct envelope *envelope, struct body *body, struct scan_verdict *verdict)
{
	struct session *session = context;
	struct filter_question question = {.conf = session->conf, .socket = session->filter_fd, .sources = sources, .path = body->path};
	struct filter_ticket ticket;
	struct scan_facts facts;
	char address[NET_ADDRESS_MAX];
	struct error error;

	thread_activity_step("waiting for the scanners");
	scan_facts_init(&facts);
	scan_facts_set(&facts.id, slice_of(envelope->id.text));
	scan_facts_set(&facts.address, slice_of(net_address_text(address, &session->login.address)));
	scan_facts_set(&facts.sender, slice_of(envelope->sender));
	scan_facts_set(&facts.user, slice_of(session->user == NULL ? "" : session->user));
	for (size_t i = 0; i < envelope->recipients.count && i < SCAN_RECIPIENTS_MAX; i++)
		strlist_add(&facts.recipients, envelope->recipients.items[i]);
	question.facts = &facts;
	if (body->path == NULL && body_view(body, &question.message, &error) != 0)
		question.message = SLICE_LITERAL("");
	filter_ask_begin(&ticket, &question);
	filter_ask_end(&ticket, NULL, verdict);
	if (verdict->away != 0)
		filter_owed_note(session->spool->state);
	scan_facts_clear(&facts);
	filter_note(session->spool->intake, envelope->id.text, session->id.text, "", verdict);
}

static struct dialogue *begin(struct session *session)
{
	struct smtpd_options options = {
	    .conf = session->conf,
	    .spool = session->spool,
	    .session = session->id.text,
	    .client = session->login.address,
	    .guesses = session->connection.unknown_names,
	    .tls = lan_kind_has_tls(session->kind),
	    .tls_offered = session->tls != NULL,
	    .tls_required = lan_kind_needs_tls(session->kind, &session->conf->lan),
	    .sasl = auth_hooks(&session->login),
	    .hooks = {session, has_room, accept_message, session_mailbox_used, sent_today, count_sent, befriend, scan},
	};

	return smtpd_new(&options);
}

static void end(struct session *session)
{
	send_quota_save(session->send_quota);
}

const struct service service_smtp = {
    .begin = begin,
    .end = end,
    .refusals =
	{
	    [ADMISSION_DENIED] = "554 5.7.1 Access denied for your address\r\n",
	    [ADMISSION_FULL] = "421 4.7.0 Too many connections, try again later\r\n",
	    [ADMISSION_FULL_FOR_IP] = "421 4.7.0 Too many connections from your address\r\n",
	    [ADMISSION_FULL_FOR_NETWORK] = "421 4.7.0 Too many sessions from your network\r\n",
	    [ADMISSION_BROKEN] = "421 4.3.2 Service temporarily unavailable, try again later\r\n",
	},
};
