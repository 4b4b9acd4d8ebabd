/*
 * SELECT and EXAMINE, the data that they report of the mailbox, and leaving it.
 */
#include "lan-server/imap/imapd_priv.h"

#include <inttypes.h>

#define NAME_MAX_BYTES 1024

void imapd_leave(struct imapd *imapd)
{
	imapd_idle_end(imapd);
	imapd_view_end(&imapd->view);
	imapd_uids_clear(&imapd->saved);
	if (imapd->state == IMAPD_STATE_SELECTED)
		imapd->state = IMAPD_STATE_KNOWN;
}

void imapd_enable_condstore(struct imapd *imapd)
{
	if (imapd->enabled & IMAPD_CONDSTORE)
		return;
	imapd->enabled |= IMAPD_CONDSTORE;
	if (imapd->state == IMAPD_STATE_SELECTED)
		buf_printf(imapd_out(imapd), "* OK [HIGHESTMODSEQ %" PRIu64 "] Highest\r\n", imapd->view.modseq);
}

/* --- arguments */

struct resync {
	bool wanted;
	uint32_t uid_validity;
	uint64_t modseq;
	struct imapd_set known; /* no ranges: all */
};

/* The numbers and UIDs that the client matches help servers that remember expunged messages by number; ours does not. */
static bool skip_matches(struct imapd_args *args)
{
	imapd_args_set(args);
	imapd_args_space(args);
	imapd_args_set(args);
	imapd_args_expect(args, ')');
	return !args->failed;
}

static bool read_resync(struct imapd_args *args, struct resync *resync)
{
	imapd_args_space(args);
	imapd_args_expect(args, '(');
	resync->wanted = true;
	resync->uid_validity = (uint32_t)imapd_args_number(args, UINT32_MAX);
	imapd_args_space(args);
	resync->modseq = imapd_args_number(args, INT64_MAX);
	if (imapd_args_accept(args, ' ') && !imapd_args_accept(args, '(')) {
		if (!imapd_set_read(imapd_args_set(args), &resync->known) || resync->known.is_saved)
			return false;
		if (imapd_args_accept(args, ' ')) {
			imapd_args_expect(args, '(');
			if (!skip_matches(args))
				return false;
		}
	} else if (imapd_args_peek(args) != ')' && !skip_matches(args)) {
		return false;
	}
	imapd_args_expect(args, ')');
	return !args->failed;
}

static enum imapd_reply read_parameters(struct imapd *imapd, struct imapd_args *args, struct resync *resync)
{
	if (!imapd_args_accept(args, ' '))
		return imapd_args_done(args) ? IMAPD_NONE : IMAPD_SYNTAX;
	imapd_args_expect(args, '(');
	do {
		if (imapd_args_word(args, "CONDSTORE"))
			imapd->enabled |= IMAPD_CONDSTORE;
		else if (!(imapd->enabled & IMAPD_QRESYNC) || resync->wanted || !imapd_args_word(args, "QRESYNC") || !read_resync(args, resync))
			return IMAPD_SYNTAX;
	} while (imapd_args_accept(args, ' '));
	imapd_args_expect(args, ')');
	return imapd_args_done(args) ? IMAPD_NONE : IMAPD_SYNTAX;
}

/* --- the answer */

/* The number of the first message that is not seen; 0: none, or it came just now. */
static size_t first_unseen(const struct imapd_view *view)
{
	uint32_t uid = folder_first_unseen(view->folder);
	size_t place = uid == 0 ? view->uids.count : imapd_view_find(view, uid);

	return place < view->uids.count ? place + 1 : 0;
}

