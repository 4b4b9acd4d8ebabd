/*
 * Shared mailboxes: which the user sees, and what they may do there. Rights are those of the configuration as it is now.
 */
#include "base/log.h"
#include "spool/mailbox_name.h"

#include "lan-server/imap/imapd_priv.h"

#include <stdlib.h>

/* --- the configuration */

static void with_conf(const struct imapd *imapd, void (*fn)(const struct conf *conf, void *own), void *own)
{
	if (imapd->options.with_conf != NULL)
		imapd->options.with_conf(imapd->options.context, fn, own);
	else
		fn(imapd->options.conf, own);
}

struct question {
	const char *user;
	char *mailbox;
	struct strlist *names;
	enum conf_share share;
	bool any;
};

static void find_share(const struct conf *conf, void *own)
{
	struct question *question = own;

	question->share = conf_share_of(conf, question->mailbox, question->user);
}

bool imapd_is_own(const struct imapd *imapd, const char *mailbox)
{
	return slice_is(mailbox_name_user(slice_of(mailbox)), imapd->dialogue.user);
}

enum conf_share imapd_share(const struct imapd *imapd, const char *mailbox)
{
	struct question question = {.user = imapd->dialogue.user};

	if (imapd_is_own(imapd, mailbox))
		return SHARE_WRITE;
	question.mailbox = slice_dup(mailbox_name_user(slice_of(mailbox)));
	with_conf(imapd, find_share, &question);
	free(question.mailbox);
	return question.share;
}

static void find_names(const struct conf *conf, void *own)
{
	struct question *question = own;

	for (size_t i = 0; i < conf->shared_count; i++)
		if (conf_share_of(conf, conf->shareds[i].name, question->user) != SHARE_NONE)
			strlist_add(question->names, conf->shareds[i].name);
}

void imapd_shared_names(const struct imapd *imapd, struct strlist *names)
{
	struct question question = {.user = imapd->dialogue.user, .names = names};

	with_conf(imapd, find_names, &question);
}

static void find_any(const struct conf *conf, void *own)
{
	((struct question *)own)->any = conf->shared_count > 0;
}

bool imapd_has_shared(const struct imapd *imapd)
{
	struct question question = {.any = false};

	with_conf(imapd, find_any, &question);
	return question.any;
}

/* --- rights */

enum imapd_reply imapd_may_change(const struct imapd *imapd, const char *mailbox)
{
	return imapd_share(imapd, mailbox) == SHARE_WRITE ? IMAPD_NONE : IMAPD_NO_RIGHT;
}

enum imapd_reply imapd_may_create(const struct imapd *imapd, const char *mailbox)
{
	struct slice folder = mailbox_name_folder(slice_of(mailbox));
	struct slice top = slice_cut(&folder, '/');

	if (imapd_is_own(imapd, mailbox) && slice_is(top, IMAPD_SHARED) && imapd_has_shared(imapd))
		return IMAPD_SHARED_NAME;
	return imapd_may_change(imapd, mailbox);
}

enum imapd_reply imapd_check_access(struct imapd *imapd)
{
	struct imapd_view *view = &imapd->view;
	enum conf_share share;

	if (imapd->state != IMAPD_STATE_SELECTED)
		return IMAPD_NONE;
	share = imapd_share(imapd, view->mailbox);
	if (share == SHARE_READ)
		view->is_read_only = true;
	if (share != SHARE_NONE)
		return IMAPD_NONE;
	log_info("event=imap-access-ended session=%s user=%s mailbox=%s", imapd->options.session, imapd->dialogue.user, LOG_CSTR(view->mailbox));
	imapd_leave(imapd);
	return IMAPD_ACCESS_ENDED;
}

/* --- folders */

int imapd_folder_open(const struct imapd *imapd, const char *mailbox, struct folder **folder, struct error *error)
{
	if (imapd_is_own(imapd, mailbox))
		return folder_open(folder, imapd->options.spool, mailbox, error);
	return folder_open_shared(folder, imapd->options.spool, mailbox, imapd->dialogue.user, error);
}

static int add_folders(struct imapd *imapd, const char *shared, struct strlist *all, struct error *error)
{
	struct strlist names = {NULL, 0};
	char *name = imapd_name_shown(imapd, shared);
	int result = folder_names(imapd->options.spool, shared, &names, error);

	strlist_add(all, name);
	free(name);
	for (size_t i = 0; i < names.count; i++) {
		char *mailbox = mailbox_name_of(shared, names.items[i]);

		name = imapd_name_shown(imapd, mailbox);
		strlist_add(all, name);
		free(name);
		free(mailbox);
	}
	strlist_clear(&names);
	return result;
}

void imapd_join_shared(struct imapd *imapd)
{
	struct strlist shared = {NULL, 0}, names = {NULL, 0};
	struct error error = ERROR_INIT;
	int result = 0;

	imapd_shared_names(imapd, &shared);
	for (size_t i = 0; i < shared.count && result == 0; i++)
		result = add_folders(imapd, shared.items[i], &names, &error);
	if (result != 0 || folder_subscribe_new(imapd->options.spool, imapd->dialogue.user, &names, &error) != 0)
		imapd_storage_failed(imapd, "join", &error);
	strlist_clear(&names);
	strlist_clear(&shared);
}
