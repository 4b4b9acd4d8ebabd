/*
 * CREATE, DELETE, RENAME and subscriptions.
 */
#include "base/alloc.h"
#include "base/log.h"
#include "message/imap/folder_use.h"
#include "spool/mailbox_name.h"

#include "lan-server/imap/imapd_priv.h"

#include <stdlib.h>

#define NAME_MAX_BYTES 1024

/* Without the separator at the end by which some clients announce that they will create more below. */
static struct slice create_name(struct imapd_args *args)
{
	struct slice name = imapd_args_astring(args);

	if (name.len > 1 && name.ptr[name.len - 1] == '/')
		name.len--;
	return name;
}

/* (USE (\Sent)), RFC 6154 section 3: the name alone decides which use a folder has. */
static enum imapd_reply check_use(struct imapd *imapd, struct imapd_args *args, const char *mailbox)
{
	char *name = imapd_name_shown(imapd, mailbox);
	size_t rank;
	const char *use = folder_use(name, &rank);

	free(name);
	imapd_args_expect(args, '(');
	if (!imapd_args_word(args, "USE"))
		return IMAPD_SYNTAX;
	imapd_args_space(args);
	imapd_args_expect(args, '(');
	do {
		struct slice wanted = imapd_args_flag(args);

		if (!args->failed && (use == NULL || !slice_is_nocase(wanted, use)))
			return IMAPD_NO_SUCH_USE;
	} while (imapd_args_accept(args, ' '));
	imapd_args_expect(args, ')');
	imapd_args_expect(args, ')');
	return args->failed ? IMAPD_SYNTAX : IMAPD_NONE;
}

static void note_id(struct imapd *imapd, const char *mailbox)
{
	struct error error = ERROR_INIT;
	struct folder *folder;

	if (folder_open(&folder, imapd->options.spool, mailbox, &error) != 0)
		return;
	buf_append_text(&imapd->code, "MAILBOXID ");
	imapd_name_id(imapd, mailbox, folder_uid_validity(folder), &imapd->code);
	folder_close(folder);
}

/* Names above it that do not exist appear by themselves (RFC 9051 section 6.3.4: the server should create them, or list them). */
static enum imapd_reply create(struct imapd *imapd, const char *mailbox)
{
	const struct spool *spool = imapd->options.spool;
	enum imapd_reply refusal = imapd_may_create(imapd, mailbox);
	struct error error = ERROR_INIT;
	int exists = folder_exists(spool, mailbox, &error);

	if (exists > 0)
		return IMAPD_FOLDER_EXISTS;
	if (refusal != IMAPD_NONE)
		return refusal;
	if (!imapd_has_room(imapd, 0))
		return IMAPD_DISK_FULL;
	if (exists == 0 && folder_create(spool, mailbox, &error) == 0) {
		note_id(imapd, mailbox);
		log_info("event=imap-folder-created session=%s mailbox=%s", imapd->options.session, LOG_CSTR(mailbox));
		return IMAPD_DONE;
	}
	return error.class == ERROR_PERMANENT ? IMAPD_FOLDER_EXISTS : imapd_storage_failed(imapd, "create", &error);
}

enum imapd_reply imapd_cmd_create(struct imapd *imapd, struct imapd_args *args)
{
	struct buf mailbox = BUF_INIT(NAME_MAX_BYTES);
	struct slice wire = create_name(args);
	enum imapd_reply reply = args->failed ? IMAPD_SYNTAX : imapd_name_read(imapd, wire, &mailbox);

	if (reply == IMAPD_NONE && imapd_args_accept(args, ' '))
		reply = check_use(imapd, args, buf_text(&mailbox));
	if (reply == IMAPD_NONE)
		reply = imapd_args_done(args) ? create(imapd, buf_text(&mailbox)) : IMAPD_SYNTAX;
	buf_clear(&mailbox);
	return reply;
}

/* Whether there are folders below this one. -1: not known. */
static int has_children(struct imapd *imapd, const char *mailbox, struct error *error)
{
	struct strlist names = {.items = NULL};
	char *user = slice_dup(mailbox_name_user(slice_of(mailbox)));
	char *prefix = xasprintf("%.*s/", SLICE_PRINT(mailbox_name_folder(slice_of(mailbox))));
	int result = folder_names(imapd->options.spool, user, &names, error);

	for (size_t i = 0; i < names.count && result == 0; i++)
		result = strncmp(names.items[i], prefix, strlen(prefix)) == 0;
	strlist_clear(&names);
	free(prefix);
	free(user);
	return result;
}

/* Why there is no such folder, as a reply. */
static enum imapd_reply missing(struct imapd *imapd, const char *mailbox)
{
	struct error error = ERROR_INIT;
	int children = has_children(imapd, mailbox, &error);

	if (children < 0)
		return imapd_storage_failed(imapd, "list", &error);
	return children > 0 ? IMAPD_FOLDER_HAS_CHILDREN : IMAPD_NO_SUCH_FOLDER;
}

enum imapd_reply imapd_cmd_delete(struct imapd *imapd, struct imapd_args *args)
{
	struct buf mailbox = BUF_INIT(NAME_MAX_BYTES);
	enum imapd_reply reply = imapd_name_argument(imapd, args, &mailbox);
	struct error error = ERROR_INIT;
	int exists = 1;