static void send_numbers(struct imapd *imapd, uint32_t uid_next)
{
	const struct imapd_view *view = &imapd->view;
	struct buf *out = imapd_out(imapd);
	size_t unseen = imapd->enabled & IMAPD_REV2 ? 0 : first_unseen(view);

	imapd_flags_announce(imapd, true);
	buf_printf(out, "* %zu EXISTS\r\n", view->uids.count);
	if (!(imapd->enabled & IMAPD_REV2))
		buf_printf(out, "* %zu RECENT\r\n", imapd_view_recent(view));
	if (unseen > 0)
		buf_printf(out, "* OK [UNSEEN %zu] The first unseen message\r\n", unseen);
	buf_printf(out, "* OK [UIDVALIDITY %u] UIDs are valid\r\n* OK [UIDNEXT %u] The next UID\r\n", view->uid_validity, uid_next);
	buf_printf(out, "* OK [HIGHESTMODSEQ %" PRIu64 "] Highest\r\n", view->modseq);
	buf_append_text(out, "* OK [MAILBOXID ");
	imapd_name_id(imapd, view->mailbox, view->uid_validity, out);
	buf_append_text(out, "] Ok\r\n");
	if (imapd->enabled & IMAPD_REV2) {
		buf_append_text(out, "* LIST () \"/\" ");
		imapd_name_append_of(imapd, view->mailbox, out);
		buf_append_text(out, "\r\n");
	}
}

static enum imapd_reply open_mailbox(struct imapd *imapd, const char *mailbox, bool is_examined)
{
	bool is_read_only = is_examined || imapd_share(imapd, mailbox) != SHARE_WRITE;
	struct error error = ERROR_INIT;
	struct folder *folder;
	uint32_t uid_next;

	if (imapd_folder_open(imapd, mailbox, &folder, &error) != 0)
		return imapd_storage_failed(imapd, "select", &error);
	uid_next = folder_uid_next(folder);
	imapd_view_begin(&imapd->view, folder, mailbox, is_read_only);
	imapd->view.keeps_seen = !is_examined;
	if (imapd->enabled & IMAPD_REV2)
		imapd->view.recent_from = UINT32_MAX; /* RFC 9051 has no \Recent */
	imapd->state = IMAPD_STATE_SELECTED;
	send_numbers(imapd, uid_next);
	return is_read_only ? IMAPD_EXAMINED : IMAPD_SELECTED;
}

static enum imapd_reply select_mailbox(struct imapd *imapd, const char *mailbox, bool is_examined, const struct resync *resync)
{
	enum imapd_reply reply = imapd_folder_exists(imapd, mailbox);

	if (imapd->state == IMAPD_STATE_SELECTED) {
		imapd_leave(imapd); /* even if the next one cannot be opened */
		buf_append_text(imapd_out(imapd), "* OK [CLOSED] The previous mailbox is closed\r\n");
	}
	if (reply == IMAPD_NONE)
		reply = open_mailbox(imapd, mailbox, is_examined);
	if (imapd->state == IMAPD_STATE_SELECTED && resync->wanted && resync->uid_validity == imapd->view.uid_validity)
		imapd_resync(imapd, &resync->known, resync->modseq);
	return reply;
}

static enum imapd_reply begin(struct imapd *imapd, struct imapd_args *args, bool is_examined)
{
	struct buf mailbox = BUF_INIT(NAME_MAX_BYTES);
	struct resync resync = {.wanted = false};
	enum imapd_reply reply = imapd_name_argument(imapd, args, &mailbox);

	if (reply == IMAPD_NONE)
		reply = read_parameters(imapd, args, &resync);
	if (reply == IMAPD_NONE)
		reply = select_mailbox(imapd, buf_text(&mailbox), is_examined, &resync);
	imapd_set_clear(&resync.known);
	buf_clear(&mailbox);
	return reply;
}

enum imapd_reply imapd_cmd_select(struct imapd *imapd, struct imapd_args *args)
{
	return begin(imapd, args, false);
}

enum imapd_reply imapd_cmd_examine(struct imapd *imapd, struct imapd_args *args)
{
	return begin(imapd, args, true);
}

enum imapd_reply imapd_cmd_unselect(struct imapd *imapd, struct imapd_args *args)
{
	(void)args;
	imapd_leave(imapd);
	return IMAPD_DONE;
}

/* Messages with \Deleted go, and the client gets no EXPUNGE. */
enum imapd_reply imapd_cmd_close(struct imapd *imapd, struct imapd_args *args)
{
	enum imapd_reply reply = IMAPD_DONE;

	(void)args;
	if (!imapd->view.is_read_only)
		reply = imapd_remove_deleted(imapd, NULL);
	if (reply == IMAPD_DONE)
		imapd_leave(imapd);
	return reply;
}
