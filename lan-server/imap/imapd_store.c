/*
 * STORE, EXPUNGE, COPY and MOVE: what a client changes, durable when the reply says OK.
 */
#include "base/alloc.h"
#include "base/log.h"
#include "spool/mailbox_name.h"

#include "lan-server/imap/imapd_priv.h"

#include <stdlib.h>

#define NAME_MAX_BYTES 1024

/* --- STORE */

struct store {
	struct imapd_places places;
	uint64_t unchanged_since;
	enum folder_change change;
	bool is_silent;
	uint32_t flags;
};

static bool read_store(struct imapd *imapd, struct imapd_args *args, struct store *store)
{
	imapd_args_space(args);
	if (imapd_args_accept(args, '(')) {
		if (!imapd_args_word(args, "UNCHANGEDSINCE"))
			return false;
		imapd_args_space(args);
		store->unchanged_since = imapd_args_number(args, INT64_MAX);
		imapd_args_expect(args, ')');
		imapd_args_space(args);
		imapd_enable_condstore(imapd);
	}
	store->change = imapd_args_accept(args, '+') ? FOLDER_ADD : imapd_args_accept(args, '-') ? FOLDER_TAKE : FOLDER_SET;
	store->is_silent = imapd_args_word(args, "FLAGS.SILENT");
	if (!store->is_silent && !imapd_args_word(args, "FLAGS"))
		return false;
	imapd_args_space(args);
	return !args->failed;
}

static void note_modified(struct imapd *imapd, const uint32_t *left, size_t count)
{
	struct imapd_uids numbers = {.items = NULL};

	for (size_t i = 0; i < count; i++)
		imapd_uids_add(&numbers, imapd->uid ? left[i] : (uint32_t)imapd_view_find(&imapd->view, left[i]) + 1);
	buf_append_text(&imapd->code, "MODIFIED ");
	imapd_uids_append(numbers.items, numbers.count, &imapd->code);
	imapd_uids_clear(&numbers);
}

static enum imapd_reply store_flags(struct imapd *imapd, struct store *store)
{
	struct imapd_view *view = &imapd->view;
	uint32_t *uids = imapd_places_uids(view, &store->places), *left = NULL;
	struct error error = ERROR_INIT;
	enum imapd_reply asked = IMAPD_NONE;
	size_t left_count = 0;
	int result;

	if (store->change != FOLDER_TAKE)
		asked = imapd_whole_keyword(imapd, uids, store->places.count, store->flags);
	if (asked != IMAPD_NONE) {
		free(uids);
		return asked;
	}
	result = folder_store(view->folder, uids, store->places.count, store->change, store->flags, store->unchanged_since, &left, &left_count, &error);
	if (result == 0 && store->is_silent)
		for (size_t i = 0; i < store->places.count; i++)
			imapd_uids_add(&imapd->quiet, uids[i]);
	if (result == 0 && left_count > 0)
		note_modified(imapd, left, left_count);
	free(uids);
	free(left);
	if (result != 0)
		return imapd_storage_failed(imapd, "store", &error);
	return left_count > 0 ? IMAPD_MODIFIED : IMAPD_DONE;
}

/* Changes by others are reported before, so that a silent change hides none of them. */
static enum imapd_reply store_step(struct imapd *imapd, void *own)
{
	return imapd_view_tell(imapd, false) ? store_flags(imapd, own) : IMAPD_MORE;
}

static void store_free(void *own)
{
	struct store *store = own;

	free(store->places.items);
	free(store);
}

/* Of a shared mailbox that the user may only read, \Seen can be changed. RFC 4314 section 4: other flags are ignored if it is among them. */
static enum imapd_reply keep_seen_only(struct store *store)
{
	bool has_seen = store->flags & FOLDER_SEEN;

	if (!has_seen && store->change != FOLDER_SET)
		return IMAPD_READ_ONLY;
	if (store->change == FOLDER_SET)
		store->change = has_seen ? FOLDER_ADD : FOLDER_TAKE;
	store->flags = FOLDER_SEEN;
	return IMAPD_NONE;
}

/* Keywords get no place in a mailbox that the user may only read. */
static bool read_flags(struct imapd *imapd, struct imapd_args *args, uint32_t *flags)
{
	struct strlist ignored = {NULL, 0};
	bool is_right = imapd_flags_read(args, imapd->view.folder, imapd->view.is_read_only ? &ignored : NULL, flags) && imapd_args_done(args);

	strlist_clear(&ignored);
	return is_right;
}

