/* Messages that users request by mail: the original message of a stub. */
#include "base/clock.h"
#include "config/conf_folders.h"
#include "fetcher/fetch.h"
#include "fetcher/fetch_priv.h"
#include "message/stub_reply.h"

#include <stdlib.h>

/* The first enabled account that fetches this mailbox, else a disabled one. */
static const struct conf_account *account_of(const struct conf *conf, const char *mailbox)
{
	const struct conf_account *found = NULL;

	for (size_t i = 0; i < conf->account_count; i++) {
		const struct conf_account *account = &conf->accounts[i];

		if (conf_folders_of_mailbox(account, mailbox) != NULL && (found == NULL || (!found->enabled && account->enabled)))
			found = account;
	}
	return found;
}

static int want(struct state *state, const char *mailbox, const char *key, struct error *error)
{
	const struct seen what = {.time = clock_wall()};
	char *wanted = plan_wanted_key(key);
	int result = state_seen_add(state, mailbox, slice_of(wanted), "", &what, error);

	free(wanted);
	return result;
}

char *fetch_wanted_whole(struct state *state, const char *id)
{
	char *mailbox, *uidl, *whole = NULL;
	struct error error;
	int64_t time;
	const char *key;

	if (state_seen_find(state, id, &mailbox, &uidl, &error) != 0)
		return NULL;
	key = uidl == NULL ? NULL : plan_behind_stub(uidl);
	if (key != NULL)
		state_seen_get(state, mailbox, slice_of(key), &whole, &time, &error);
	free(mailbox);
	free(uidl);
	return whole;
}

/* The request may have come when the message was just being delivered. */
bool fetch_wanted_is_there(const struct spool *spool, const char *user, const char *id)
{
	char *whole = fetch_wanted_whole(spool->state, id);
	struct mailbox_copies copies = {.count = 0};
	struct error error;
	bool is_there = whole != NULL && mailbox_copies(spool, user, whole, STUB_KEYWORD, &copies, &error) == 0 && copies.count > 0;

	mailbox_copies_clear(&copies);
	free(whole);
	if (!is_there)
		return false;
	fetch_replace_remove_stubs(spool, user, id);
	stub_origin_forget(spool->state, user, id);
	return true;
}

int fetch_wanted_add(const struct conf *conf, struct state *state, const char *id, const struct conf_account **account,
    struct error *error)
{
	char *mailbox, *uidl;
	const char *key;
	int result = state_seen_find(state, id, &mailbox, &uidl, error);

	*account = NULL;
	if (result != 0)
		return -1;
	key = uidl == NULL ? NULL : plan_behind_stub(uidl);
	if (key != NULL)
		*account = account_of(conf, mailbox);
	if (*account != NULL)
		result = want(state, mailbox, key, error);
	free(mailbox);
	free(uidl);
	return result;
}
