/* The table of friends: whom users have written to. */
#include "spool/storage/state_friends.h"

#include "spool/state/state_priv.h"

int state_friend_put(struct state *state, const char *mailbox, const char *address, int64_t time, struct error *error)
{
	return state_finish(state,
	    state_statement(state, error,
		"INSERT INTO friend VALUES (?, lower(?), ?) ON CONFLICT (mailbox, address) DO UPDATE SET time = max(time, excluded.time)", "tti",
		mailbox, address, time),
	    error);
}

int state_friend_time(struct state *state, const char *mailbox, const char *address, int64_t *time, struct error *error)
{
	return state_number(state,
	    state_statement(state, error, "SELECT time FROM friend WHERE mailbox = ? AND address = lower(?)", "tt", mailbox, address), time, error);
}

int state_friend_forget(struct state *state, const char *mailbox, const char *address, struct error *error)
{
	int64_t time;

	if (state_friend_time(state, mailbox, address, &time, error) != 0)
		return -1;
	if (time == 0)
		return 0;
	return state_finish(state,
		   state_statement(state, error, "DELETE FROM friend WHERE mailbox = ? AND address = lower(?)", "tt", mailbox, address),
		   error) == 0 ? 1 : -1;
}

int state_friends_prune(struct state *state, int64_t before, struct error *error)
{
	if (state_finish(state, state_statement(state, error, "DELETE FROM friend WHERE time < ?", "i", before), error) != 0)
		return -1;
	return state_finish(state,
	    state_statement(state, error,
		"DELETE FROM friend WHERE (mailbox, address) IN (SELECT mailbox, address FROM (SELECT mailbox, address,"
		" row_number() OVER (PARTITION BY mailbox ORDER BY time DESC, address) AS place FROM friend) WHERE place > ?)",
		"i", (int64_t)STATE_FRIENDS_MAX),
	    error);
}

int state_friends(struct state *state, const char *mailbox, state_friend_fn fn, void *context, struct error *error)
{
	return state_rows(state,
	    state_statement(state, error,
		"SELECT mailbox, address, time FROM friend WHERE ?1 = '' OR mailbox = ?1 ORDER BY mailbox, time DESC, address", "t", mailbox),
	    fn, context, error);
}