enum imapd_reply imapd_cmd_store(struct imapd *imapd, struct imapd_args *args)
{
	struct store *store = xcalloc(1, sizeof(*store));
	enum imapd_reply reply = imapd_set_argument(imapd, args, &store->places);

	store->unchanged_since = UINT64_MAX;
	if (reply == IMAPD_NONE && imapd->view.is_read_only && !imapd->view.keeps_seen)
		reply = IMAPD_READ_ONLY;
	if (reply == IMAPD_NONE && !read_store(imapd, args, store))
		reply = IMAPD_SYNTAX;
	if (reply == IMAPD_NONE && !read_flags(imapd, args, &store->flags))
		reply = IMAPD_SYNTAX;
	if (reply == IMAPD_NONE && imapd->view.is_read_only)
		reply = keep_seen_only(store);
	if (reply == IMAPD_NONE)
		return imapd_job_begin(imapd, store_step, store_free, store);
	store_free(store);
	return reply;
}

/* --- EXPUNGE */

static size_t only_deleted(struct imapd *imapd, uint32_t *uids, size_t count)
{
	struct folder_message *messages = xcalloc(count + 1, sizeof(*messages));
	size_t kept = 0;

	folder_look(imapd->view.folder, uids, count, messages);
	for (size_t i = 0; i < count; i++)
		if (messages[i].uid != 0 && (messages[i].flags & FOLDER_DELETED))
			uids[kept++] = uids[i];
	free(messages);
	return kept;
}

enum imapd_reply imapd_remove_deleted(struct imapd *imapd, const struct imapd_places *places)
{
	struct imapd_view *view = &imapd->view;
	size_t count = places != NULL ? places->count : view->uids.count;
	struct error error = ERROR_INIT;
	uint32_t *uids;
	int result = 0;

	if (places != NULL) {
		uids = imapd_places_uids(view, places);
	} else {
		uids = xcalloc(count + 1, sizeof(*uids));
		memcpy(uids, view->uids.items != NULL ? view->uids.items : uids, count * sizeof(*uids));
	}
	count = only_deleted(imapd, uids, count);
	if (count > 0 && folder_is_outbox(view->folder)) {
		enum imapd_reply reply = imapd_outbox_withdraw(imapd, uids, count);

		free(uids);
		return reply;
	}
	if (count > 0)
		result = folder_expunge(view->folder, uids, count, &error);
	free(uids);
	if (result != 0)
		return imapd_storage_failed(imapd, "expunge", &error);
	if (count > 0)
		log_info("event=imap-removed session=%s mailbox=%s messages=%zu", imapd->options.session, LOG_CSTR(view->mailbox), count);
	return IMAPD_DONE;
}

enum imapd_reply imapd_cmd_expunge(struct imapd *imapd, struct imapd_args *args)
{
	struct imapd_places places = {.items = NULL};
	enum imapd_reply reply = IMAPD_NONE;

	if (imapd->uid)
		reply = imapd_set_argument(imapd, args, &places);
	if (reply == IMAPD_NONE && imapd->uid && !imapd_args_done(args))
		reply = IMAPD_SYNTAX;
	if (reply == IMAPD_NONE && imapd->view.is_read_only)
		reply = IMAPD_READ_ONLY;
	if (reply == IMAPD_NONE)
		reply = imapd_remove_deleted(imapd, imapd->uid ? &places : NULL);
	free(places.items);
	return reply;
}

/* --- COPY and MOVE */

static void note_copied(struct imapd *imapd, uint32_t validity, uint32_t *from, uint32_t *to, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (to[i] == 0)
			continue;
		from[kept] = from[i];
		to[kept++] = to[i];
	}
	if (kept == 0)
		return;
	buf_printf(&imapd->code, "COPYUID %u ", validity);
	imapd_uids_append(from, kept, &imapd->code);
	buf_append_byte(&imapd->code, ' ');
	imapd_uids_append(to, kept, &imapd->code);
	if (imapd->code.overflow)
		buf_clear(&imapd->code);
}

