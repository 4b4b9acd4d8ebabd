#include "gateway/session/session_request.h"

bool session_request_wants_all(const struct session_request *request)
{
	return request->fetch && request->accounts.count == 0;
}

static void add_names(struct strlist *to, const struct strlist *from)
{
	for (size_t i = 0; i < from->count; i++)
		if (!strlist_has(to, from->items[i]))
			strlist_add(to, from->items[i]);
}

struct session_request session_request_copy(const struct session_request *request)
{
	struct session_request copy = *request;

	copy.accounts = copy.again = (struct strlist){0};
	add_names(&copy.accounts, &request->accounts);
	add_names(&copy.again, &request->again);
	return copy;
}

/* An empty list of accounts means all, if anything must be fetched. */
void session_request_merge(struct session_request *into, const struct session_request *more)
{
	if (session_request_wants_all(into) || session_request_wants_all(more))
		strlist_clear(&into->accounts);
	else
		add_names(&into->accounts, &more->accounts);
	add_names(&into->again, &more->again);
	into->fetch = into->fetch || more->fetch;
	into->send = into->send || more->send;
	into->flush = into->flush || more->flush;
	into->plan = into->plan && more->plan; /* who wants a session gets one */
	into->triggers = into->triggers || more->triggers;
	into->is_housekeeping = into->is_housekeeping && more->is_housekeeping;
}

void session_request_add_account(struct session_request *request, const char *name)
{
	request->fetch = true;
	if (!strlist_has(&request->accounts, name))
		strlist_add(&request->accounts, name);
}

void session_request_clear(struct session_request *request)
{
	strlist_clear(&request->accounts);
	strlist_clear(&request->again);
	*request = (struct session_request){0};
}
