/*
 * Applies durable facts to the mailboxes, the queue and the state: the same ones when they are committed and when a recovery
 * finds them.
 */
#include "base/alloc.h"
#include "spool/log/intake_priv.h"
#include "spool/mailbox/maildir.h"
#include "spool/mailbox/maildir_change.h"
#include "spool/queue/queue_priv.h"
#include "spool/storage/state_replies.h"
#include "spool/storage/state_triggers.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_outcome(const struct fact *fact)
{
	return fact->kind == FACT_SENT || fact->kind == FACT_FAILED;
}

/* The outcomes of one message, which are consecutive: its envelope is written once for all of them. Returns their number. */
static size_t settle(struct intake *intake, const struct fact *facts, size_t count, int *done, struct error *error)
{
	struct queue_outcome *outcomes = xcalloc(count, sizeof(*outcomes));
	struct msgid id;
	size_t found = 0;

	for (; found < count && is_outcome(&facts[found]) && strcmp(facts[found].id, facts->id) == 0; found++)
		outcomes[found] = (struct queue_outcome){facts[found].name,
		    facts[found].kind == FACT_SENT ? PLACE_SENT : PLACE_FAILED, facts[found].text};
	snprintf(id.text, sizeof(id.text), "%s", facts->id);
	*done = queue_settle(intake->spool, &id, outcomes, found, error);
	for (size_t i = 0; i < found; i++)
		intake_set_settled(intake, facts[i].id, facts[i].name, *done == 0);
	free(outcomes);
	return found;
}

/* The number of facts of one kind and mailbox, from the first one on: a mailbox is read once for all of them. */
static size_t run_of(const struct fact *facts, size_t count)
{
	size_t len = 1;

	while (len < count && facts[len].kind == facts->kind && strcmp(facts[len].name, facts->name) == 0 &&
	       (facts->kind != FACT_MOVE || strcmp(facts[len].to, facts->to) == 0))
		len++;
	return len;
}

static int change_files(struct intake *intake, const struct fact *facts, size_t count, struct error *error)
{
	struct maildir_change *changes = xcalloc(count, sizeof(*changes));
	int result;

	for (size_t i = 0; i < count; i++)
		changes[i] = (struct maildir_change){facts[i].text, facts->kind == FACT_MOVE ? facts[i].id : facts[i].to};
	result = facts->kind == FACT_MOVE ? maildir_change_mailbox(intake->spool, facts->name, facts->to, changes, count, error)
					  : maildir_change_flags(intake->spool, facts->name, changes, count, error);
	free(changes);
	return result;
}

static int name_files(struct intake *intake, const struct fact *facts, size_t count, struct error *error)
{
	const char **names = xcalloc(count, sizeof(*names));
	int result;

	for (size_t i = 0; i < count; i++)
		names[i] = facts[i].text;
	result = facts->kind == FACT_COPY ? maildir_change_place(intake->spool, facts->name, names, count, error)
					  : maildir_unlink(intake->spool, facts->name, names, count, error);
	free(names);
	return result;
}

int intake_apply_facts(struct intake *intake, const struct fact *facts, size_t count, struct error *error)
{
	int result = 0;

	for (size_t i = 0, len; i < count; i += len) {
		const struct fact *fact = &facts[i];
		int done = 0;

		len = 1;
		switch (fact->kind) {
		case FACT_SENT:
		case FACT_FAILED:
			len = settle(intake, fact, count - i, &done, error);
			break;
		case FACT_REMOVE:
		case FACT_COPY:
			len = run_of(fact, count - i);
			done = name_files(intake, fact, len, error);
			break;
		case FACT_FLAGS:
		case FACT_MOVE:
			len = run_of(fact, count - i);
			done = change_files(intake, fact, len, error);
			break;
		case FACT_TRIGGER_DONE:
			done = state_trigger_done(intake->state, fact->id, error);
			break;
		case FACT_REPLY_DONE:
			done = state_reply_done(intake->state, fact->id,
			    strcmp(fact->name, "sent") == 0, error);
			break;
		case FACT_ATTEMPT:
		case FACT_VOID:
			break;
		}
		if (done != 0)
			result = -1;
	}
	return result;
}
