#include "lan-server/imap/imapd_view.h"

#include "base/alloc.h"
#include "base/log.h"

#include "lan-server/imap/imapd_priv.h"

#include <inttypes.h>
#include <stdlib.h>

#define LOOKED_AT 512 /* messages at a time */

void imapd_view_begin(struct imapd_view *view, struct folder *folder, const char *mailbox, bool is_read_only)
{
	*view = (struct imapd_view){
	    .folder = folder,
	    .mailbox = xstrdup(mailbox),
	    .is_read_only = is_read_only,
	    .uid_validity = folder_uid_validity(folder),
	    .modseq = folder_modseq(folder),
	};
	view->uids.count = folder_uids(folder, &view->uids.items);
	view->recent_from = is_read_only ? UINT32_MAX : folder_take_recent(folder);
}

void imapd_view_end(struct imapd_view *view)
{
	if (view->folder != NULL)
		folder_close(view->folder);
	imapd_uids_clear(&view->uids);
	free(view->known.items);
	free(view->mailbox);
	*view = (struct imapd_view){.folder = NULL};
}

size_t imapd_view_recent(const struct imapd_view *view)
{
	size_t count = 0;

	for (size_t i = view->uids.count; i > 0 && view->uids.items[i - 1] >= view->recent_from; i--)
		count++;
	return count;
}

/* --- what has gone */

static void tell_expunged(struct imapd *imapd, size_t place, struct imapd_uids *vanished)
{
	if (imapd->enabled & IMAPD_QRESYNC)
		imapd_uids_add(vanished, imapd->view.uids.items[place]);
	else
		buf_printf(imapd_out(imapd), "* %zu EXPUNGE\r\n", place + 1);
}

static void tell_vanished(struct imapd *imapd, struct imapd_uids *vanished)
{
	struct buf *out = imapd_out(imapd);

	for (size_t low = 0, high = vanished->count; high > 0 && low < high - 1; low++, high--) { /* collected from the end */
		uint32_t uid = vanished->items[low];

		vanished->items[low] = vanished->items[high - 1];
		vanished->items[high - 1] = uid;
	}
	if (vanished->count > 0) {
		buf_append_text(out, "* VANISHED ");
		imapd_uids_append(vanished->items, vanished->count, out);
		buf_append_text(out, "\r\n");
	}
	imapd_uids_clear(vanished);
}

/* From the last to the first, so that each number is the one before. */
static void drop_gone(struct imapd *imapd, const struct imapd_uids *now)
{
	struct imapd_view *view = &imapd->view;
	struct imapd_uids vanished = {.items = NULL};
	size_t i = view->uids.count, j = now->count, kept = 0;

	while (i > 0) {
		i--;
		while (j > 0 && now->items[j - 1] > view->uids.items[i])
			j--;
		if (j == 0 || now->items[j - 1] != view->uids.items[i]) {
			tell_expunged(imapd, i, &vanished);
			view->uids.items[i] = 0;
		}
	}
	for (i = 0; i < view->uids.count; i++)
		if (view->uids.items[i] != 0)
			view->uids.items[kept++] = view->uids.items[i];
	view->uids.count = kept;
	tell_vanished(imapd, &vanished);
}

/* --- what has changed */

static void tell_flags(struct imapd *imapd, size_t place, const struct folder_message *message)
{
	struct buf *out = imapd_out(imapd);
	bool with_uid = imapd->uid || (imapd->enabled & IMAPD_QRESYNC), with_modseq = imapd->enabled & (IMAPD_CONDSTORE | IMAPD_QRESYNC);
	bool is_quiet = imapd_uids_has(&imapd->quiet, message->uid);

	if (is_quiet && !with_modseq)
		return;
	buf_printf(out, "* %zu FETCH (", place + 1);
	if (with_uid)
		buf_printf(out, "UID %u ", message->uid);
	if (with_modseq)
		buf_printf(out, "MODSEQ (%" PRIu64 ")%s", message->modseq, is_quiet ? "" : " ");
	if (!is_quiet) {
		buf_append_text(out, "FLAGS ");
		imapd_flags_append(&imapd->view, message->flags, message->uid >= imapd->view.recent_from, out);
	}
	buf_append_text(out, ")\r\n");
}

