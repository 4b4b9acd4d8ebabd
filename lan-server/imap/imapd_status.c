/*
 * STATUS (RFC 9051 section 6.3.11, RFC 7162, RFC 7889), and quotas (RFC 9208).
 */
#include "lan-server/imap/imapd_priv.h"

#include <inttypes.h>

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
	imapd_name_append(imapd, imapd_name_folder(mailbox), out);
	buf_append_text(out, " (");
	for (unsigned i = 0; i < ITEMS; i++) {
		if (!(items & (1u << i)))
			continue;
		if (i == MAILBOXID)
			buf_printf(out, "%sMAILBOXID (" IMAPD_MAILBOXID ")", between, status->uid_validity);
		else
			buf_printf(out, "%s%s %" PRIu64, between, items_of[i], values[i]);
		between = " ";
	}
	buf_append_text(out, ")\r\n");
}

enum imapd_reply imapd_status_send(struct imapd *imapd, const char *mailbox, unsigned items)
{
	struct error error = ERROR_INIT;
	struct folder_status status;
	struct folder *folder;

	if (folder_open(&folder, imapd->options.spool, mailbox, &error) != 0)
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

/* --- quotas: one root, "", for all folders of the user */

static uint64_t limit_of(const struct imapd *imapd)
{
	return (uint64_t)imapd->options.conf->limits.mailbox_quota;
}

static uint64_t used_by(struct imapd *imapd)
{
	return imapd->options.used(imapd->options.context, imapd->dialogue.user);
}

bool imapd_over_quota(struct imapd *imapd, uint64_t more)
{
	return limit_of(imapd) > 0 && used_by(imapd) + more > limit_of(imapd);
}

static void send_quota(struct imapd *imapd)
{
	if (limit_of(imapd) > 0)
		buf_printf(imapd_out(imapd), "* QUOTA \"\" (STORAGE %" PRIu64 " %" PRIu64 ")\r\n", used_by(imapd) / 1024,
		    limit_of(imapd) / 1024);
	else
		buf_append_text(imapd_out(imapd), "* QUOTA \"\" ()\r\n");
}

enum imapd_reply imapd_cmd_getquota(struct imapd *imapd, struct imapd_args *args)
{
	struct slice root = imapd_args_astring(args);

	if (!imapd_args_done(args))
		return IMAPD_SYNTAX;
	if (root.len > 0)
		return IMAPD_NO_SUCH_QUOTA;
	send_quota(imapd);
	return IMAPD_NOTHING_DONE;
}

enum imapd_reply imapd_cmd_getquotaroot(struct imapd *imapd, struct imapd_args *args)
{
	struct buf mailbox = BUF_INIT(NAME_MAX_BYTES);
	enum imapd_reply reply = imapd_name_argument(imapd, args, &mailbox);

	if (reply == IMAPD_NONE)
		reply = imapd_args_done(args) ? imapd_folder_exists(imapd, buf_text(&mailbox)) : IMAPD_SYNTAX;
	if (reply == IMAPD_NONE) {
		buf_append_text(imapd_out(imapd), "* QUOTAROOT ");
		imapd_name_append(imapd, imapd_name_folder(buf_text(&mailbox)), imapd_out(imapd));
		buf_append_text(imapd_out(imapd), " \"\"\r\n");
		send_quota(imapd);
		reply = IMAPD_NOTHING_DONE;
	}
	buf_clear(&mailbox);
	return reply;
}
