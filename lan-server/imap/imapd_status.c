/*
 * STATUS (RFC 9051 section 6.3.11, RFC 7162, RFC 7889), and quotas (RFC 9208).
 */
#include "spool/mailbox_name.h"

#include "lan-server/imap/imapd_priv.h"

#include <inttypes.h>
#include <stdlib.h>

#define NAME_MAX_BYTES 1024

enum { MESSAGES, RECENT, UIDNEXT, UIDVALIDITY, UNSEEN, DELETED, SIZE, HIGHESTMODSEQ, APPENDLIMIT, MAILBOXID, ITEMS };

static const char *const items_of[ITEMS] = {
    "MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "DELETED", "SIZE", "HIGHESTMODSEQ", "APPENDLIMIT", "MAILBOXID"};

unsigned imapd_status_items(struct imapd_args *args)
{
	unsigned items = 0;

	imapd_args_expect(args, '(');
	do {
		struct slice name = imapd_args_atom(args);
		size_t i = 0;

		while (i < ITEMS && !slice_is_nocase(name, items_of[i]))
			i++;
		if (args->failed || i == ITEMS)
			return 0;
		items |= 1u << i;
	} while (imapd_args_accept(args, ' '));
	imapd_args_expect(args, ')');
	return args->failed ? 0 : items;
}

static void send_items(struct imapd *imapd, const char *mailbox, unsigned items, const struct folder_status *status)
{
	const uint64_t values[ITEMS] = {
	    [MESSAGES] = status->messages,
	    [UIDNEXT] = status->uid_next,
	    [UIDVALIDITY] = status->uid_validity,
	    [UNSEEN] = status->unseen,
	    [DELETED] = status->deleted,
	    [SIZE] = status->size,
	    [HIGHESTMODSEQ] = status->highest_modseq,
	    [APPENDLIMIT] = (uint64_t)imapd->options.conf->limits.max_message_size,
	};
	struct buf *out = imapd_out(imapd);
	const char *between = "";

	buf_append_text(out, "* STATUS ");
	imapd_name_append_of(imapd, mailbox, out);
	buf_append_text(out, " (");
	for (unsigned i = 0; i < ITEMS; i++) {
		if (!(items & (1u << i)))
			continue;
		if (i == MAILBOXID) {
			buf_printf(out, "%sMAILBOXID ", between);
			imapd_name_id(imapd, mailbox, status->uid_validity, out);
		} else {
			buf_printf(out, "%s%s %" PRIu64, between, items_of[i], values[i]);
		}
		between = " ";
	}
	buf_append_text(out, ")\r\n");
}

enum imapd_reply imapd_status_send(struct imapd *imapd, const char *mailbox, unsigned items)
{
	struct error error = ERROR_INIT;
	struct folder_status status;
	struct folder *folder;

	if (imapd_folder_open(imapd, mailbox, &folder, &error) != 0)
		return imapd_storage_failed(imapd, "open", &error);
	folder_status(folder, items & (1u << SIZE), &status);
	folder_close(folder);
	send_items(imapd, mailbox, items, &status);
	return IMAPD_NOTHING_DONE;
}

enum imapd_reply imapd_folder_exists(struct imapd *imapd, const char *mailbox)
{
	struct error error = ERROR_INIT;
	int exists = folder_exists(imapd->options.spool, mailbox, &error);

	if (exists < 0)
		return imapd_storage_failed(imapd, "look", &error);
	return exists > 0 ? IMAPD_NONE : IMAPD_NO_SUCH_FOLDER;
}

enum imapd_reply imapd_cmd_status(struct imapd *imapd, struct imapd_args *args)
{
	struct buf mailbox = BUF_INIT(NAME_MAX_BYTES);
	enum imapd_reply reply = imapd_name_argument(imapd, args, &mailbox);
	unsigned items = 0;

	if (reply == IMAPD_NONE) {
		imapd_args_space(args);
		items = imapd_status_items(args);
		reply = items != 0 && imapd_args_done(args) ? imapd_folder_exists(imapd, buf_text(&mailbox)) : IMAPD_SYNTAX;
	}
	if (reply == IMAPD_NONE && (items & (1u << HIGHESTMODSEQ)))
		imapd_enable_condstore(imapd);
	if (reply == IMAPD_NONE)
		reply = imapd_status_send(imapd, buf_text(&mailbox), items);
	buf_clear(&mailbox);
	return reply;
}

/* --- quotas: a root for each mailbox with its folders: "", and "Shared/info" */

/* The user part of a mailbox; new memory. */
static char *owner_of(const char *mailbox)
{
	return slice_dup(mailbox_name_user(slice_of(mailbox)));
}

static uint64_t limit_of(const struct imapd *imapd, const char *owner)
{
	return (uint64_t)conf_mailbox_quota(imapd->options.conf, owner);
}

static uint64_t used_by(struct imapd *imapd, const char *owner)
{
	return imapd->options.used(imapd->options.context, owner);
}

bool imapd_over_quota(struct imapd *imapd, const char *mailbox, uint64_t more)
{
	char *owner = owner_of(mailbox);
	uint64_t limit = limit_of(imapd, owner);
	bool is_over = limit > 0 && used_by(imapd, owner) + more > limit;

	free(owner);
	return is_over;
}

static void append_root(struct imapd *imapd, const char *owner, struct buf *out)
{
	if (imapd_is_own(imapd, owner))
		buf_append_text(out, "\"\"");
	else
		imapd_name_append_of(imapd, owner, out);
}

static void send_quota(struct imapd *imapd, const char *owner)
{
	struct buf *out = imapd_out(imapd);
	uint64_t limit = limit_of(imapd, owner);

	buf_append_text(out, "* QUOTA ");
	append_root(imapd, owner, out);
	if (limit > 0)
		buf_printf(out, " (STORAGE %" PRIu64 " %" PRIu64 ")\r\n", used_by(imapd, owner) / 1024, limit / 1024);
	else
		buf_append_text(out, " ()\r\n");
}

enum imapd_reply imapd_cmd_getquota(struct imapd *imapd, struct imapd_args *args)
{
	struct buf mailbox = BUF_INIT(NAME_MAX_BYTES);
	struct slice root = imapd_args_astring(args);
	enum imapd_reply reply = imapd_args_done(args) ? IMAPD_NOTHING_DONE : IMAPD_SYNTAX;

	if (reply == IMAPD_NOTHING_DONE && root.len == 0)
		buf_append_text(&mailbox, imapd->dialogue.user);
	else if (reply == IMAPD_NOTHING_DONE && (imapd_name_read(imapd, root, &mailbox) != IMAPD_NONE || imapd_is_own(imapd, buf_text(&mailbox)) ||
						    strchr(buf_text(&mailbox), '/') != NULL))
		reply = IMAPD_NO_SUCH_QUOTA;
	if (reply == IMAPD_NOTHING_DONE)
		send_quota(imapd, buf_text(&mailbox));
	buf_clear(&mailbox);
	return reply;
}

enum imapd_reply imapd_cmd_getquotaroot(struct imapd *imapd, struct imapd_args *args)
{
	struct buf mailbox = BUF_INIT(NAME_MAX_BYTES);
	enum imapd_reply reply = imapd_name_argument(imapd, args, &mailbox);

	if (reply == IMAPD_NONE)
		reply = imapd_args_done(args) ? imapd_folder_exists(imapd, buf_text(&mailbox)) : IMAPD_SYNTAX;
	if (reply == IMAPD_NONE) {
		char *owner = owner_of(buf_text(&mailbox));

		buf_append_text(imapd_out(imapd), "* QUOTAROOT ");
		imapd_name_append_of(imapd, buf_text(&mailbox), imapd_out(imapd));
		buf_append_byte(imapd_out(imapd), ' ');
		append_root(imapd, owner, imapd_out(imapd));
		buf_append_text(imapd_out(imapd), "\r\n");
		send_quota(imapd, owner);
		free(owner);
		reply = IMAPD_NOTHING_DONE;
	}
	buf_clear(&mailbox);
	return reply;
}