/* The next messages of the report, up to LOOKED_AT; returns how many of them fit. */
static size_t tell_some(struct imapd *imapd, size_t count)
{
	const struct imapd_view *view = &imapd->view;
	const size_t *places = view->known.items;
	struct folder_message messages[LOOKED_AT];
	uint32_t uids[LOOKED_AT] = {0};
	size_t some = count - view->told < LOOKED_AT ? count - view->told : LOOKED_AT, i;

	for (i = 0; i < some; i++)
		uids[i] = view->uids.items[places == NULL ? view->told + i : places[view->told + i]];
	folder_look(view->folder, uids, some, messages);
	for (i = 0; i < some && !imapd_piece_is_full(imapd); i++)
		if (messages[i].uid != 0 && messages[i].modseq > view->modseq)
			tell_flags(imapd, places == NULL ? view->told + i : places[view->told + i], &messages[i]);
	return i;
}

/* False: a piece is full, and there may be more. */
static bool tell_changed(struct imapd *imapd)
{
	struct imapd_view *view = &imapd->view;
	size_t count = view->known.items == NULL ? view->uids.count : view->known.count;

	while (view->told < count && !imapd_piece_is_full(imapd))
		view->told += tell_some(imapd, count);
	return view->told == count;
}

/* --- what is new */

static void take_new(struct imapd *imapd)
{
	struct imapd_view *view = &imapd->view;
	uint32_t last = view->uids.count == 0 ? 0 : view->uids.items[view->uids.count - 1], *now;
	size_t count = folder_uids(view->folder, &now), from = count;

	while (from > 0 && now[from - 1] > last)
		from--;
	if (from < count) {
		view->uids.items = xrealloc(view->uids.items, (view->uids.count + count - from) * sizeof(uint32_t));
		memcpy(view->uids.items + view->uids.count, now + from, (count - from) * sizeof(uint32_t));
		view->uids.count += count - from;
	}
	free(now);
	if (from == count)
		return;
	if (!view->is_read_only)
		folder_take_recent(view->folder);
	buf_printf(imapd_out(imapd), "* %zu EXISTS\r\n", view->uids.count);
	if (!(imapd->enabled & IMAPD_REV2))
		buf_printf(imapd_out(imapd), "* %zu RECENT\r\n", imapd_view_recent(view));
}

/* False: there is nothing to report. */
static bool begin_report(struct imapd *imapd, bool may_expunge)
{
	struct imapd_view *view = &imapd->view;
	struct imapd_uids now = {.items = NULL};
	struct error error = ERROR_INIT;

	if (folder_refresh(view->folder, &error) != 0) {
		log_warnx("event=mailbox-unreadable mailbox=%s reason=%s", LOG_CSTR(view->mailbox), LOG_ERROR(&error));
		return false;
	}
	view->telling = folder_modseq(view->folder);
	if (view->telling == view->modseq && !view->owes_expunge)
		return false;
	imapd_flags_announce(imapd, false);
	may_expunge = may_expunge && view->known.items == NULL; /* which are positions */
	if (may_expunge) {
		now.count = folder_uids(view->folder, &now.items);
		drop_gone(imapd, &now);
		imapd_uids_clear(&now);
	}
	view->owes_expunge = !may_expunge;
	view->told = 0;
	return true;
}

bool imapd_view_tell(struct imapd *imapd, bool may_expunge)
{
	struct imapd_view *view = &imapd->view;

	if (!view->is_telling && !begin_report(imapd, may_expunge))
		return true;
	view->is_telling = !tell_changed(imapd);
	if (view->is_telling)
		return false;
	take_new(imapd);
	view->modseq = view->telling;
	free(view->known.items);
	view->known = (struct imapd_places){.items = NULL};
	return true;
}

/* --- before a reply: of a large mailbox in pieces, so that sessions that wait for news take no memory for it */

struct report {
	bool may_expunge;
	enum imapd_reply reply;
};

static enum imapd_reply report_step(struct imapd *imapd, void *own)
{
	const struct report *report = own;

	return imapd_view_tell(imapd, report->may_expunge) ? report->reply : IMAPD_MORE;
}

enum imapd_reply imapd_tell_first(struct imapd *imapd, bool may_expunge, enum imapd_reply reply)
{
	struct report *report;

	if (imapd_view_tell(imapd, may_expunge))
		return reply;
	report = xmalloc(sizeof(*report));
	*report = (struct report){may_expunge, reply};
	reply = imapd_job_begin(imapd, report_step, free, report);
	imapd->job.is_report = true;
	return reply;
}