/* The code of MOVE comes before the EXPUNGE responses (RFC 6851 section 4.3). */
static void send_code_at_once(struct imapd *imapd)
{
	if (imapd->code.len > 0)
		buf_printf(imapd_out(imapd), "* OK [%s] Moved\r\n", buf_text(&imapd->code));
	buf_clear(&imapd->code);
}

static enum imapd_reply transfer(struct imapd *imapd, const struct imapd_places *places, const char *to, bool moves)
{
	struct imapd_view *view = &imapd->view;
	uint32_t *uids = imapd_places_uids(view, places), *new_uids = xcalloc(places->count + 1, sizeof(*new_uids)), validity = 0;
	struct error error = ERROR_INIT;
	enum imapd_reply reply = imapd_whole_transfer(imapd, uids, places->count, to);
	int result = 0;

	if (reply == IMAPD_NONE)
		reply = imapd_outbox_check(imapd, to);
	if (reply != IMAPD_NONE)
		;
	else if (folder_is_outbox(view->folder))
		reply = imapd_outbox_transfer(imapd, uids, places->count, to, moves, new_uids, &validity);
	else if (places->count > 0 && moves)
		result = folder_move(view->folder, uids, places->count, to, new_uids, &validity, &error);
	else if (places->count > 0)
		result = folder_copy(view->folder, uids, places->count, to, new_uids, &validity, &error);
	if (reply == IMAPD_NONE && result == 0) {
		imapd_lesson(imapd, view->mailbox, to, new_uids, places->count);
		note_copied(imapd, validity, uids, new_uids, places->count);
	}
	if (result == 0 && moves)
		send_code_at_once(imapd);
	free(uids);
	free(new_uids);
	if (reply != IMAPD_NONE)
		return reply;
	return result == 0 ? IMAPD_DONE : imapd_storage_failed(imapd, moves ? "move" : "copy", &error);
}

/* The bytes that copies take. */
static uint64_t size_of(struct imapd *imapd, const struct imapd_places *places)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < places->count; i++) {
		struct folder_message message;

		folder_look(imapd->view.folder, &imapd->view.uids.items[places->items[i]], 1, &message);
		sum += message.uid != 0 ? message.size : 0;
	}
	return sum;
}

/* Whether the messages stay in the mailbox, with its quota. */
static bool is_within(const struct imapd *imapd, const char *to)
{
	return slice_equal(mailbox_name_user(slice_of(imapd->view.mailbox)), mailbox_name_user(slice_of(to)));
}

static enum imapd_reply begin(struct imapd *imapd, struct imapd_args *args, bool moves)
{
	struct buf mailbox = BUF_INIT(NAME_MAX_BYTES);
	struct imapd_places places;
	enum imapd_reply reply = imapd_set_argument(imapd, args, &places);

	if (reply == IMAPD_NONE) {
		imapd_args_space(args);
		reply = imapd_name_argument(imapd, args, &mailbox);
	}
	if (reply == IMAPD_NONE)
		reply = imapd_args_done(args) ? imapd_folder_exists(imapd, buf_text(&mailbox)) : IMAPD_SYNTAX;
	if (reply == IMAPD_NO_SUCH_FOLDER)
		reply = IMAPD_TRY_CREATE;
	if (reply == IMAPD_NONE)
		reply = imapd_may_change(imapd, buf_text(&mailbox));
	if (reply == IMAPD_NONE && moves && imapd->view.is_read_only)
		reply = IMAPD_READ_ONLY;
	if (reply == IMAPD_NONE && (!moves || !is_within(imapd, buf_text(&mailbox))) &&
	    imapd_over_quota(imapd, buf_text(&mailbox), size_of(imapd, &places)))
		reply = IMAPD_OVER_QUOTA;
	if (reply == IMAPD_NONE && !moves && !imapd_has_room(imapd, 0)) /* copies are links, which need only names */
		reply = IMAPD_DISK_FULL;
	if (reply == IMAPD_NONE)
		reply = transfer(imapd, &places, buf_text(&mailbox), moves);
	buf_clear(&mailbox);
	free(places.items);
	return reply;
}

enum imapd_reply imapd_cmd_copy(struct imapd *imapd, struct imapd_args *args)
{
	return begin(imapd, args, false);
}

enum imapd_reply imapd_cmd_move(struct imapd *imapd, struct imapd_args *args)
{
	return begin(imapd, args, true);
}
