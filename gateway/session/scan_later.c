#include "gateway/session/scan_later.h"

#include "base/clock.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "mail/filter/filter_ask.h"
#include "mail/filter/filter_header.h"
#include "mail/filter/filter_note.h"
#include "mail/filter/filter_owed.h"
#include "mail/filter/filter_policy.h"
#include "message/addr.h"
#include "message/scan/received.h"

#include <stdlib.h>

#define FAILED_MAX 3 /* then the scanner is away; one message that it cannot scan must not hold up the others */

/* A message in a mailbox. */
struct unscanned {
	const char *mailbox;
	const struct mailbox_message *message;
	char *id; /* under which it was accepted */
	struct slice bytes;
	unsigned source; /* CONF_... */
	char sender[ADDR_TEXT_MAX];
};

static bool is_read(const char *file)
{
	const char *flags = strstr(file, ":2,");

	return flags != NULL && strchr(flags, 'S') != NULL;
}

static void ask(const struct scan_later *job, const struct unscanned *what, struct scan_verdict *verdict)
{
	struct filter_ticket ticket;
	struct scan_facts facts;
	const struct filter_question question = {
	    .conf = job->conf, .socket = job->filter_socket, .sources = what->source, .facts = &facts, .message = what->bytes};

	scan_facts_init(&facts);
	scan_facts_set(&facts.id, slice_of(what->id));
	scan_facts_set(&facts.sender, slice_of(what->sender));
	filter_ask_begin(&ticket, &question);
	filter_ask_end(&ticket, job->cancel, verdict);
	scan_facts_clear(&facts);
}

/* The message without the lines of the first verdict. */
static int make_body(const struct scan_later *job, const struct unscanned *what, const struct scan_verdict *verdict, struct envelope *envelope,
    struct body *body, struct error *error)
{
	struct slice *parts, whole = what->bytes;
	size_t count = filter_header_clean(what->bytes, verdict, envelope, &parts);
	int result = 0;

	body_init(body, job->spool);
	for (size_t i = 0; i < (count == 0 ? 1 : count) && result == 0; i++)
		result = body_append(body, count == 0 ? whole : parts[i], &envelope->id, error);
	free(parts);
	return result == 0 ? body_finish(body, error) : result;
}

/* One record has both: it is where the envelope says, and no longer in the mailbox. */
static int replace(const struct scan_later *job, const struct unscanned *what, const struct scan_verdict *verdict, struct envelope *envelope)
{
	const struct fact removal = {.kind = FACT_REMOVE, .name = what->mailbox, .text = what->message->unique};
	struct msgid id = envelope->id;
	bool is_cut = envelope->cut_count > 0;
	struct error error;
	struct body body;

	if (make_body(job, what, verdict, envelope, &body, &error) != 0) {
		body_clear(&body, false);
		log_warnx("event=not-quarantined id=%s reason=%s", what->id, LOG_ERROR(&error));
		return -1;
	}
	if (intake_accept(job->spool->intake, envelope, &body, &removal, 1, &error) != 0) {
		log_warnx("event=not-quarantined id=%s reason=%s", what->id, LOG_ERROR(&error));
		return -1;
	}
	if (is_cut)
		intake_journal(job->spool->intake, what->id, job->session, EVENT_REPLACED, what->mailbox,
		    PHRASE(N_("by message %s, which has no forbidden attachments; the whole one is in the quarantine"), id.text));
	else
		intake_journal(job->spool->intake, what->id, job->session, EVENT_QUARANTINED, what->mailbox, PHRASE(N_("as message %s"), id.text));
	return 0;
}

/* Whether the message that was scanned goes to the quarantine, or is delivered once more without its forbidden attachments. Spam that is no worse stays
 * where it is. */
static bool must_leave(const struct scan_later *job, const struct unscanned *what, const struct scan_verdict *verdict, struct envelope *envelope)
{
	struct filter_senders senders;

	filter_senders_read(&senders, job->conf, job->spool->state, what->bytes, verdict);
	return filter_policy_apply(job->conf, what->source | FILTER_IS_ACCEPTED, verdict, &senders, envelope) == FILTER_KEEPS || envelope->cut_count > 0;
}

