/*
 * The queue of a session: it is flushed as far as the limits of the line allow, and its progress is reported.
 */
#include "gateway/session/session_priv.h"

#include "base/log.h"
#include "gateway/session/session_limits.h"

static void tell_queue(struct session *session, const char *state, size_t done, size_t total,
    const struct error *error)
{
	bool failed = error != NULL && error->class != ERROR_NONE;

	session_process_tell(session,
	    json_pack("{s:s, s:s, s:I, s:I, s:o}", "event", "queue", "state", state, "done",
		(json_int_t)done, "total", (json_int_t)total, "error",
		failed ? json_string(error->phrase) : json_null()));
}

static void queue_progress(void *context, size_t done, size_t total)
{
	tell_queue(context, "sending", done, total, NULL);
}

static bool may_send(void *context, uint64_t bytes)
{
	(void)context;
	return session_limits_may_send(bytes);
}

static void not_sent(void *context, uint64_t bytes)
{
	(void)context;
	session_limits_not_sent(bytes);
}

static struct outbound_job sending_job(struct session *session, bool all)
{
	return (struct outbound_job){
	    .conf = session->conf,
	    .spool = &session->spool,
	    .session = session->id.text,
	    .all = all,
	    .progress = queue_progress,
	    .context = session,
	    .cancel = session_limits_cancelled(),
	    .secrets = &session->secrets.remote,
	    .keys = &session->secrets.keys,
	    .enough = session_limits_enough(),
	    .may_send = may_send,
	    .not_sent = not_sent,
	    .wire = &session->wire,
	    .pictures = &session->pictures,
	};
}

void session_sending_flush(struct session *session, bool all)
{
	struct session_result *result = &session->result;
	const struct outbound_job job = sending_job(session, all);
	struct outbound_result sent;
	bool failed;

	if (!session->request.send || result->queue_error.class != ERROR_NONE || session_limits_send_ended_by() != NULL)
		return;
	result->sending = true;
	failed = outbound_flush(&job, result->hosts, &sent, &result->queue_error) != 0;
	if (!failed || session_limits_forgive(&result->queue_error))
		result->queue_error = (struct error)ERROR_INIT;
	result->sent.sent += sent.sent;
	result->sent.refused += sent.refused;
	result->sent.deferred += sent.deferred;
	byte_shares_move(&result->sent.shares, &sent.shares);
	result->line_received = atomic_load(&session->wire.received);
	result->line_sent = atomic_load(&session->wire.sent);
	log_info("event=queue-flushed session=%s sent=%zu refused=%zu deferred=%zu error=%s",
	    session->id.text, sent.sent, sent.refused, sent.deferred,
	    LOG_ERROR(&result->queue_error));
}

void session_sending_done(struct session *session)
{
	const struct session_result *result = &session->result;

	if (result->sending)
		tell_queue(session, result->queue_error.class != ERROR_NONE ? "failed" : "done",
		    result->sent.sent,
		    result->sent.sent + result->sent.refused + result->sent.deferred,
		    &result->queue_error);
}

void session_sending_plan(struct session *session)
{
	const struct outbound_job job = sending_job(session, session->request.flush);
	struct error error;

	if (session->request.send && outbound_plan(&job, &session->result.outgoing, &error) != 0)
		log_warnx("event=queue-unreadable reason=%s", LOG_ERROR(&error));
}
