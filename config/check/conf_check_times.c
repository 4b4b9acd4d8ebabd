/*
 * Lengths of time that are allowed but rarely intended: usually a mistake in the unit.
 */
#include "base/i18n.h"
#include "config/check/conf_check_priv.h"
#include "config/value.h"

#define DAY 86400

static void check_inbox(const struct check *check, const char *name, const int64_t *expire, bool archive, struct conf_place place)
{
	struct buf age = BUF_INIT(32);

	if (*expire == 0 || *expire >= DAY)
		return;
	value_append_amount(&age, VALUE_DURATION, *expire);
	WARN_AT(check, expire, place,
	    archive ? N_("expire: messages older than %s are moved from mailbox %s to the archive")
		    : N_("expire: messages older than %s are permanently removed from mailbox %s"),
	    buf_text(&age), name);
	buf_clear(&age);
}

static void check_folder(const struct check *check, const char *name, const struct conf_folder_ages *ages, size_t number, bool archive,
    struct conf_place place)
{
	const struct conf_folder_age *folder = &ages->items[number];
	struct buf age = BUF_INIT(32);

	if (folder->seconds == 0 || folder->seconds >= DAY)
		return;
	value_append_amount(&age, VALUE_DURATION, folder->seconds);
	WARN_AT(check, ages, place,
	    archive ? N_("expire_folders: messages older than %s are moved from folder %s of mailbox %s to the archive")
		    : N_("expire_folders: messages older than %s are permanently removed from folder %s of mailbox %s"),
	    buf_text(&age), folder->folder, name);
	buf_clear(&age);
}

static void check_folders(const struct check *check, const char *name, const struct conf_folder_ages *ages, bool archive, struct conf_place place)
{
	for (size_t i = 0; i < ages->count; i++)
		check_folder(check, name, ages, i, archive, place);
}

static void check_smarthost(const struct check *check, const struct conf_smarthost *smarthost)
{
	struct buf age = BUF_INIT(32);

	if (smarthost->expire >= DAY)
		return;
	value_append_amount(&age, VALUE_DURATION, smarthost->expire);
	WARN_AT(check, &smarthost->expire, smarthost->place,
	    N_("expire: messages that cannot be sent within %s are returned to their sender"), buf_text(&age));
	buf_clear(&age);
}

void conf_check_times(const struct check *check)
{
	for (size_t i = 0; i < check->conf->user_count; i++) {
		const struct conf_user *user = &check->conf->users[i];

		check_inbox(check, user->name, &user->expire, user->archive, user->place);
		check_folders(check, user->name, &user->expire_folders, user->archive, user->place);
	}
	for (size_t i = 0; i < check->conf->shared_count; i++) {
		const struct conf_shared *shared = &check->conf->shareds[i];

		check_inbox(check, shared->name, &shared->expire, shared->archive, shared->place);
		check_folders(check, shared->name, &shared->expire_folders, shared->archive, shared->place);
	}
	for (size_t i = 0; i < check->conf->smarthost_count; i++)
		check_smarthost(check, &check->conf->smarthosts[i]);
}
