/*
 * Lengths of time that are allowed but rarely intended: usually a mistake in the unit.
 */
#include "base/i18n.h"
#include "config/conf_check_priv.h"
#include "config/value.h"

#define DAY 86400

static void check_inbox(const struct check *check, const struct conf_user *user)
{
	struct buf age = BUF_INIT(32);

	if (user->expire == 0 || user->expire >= DAY)
		return;
	value_append_amount(&age, VALUE_DURATION, user->expire);
	WARN_AT(check, &user->expire, user->place,
	    user->archive ? N_("expire: messages older than %s are moved from the mailbox of user "
	        "%s to the archive")
			  : N_("expire: messages older than %s are permanently removed from the "
			      "mailbox of user %s"),
	    buf_text(&age), user->name);
	buf_clear(&age);
}

static void check_folder(const struct check *check, const struct conf_user *user, const struct conf_folder_age *folder)
{
	struct buf age = BUF_INIT(32);

	if (folder->seconds == 0 || folder->seconds >= DAY)
		return;
	value_append_amount(&age, VALUE_DURATION, folder->seconds);
	WARN_AT(check, &user->expire_folders, user->place,
	    user->archive ? N_("expire_folders: messages older than %s are moved from the folder %s of user %s to the archive")
			  : N_("expire_folders: messages older than %s are permanently removed from the folder %s of user %s"),
	    buf_text(&age), folder->folder, user->name);
	buf_clear(&age);
}

static void check_user(const struct check *check, const struct conf_user *user)
{
	check_inbox(check, user);
	for (size_t i = 0; i < user->expire_folders.count; i++)
		check_folder(check, user, &user->expire_folders.items[i]);
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
	for (size_t i = 0; i < check->conf->user_count; i++)
		check_user(check, &check->conf->users[i]);
	for (size_t i = 0; i < check->conf->smarthost_count; i++)
		check_smarthost(check, &check->conf->smarthosts[i]);
}
