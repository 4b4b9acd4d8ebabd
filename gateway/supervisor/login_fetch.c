#include "gateway/supervisor/login_fetch.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "config/conf_folders.h"
#include "gateway/supervisor/schedule.h"

#include <stdlib.h>

#define NEVER (-1)		   /* no session has fetched it yet */
#define BEING_FETCHED INT64_MAX

void login_fetch_start(struct login_fetch *logins, const struct conf *conf)
{
	*logins = (struct login_fetch){.fetched = xcalloc(conf->account_count + 1, sizeof(*logins->fetched))};
	for (size_t i = 0; i < conf->account_count; i++)
		logins->fetched[i] = NEVER;
}

void login_fetch_clear(struct login_fetch *logins)
{
	free(logins->fetched);
	*logins = (struct login_fetch){0};
}

static void note(struct login_fetch *logins, const struct conf *conf, const struct session_request *request, int64_t fetched)
{
	for (size_t i = 0; request->fetch && !request->plan && i < conf->account_count; i++)
		if (session_request_wants_all(request) || strlist_has(&request->accounts, conf->accounts[i].name))
			logins->fetched[i] = fetched;
}

void login_fetch_session_begins(struct login_fetch *logins, const struct conf *conf, const struct session_request *request)
{
	note(logins, conf, request, BEING_FETCHED);
}

void login_fetch_session_ended(struct login_fetch *logins, const struct conf *conf, const struct session_request *request, int64_t steady)
{
	note(logins, conf, request, steady);
}

void login_fetch_pause(struct login_fetch *logins, int64_t wall)
{
	logins->paused_on = clock_day(wall);
}

/* Whether the mail of one of its folders goes to this user (folders_to). */
static bool has_folder_for(const struct conf_account *account, const char *user)
{
	for (size_t i = 0; i < account->folders_to.count; i++) {
		struct slice target = slice_of(conf_folders_entry_target(account->folders_to.items[i]));

		if (slice_is(slice_cut(&target, '/'), user))
			return true;
	}
	return false;
}

/* Whether mail of the account goes to this user, as far as can be said before it is fetched. */
static bool is_of(const struct conf *conf, const struct conf_account *account, const char *user)
{
	const struct conf_user *owner;

	if (has_folder_for(account, user))
		return true;
	if (account->deliver_to.count > 0)
		return conf_users_have(conf, &account->deliver_to, user);
	if (account->envelope_header[0] != '\0') /* the mail of a whole domain */
		return true;
	owner = conf_owner_of(conf, slice_of(account->remote.user));
	return owner == NULL || strcmp(owner->name, user) == 0 || conf_users_have(conf, &account->unsorted_to, user);
}

static bool rests(const struct login_fetch *logins, const struct conf *conf, size_t account, int64_t steady)
{
	int64_t fetched = logins->fetched[account];

	return fetched == BEING_FETCHED || (fetched != NEVER && steady - fetched < conf->schedule.fetch_on_login_rest);
}

bool login_fetch_take(
    const struct login_fetch *logins, const struct conf *conf, const char *user, struct moment now, struct session_request *request)
{
	size_t before = request->accounts.count;

	if (!conf->schedule.fetch_on_login || logins->paused_on == clock_day(now.wall) ||
	    schedule_next_allowed(&conf->schedule, now.wall) != now.wall)
		return false;
	for (size_t i = 0; i < conf->account_count; i++) {
		const struct conf_account *account = &conf->accounts[i];

		if (account->enabled && !rests(logins, conf, i, now.steady) && is_of(conf, account, user))
			session_request_add_account(request, account->name);
	}
	return request->accounts.count > before;
}
