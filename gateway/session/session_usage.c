/*
 * Who has used the line in a session: each account by what its connections have carried, the smarthosts' together, and the users by their
 * messages (mail/usage.h).
 */
#include "gateway/session/session_priv.h"

#include "base/clock.h"
#include "mail/usage.h"

struct division {
	struct session_result *result;
	double price_per_byte;
};

static void add(struct division *division, struct usage_part part)
{
	part.price = division->price_per_byte * (double)(part.bytes.received + part.bytes.sent);
	usage_add(division->result->usage, &part);
}

void session_usage_count(struct session *session, int64_t price, int64_t seconds)
{
	struct session_result *result = &session->result;
	const struct remote_bytes all = session_result_bytes(result);
	const struct byte_shares nobody = {NULL, 0};
	struct division division = {result, 0};

	if (all.received + all.sent == 0 && price == 0)
		return;
	result->usage = usage_new();
	if (all.received + all.sent > 0)
		division.price_per_byte = (double)price / LINE_PRICE_UNIT / (double)(all.received + all.sent);
	else /* it was only dialled */
		usage_add(result->usage, &(struct usage_part){.account = "", .price = (double)price / LINE_PRICE_UNIT, .shares = &nobody});
	for (size_t i = 0; i < result->account_count; i++) {
		const struct fetch_result *fetched = &result->accounts[i].fetched;

		add(&division, (struct usage_part){.account = result->accounts[i].account->name,
		    .bytes = {fetched->line_received, fetched->line_sent}, .shares = &fetched->shares, .messages = fetched->fetched});
	}
	add(&division, (struct usage_part){.account = "", .bytes = {result->line_received, result->line_sent},
	    .shares = &result->sent.shares, .messages = result->sent.sent, .is_outgoing = true});
	add(&division, (struct usage_part){.account = "", .bytes = {result->while_up.bytes.received, result->while_up.bytes.sent}, .shares = &nobody});
	usage_add_session(result->usage, session->conf->line.way, all, seconds, (double)price / LINE_PRICE_UNIT);
	usage_store(result->usage, session->conf, session->spool.state, clock_wall());
	usage_shorten(result->usage);
}
