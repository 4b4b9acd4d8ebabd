#include "mail/filter/friends.h"

#include "base/clock.h"
#include "base/log.h"
#include "mail/route.h"

#define RECIPIENTS_MAX 100 /* of one message; a mailing to more is not correspondence */

/* As the client has named them: a forward is not theirs. */
static void note_all(const struct conf *conf, struct intake *intake, const char *mailbox, const struct envelope *envelope)
{
	for (size_t i = 0; i < envelope->recipients.count; i++) {
		const char *user;
		struct addr addr;
		char text[ADDR_TEXT_MAX];

		if (addr_parse(slice_of(envelope->recipients.items[i]), &addr) && route_address(conf, &addr, &user) == ROUTE_OUTSIDE)
			intake_befriend(intake, mailbox, addr_text(text, sizeof(text), &addr));
	}
}

static bool leaves(const struct envelope *envelope)
{
	for (size_t i = 0; i < envelope->place_count; i++)
		if (envelope->places[i].kind == PLACE_QUEUE)
			return true;
	return false;
}

void friends_learn(const struct conf *conf, struct intake *intake, const struct envelope *envelope)
{
	const char *owner = conf_mailbox_at(conf, slice_of(envelope->sender));

	/* Mail without a sender is automatic: receipts, bounces. */
	if (conf->senders.friends == 0 || envelope->sender[0] == '\0' || envelope->recipients.count > RECIPIENTS_MAX || !leaves(envelope))
		return;
	if (envelope->submitter[0] != '\0')
		note_all(conf, intake, envelope->submitter, envelope);
	if (owner != NULL && strcmp(owner, envelope->submitter) != 0)
		note_all(conf, intake, owner, envelope);
}

int64_t friends_since(const struct conf *conf, struct state *state, const char *mailbox, const char *address)
{
	struct error error;
	int64_t time = 0;

	if (conf->senders.friends == 0 || state == NULL || address[0] == '\0')
		return 0;
	if (state_friend_time(state, mailbox, address, &time, &error) != 0)
		log_warnx("event=friends-unreadable reason=%s", LOG_ERROR(&error));
	return time + conf->senders.friends > clock_wall() ? time : 0;
}

void friends_expire(const struct conf *conf, struct state *state)
{
	struct error error;

	if (state_friends_prune(state, clock_wall() - conf->senders.friends, &error) != 0)
		log_warnx("event=friends-not-expired reason=%s", LOG_ERROR(&error));
}