static void make_envelope(const struct scan_later *job, const struct unscanned *what, struct envelope *envelope)
{
	envelope_init(envelope);
	envelope_set(&envelope->session, slice_of(job->session));
	envelope_set(&envelope->sender, slice_of(what->sender));
	origin_set_scanned(&envelope->origin, what->id);
	envelope_add(envelope, PLACE_MAILBOX, slice_of(what->mailbox), SLICE_LITERAL(""));
}

/* Returns false if it must be scanned again. */
static bool scan(const struct scan_later *job, struct unscanned *what)
{
	struct scan_verdict verdict;
	struct envelope envelope;
	bool done;

	if (!received_sender(what->bytes, what->sender, sizeof(what->sender)))
		what->sender[0] = '\0';
	ask(job, what, &verdict);
	if (verdict.away != 0)
		return false;
	filter_note(job->spool->intake, what->id, job->session, what->mailbox, &verdict);
	make_envelope(job, what, &envelope);
	done = !must_leave(job, what, &verdict, &envelope) || replace(job, what, &verdict, &envelope) == 0;
	envelope_clear(&envelope);
	return done;
}

/* Whether a scanner was to look at it, and was away; then its bytes are the caller's. */
static bool open_unscanned(const struct scan_later *job, int64_t since, struct unscanned *what)
{
	struct scan_verdict before;
	struct error error;

	if (!what->message->ours || what->message->time < since || is_read(what->message->file) ||
	    mailbox_open(job->spool, what->mailbox, what->message, &what->bytes, &error) != 0)
		return false;
	what->source = received_is_fetched(what->bytes) ? CONF_FETCHED : CONF_LOCAL;
	if (scan_verdict_find(what->bytes, &before) && before.away != 0 && filter_ask_is_wanted(job->conf, what->source))
		return true;
	fsx_unmap(what->bytes);
	return false;
}

/* failed: how many in a row could not be scanned. */
static bool scan_mailbox(const struct scan_later *job, const char *mailbox, int64_t since, int *failed)
{
	struct mailbox_list list;
	struct error error;
	bool done = true;

	if (mailbox_list(job->spool, mailbox, &list, &error) != 0) {
		log_warnx("event=mailbox-unreadable user=%s reason=%s", LOG_CSTR(mailbox), LOG_ERROR(&error));
		return false;
	}
	for (size_t i = 0; i < list.count && *failed < FAILED_MAX; i++) {
		struct unscanned what = {.mailbox = mailbox, .message = &list.items[i]};
		bool is_scanned;

		if (!open_unscanned(job, since, &what))
			continue;
		what.id = mailbox_origin(what.message);
		is_scanned = scan(job, &what);
		*failed = is_scanned ? 0 : *failed + 1;
		done = done && is_scanned;
		free(what.id);
		fsx_unmap(what.bytes);
	}
	mailbox_list_clear(&list);
	return done;
}

void scan_later_run(const struct scan_later *job)
{
	bool is_wanted = filter_ask_is_wanted(job->conf, CONF_FETCHED | CONF_LOCAL);
	int64_t since = is_wanted ? filter_owed_since(job->spool->state) : 0, began = clock_wall();
	struct strlist users = {NULL, 0}, mailboxes = {NULL, 0};
	struct error error;
	bool done = true;
	int failed = 0;

	if (since == 0)
		return;
	mailbox_users(job->spool, &users);
	for (size_t i = 0; i < users.count; i++)
		done = mailbox_names(job->spool, users.items[i], &mailboxes, &error) == 0 && done;
	for (size_t i = 0; i < mailboxes.count && failed < FAILED_MAX; i++)
		done = scan_mailbox(job, mailboxes.items[i], since, &failed) && done;
	if (done)
		filter_owed_done(job->spool->state, began);
	strlist_clear(&mailboxes);
	strlist_clear(&users);
}
