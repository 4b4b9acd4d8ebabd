/*
 * Copies of a message that came through other accounts (`duplicates = drop`): a place that has it does not get it again. QUEUE.md, "The same message".
 *
 * Whatever is in doubt is delivered.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "fetcher/digest.h"
#include "fetcher/fetch_priv.h"
#include "spool/mailbox_name.h"

#include <stdlib.h>
#include <string.h>

/* Of two copies that are kept, the admin releases the one that is wanted. */
static bool is_kept(const struct envelope *envelope)
{
	for (size_t i = 0; i < envelope->place_count; i++)
		if (envelope->places[i].kind == PLACE_MAILBOX && strcmp(envelope->places[i].name, MAILBOX_QUARANTINE) == 0)
			return true;
	return envelope->cut_count > 0;
}

/* Whether copies of it are looked for, and its own places are remembered. */
static bool is_compared(const struct fetch *fetch, const struct fetch_message *what)
{
	return fetch->job->account->duplicates == DUPLICATES_DROP && what->item->action == PLAN_GET && !what->stays &&
	       what->envelope.place_count > 0 && !is_kept(&what->envelope);
}

struct answer {
	const struct fetch *fetch;
	bool is_elsewhere; /* the place has it by another mailbox upstream */
	char why[PHRASE_MAX];
};

/* All folders of an account are one mailbox: twice in it are two messages. */
static bool is_here(const struct fetch *fetch, const char *mailbox)
{
	size_t len = strlen(fetch->server);

	return strncmp(mailbox, fetch->server, len) == 0 && (mailbox[len] == '\0' || mailbox[len] == '/');
}

static void take(void *context, const struct first_copy *copy)
{
	struct answer *answer = context;

	answer->is_elsewhere = !is_here(answer->fetch, copy->mailbox);
	phrase_set(answer->why, sizeof(answer->why), N_("the same message came through account %s at %s, as message %s"), copy->account,
	    PHRASE_TIME(copy->time), copy->id);
}

/* Returns true, and records why, if the place does not get it. */
static bool has_it(const struct fetch *fetch, struct envelope *envelope, const struct place *place)
{
	struct answer answer = {.fetch = fetch};
	char *text = envelope_place_text(place);
	struct error error;

	if (state_first_copy_find(fetch->job->spool->state, envelope->identity, text, take, &answer, &error) < 0)
		log_warnx("event=duplicates-unknown account=%s id=%s reason=%s", LOG_CSTR(fetch->job->account->name), envelope->id.text, LOG_ERROR(&error));
	free(text);
	if (answer.is_elsewhere)
		envelope_omit(envelope, slice_of(place->name), slice_of(answer.why));
	return answer.is_elsewhere;
}

void fetch_duplicates_leave_out(const struct fetch *fetch, struct fetch_message *what, struct slice message)
{
	struct envelope *envelope = &what->envelope;
	char identity[DIGEST_HEX_SIZE];
	size_t kept = 0;

	if (!is_compared(fetch, what) || !digest_of_identity(message, identity))
		return;
	envelope_set(&envelope->identity, slice_of(identity));
	if (plan_has_stub(what->item, &fetch->memory.seen)) /* a user may have asked for it */
		return;
	for (size_t i = 0; i < envelope->place_count; i++) {
		if (has_it(fetch, envelope, &envelope->places[i]))
			envelope_place_clear(&envelope->places[i]);
		else
			envelope->places[kept++] = envelope->places[i];
	}
	envelope->place_count = kept;
}

void fetch_duplicates_expire(struct state *state)
{
	struct error error;

	if (state_first_copies_prune(state, clock_wall() - PLAN_FORGET_SECONDS, &error) != 0)
		log_warnx("event=duplicates-not-expired reason=%s", LOG_ERROR(&error));
}