	if (reply == IMAPD_NONE && !imapd_args_done(args))
		reply = IMAPD_SYNTAX;
	if (reply == IMAPD_NONE && strchr(buf_text(&mailbox), '/') == NULL)
		reply = IMAPD_INBOX_STAYS;
	if (reply == IMAPD_NONE)
		reply = imapd_outbox_check(imapd, buf_text(&mailbox));
	if (reply == IMAPD_NONE)
		exists = folder_exists(imapd->options.spool, buf_text(&mailbox), &error);
	if (reply == IMAPD_NONE && exists == 0)
		reply = missing(imapd, buf_text(&mailbox));
	if (reply == IMAPD_NONE)
		reply = imapd_may_change(imapd, buf_text(&mailbox));
	if (reply == IMAPD_NONE) {
		if (imapd->state == IMAPD_STATE_SELECTED && strcmp(imapd->view.mailbox, buf_text(&mailbox)) == 0)
			imapd_leave(imapd);
		reply = exists > 0 && folder_delete(imapd->options.spool, buf_text(&mailbox), &error) == 0
			    ? IMAPD_DONE
			    : imapd_storage_failed(imapd, "delete", &error);
	}
	if (reply == IMAPD_DONE)
		log_info("event=imap-folder-deleted session=%s mailbox=%s", imapd->options.session, LOG_CSTR(buf_text(&mailbox)));
	buf_clear(&mailbox);
	return reply;
}

/* A shared mailbox stays whole; folders stay in their mailbox. */
static enum imapd_reply may_rename(struct imapd *imapd, const char *from, const char *to)
{
	enum imapd_reply reply = imapd_may_change(imapd, from);

	if (reply == IMAPD_NONE)
		reply = imapd_may_create(imapd, to);
	if (reply == IMAPD_NONE && (!slice_equal(mailbox_name_user(slice_of(from)), mailbox_name_user(slice_of(to))) ||
				       (!imapd_is_own(imapd, from) && strchr(from, '/') == NULL)))
		reply = IMAPD_OTHER_MAILBOX;
	return reply;
}

static enum imapd_reply rename_folder(struct imapd *imapd, const char *from, const char *to)
{
	const struct spool *spool = imapd->options.spool;
	struct error error = ERROR_INIT;
	int source = folder_exists(spool, from, &error), target = folder_exists(spool, to, &error);
	enum imapd_reply reply;

	if (source < 0 || target < 0)
		return imapd_storage_failed(imapd, "rename", &error);
	if (target > 0)
		return IMAPD_FOLDER_EXISTS;
	reply = may_rename(imapd, from, to);
	if (reply != IMAPD_NONE)
		return reply;
	reply = source > 0 ? IMAPD_NONE : missing(imapd, from);
	if (reply != IMAPD_NONE && reply != IMAPD_FOLDER_HAS_CHILDREN) /* a name with folders below it is renamed with them */
		return reply;
	if (strncmp(to, from, strlen(from)) == 0 && to[strlen(from)] == '/' && strchr(from, '/') != NULL)
		return IMAPD_FOLDER_NAME; /* below itself */
	if (imapd->state == IMAPD_STATE_SELECTED && strcmp(imapd->view.mailbox, from) == 0 && strchr(from, '/') != NULL)
		imapd_leave(imapd);
	if (folder_rename(spool, from, to, &error) != 0)
		return error.class == ERROR_PERMANENT ? IMAPD_FOLDER_EXISTS : imapd_storage_failed(imapd, "rename", &error);
	log_info("event=imap-folder-renamed session=%s from=%s to=%s", imapd->options.session, LOG_CSTR(from), LOG_CSTR(to));
	return IMAPD_DONE;
}

enum imapd_reply imapd_cmd_rename(struct imapd *imapd, struct imapd_args *args)
{
	struct buf from = BUF_INIT(NAME_MAX_BYTES), to = BUF_INIT(NAME_MAX_BYTES);
	enum imapd_reply reply = imapd_name_argument(imapd, args, &from);

	if (reply == IMAPD_NONE) {
		imapd_args_space(args);
		reply = imapd_name_argument(imapd, args, &to);
	}
	if (reply == IMAPD_NONE)
		reply = imapd_outbox_check(imapd, buf_text(&from));
	if (reply == IMAPD_NONE)
		reply = imapd_args_done(args) ? rename_folder(imapd, buf_text(&from), buf_text(&to)) : IMAPD_SYNTAX;
	buf_clear(&from);
	buf_clear(&to);
	return reply;
}

/* --- subscriptions: of any name (RFC 3501 section 6.3.6) */

static enum imapd_reply subscribe(struct imapd *imapd, struct imapd_args *args, bool on)
{
	struct buf mailbox = BUF_INIT(NAME_MAX_BYTES);
	enum imapd_reply reply = imapd_name_argument(imapd, args, &mailbox);
	struct error error = ERROR_INIT;

	if (reply == IMAPD_NONE && !imapd_args_done(args))
		reply = IMAPD_SYNTAX;
	if (reply == IMAPD_NONE) {
		char *name = imapd_name_shown(imapd, buf_text(&mailbox));

		reply = folder_subscribe(imapd->options.spool, imapd->dialogue.user, name, on, &error) == 0
			    ? IMAPD_DONE
			    : imapd_storage_failed(imapd, "subscribe", &error);
		free(name);
	}
	buf_clear(&mailbox);
	return reply;
}

enum imapd_reply imapd_cmd_subscribe(struct imapd *imapd, struct imapd_args *args)
{
	return subscribe(imapd, args, true);
}

enum imapd_reply imapd_cmd_unsubscribe(struct imapd *imapd, struct imapd_args *args)
{
	return subscribe(imapd, args, false);
}
