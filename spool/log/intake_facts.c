/*
 * Applies durable facts to the mailboxes, the queue and the state: the same ones when they are committed and when a recovery
 * finds them.
 */
#include "base/alloc.h"
#include "spool/log/intake_priv.h"
#include "spool/mailbox/maildir.h"
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

int intake_apply_facts(struct intake *intake, const struct fact *facts, size_t count, struct error *error)
{
	const char **uniques = xcalloc(count, sizeof(*uniques));
	size_t removed = 0;
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		const struct fact *fact = &facts[i];
		int done = 0;

		switch (fact->kind) {
		case FACT_SENT:
		case FACT_FAILED:
			i += settle(intake, fact, count - i, &done, error) - 1;
			break;
		case FACT_REMOVE:
			/* A mailbox is read once for all its removals, which are consecutive. */
			uniques[removed++] = fact->text;
			if (i + 1 < count && facts[i + 1].kind == FACT_REMOVE &&
			    strcmp(facts[i + 1].name, fact->name) == 0)
				break;
			done = maildir_unlink(intake->spool, fact->name, uniques, removed, error);
			removed = 0;
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
	free(uniques);
	return result;
}
