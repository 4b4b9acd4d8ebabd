/*
 * FETCH: a job that sends the items of the messages one after the other, large ones in pieces.
 */
#include "base/alloc.h"
#include "base/file/fsx.h"

#include "lan-server/imap/imapd_item.h"
#include "lan-server/imap/imapd_priv.h"
#include "lan-server/made_memory.h"

#include <stdlib.h>

#define LOOKED_AT 128 /* messages at a time */
#define SEEN_AT_ONCE 16 /* messages that become \Seen together, before they are sent */

struct fetch {
	struct imapd_items items;
	struct imapd_places places;
	struct folder *folder;
	enum imapd_needs needs;
	bool needs_size, marks_seen, is_vanished;
	uint64_t changed_since;
	enum imapd_reply result; /* IMAPD_DONE, or what went wrong with a message */
	size_t at;	 /* of places */
	struct folder_message looked[LOOKED_AT];
	size_t looked_from, looked_count;
	/* The message that is being sent. */
	bool is_begun;
	size_t item;
	struct imapd_message message;
	struct slice rest; /* of a literal */
	struct buf made;   /* what the literal may point into: made_memory_buf() */
};

static void fetch_free(void *own)
{
	struct fetch *fetch = own;

	imapd_message_close(&fetch->message);
	made_memory_clear(&fetch->made);
	imapd_items_clear(&fetch->items);
	free(fetch->places.items);
	if (fetch->needs != IMAPD_NEEDS_NOTHING)
		folder_cache_rest(fetch->folder, FOLDER_LISTING);
	free(fetch);
}

/* --- looking ahead */

/* \Seen is durable before the message is sent; if it cannot be kept, the message is sent all the same. */
static void mark_seen(struct imapd *imapd, struct fetch *fetch, uint32_t *uids)
{
	struct error error = ERROR_INIT;
	uint32_t unseen[LOOKED_AT], *left = NULL;
	size_t count = 0, left_count;

	for (size_t i = 0; i < fetch->looked_count; i++)
		if (fetch->looked[i].uid != 0 && !(fetch->looked[i].flags & FOLDER_SEEN) && fetch->looked[i].modseq > fetch->changed_since)
			unseen[count++] = fetch->looked[i].uid;
	if (count == 0)
		return;
	if (folder_store(imapd->view.folder, unseen, count, FOLDER_ADD, FOLDER_SEEN, UINT64_MAX, &left, &left_count, &error) != 0)
		imapd_storage_failed(imapd, "store", &error); /* who cannot write may read */
	else
		folder_look(imapd->view.folder, uids, fetch->looked_count, fetch->looked);
	free(left);
}

static void look_ahead(struct imapd *imapd, struct fetch *fetch)
{
	size_t count = fetch->places.count - fetch->at, most = fetch->marks_seen ? SEEN_AT_ONCE : LOOKED_AT;
	uint32_t uids[LOOKED_AT];

	fetch->looked_from = fetch->at;
	fetch->looked_count = count < most ? count : most;
	for (size_t i = 0; i < fetch->looked_count; i++)
		uids[i] = imapd->view.uids.items[fetch->places.items[fetch->at + i]];
	folder_look(imapd->view.folder, uids, fetch->looked_count, fetch->looked);
	if (fetch->marks_seen)
		mark_seen(imapd, fetch, uids);
}

static struct folder_message *current(struct imapd *imapd, struct fetch *fetch)
{
	if (fetch->at >= fetch->looked_from + fetch->looked_count)
		look_ahead(imapd, fetch);
	return &fetch->looked[fetch->at - fetch->looked_from];
}

/* --- one message */

/* False: it is not sent. */
static bool begin_message(struct imapd *imapd, struct fetch *fetch, struct folder_message *look)
{
	enum imapd_reply opened = look->uid == 0 ? IMAPD_SOME_GONE : IMAPD_NONE;
	struct error error = ERROR_INIT;

	if (look->uid != 0 && look->modseq <= fetch->changed_since)
		return false;
	if (opened == IMAPD_NONE && fetch->needs != IMAPD_NEEDS_NOTHING)
		opened = imapd_message_open(&fetch->message, fetch->folder, look, fetch->needs);
	if (opened == IMAPD_NONE && fetch->needs_size && !look->size_known && folder_size(imapd->view.folder, look, &error) != 0)
		opened = imapd_message_missing(look, &error);
	if (opened != IMAPD_NONE) {
		if (opened != IMAPD_SOME_GONE || fetch->result == IMAPD_DONE)
			fetch->result = opened;
		return false;
	}
	buf_append_text(imapd_out(imapd), "* ");
	buf_append_number(imapd_out(imapd), fetch->places.items[fetch->at] + 1);
	buf_append_text(imapd_out(imapd), " FETCH (");
	fetch->is_begun = true;
	fetch->item = 0;
	return true;
}

static void end_message(struct imapd *imapd, struct fetch *fetch)
{
	buf_append_text(imapd_out(imapd), ")\r\n");
	if (!imapd_message_close(&fetch->message))
		imapd->is_broken = true;
	fetch->is_begun = false;
	fetch->at++;
	client_limits_progress(&imapd->dialogue.limits);
}

static void send_rest(struct imapd *imapd, struct fetch *fetch)
{
	struct slice piece = fetch->rest;

	if (piece.len > IMAPD_PIECE)
		piece.len = IMAPD_PIECE;
	buf_append_slice(imapd_out(imapd), piece);
	fsx_let_go(piece);
	fetch->rest = slice_from(fetch->rest, piece.len);
	if (fetch->rest.len == 0)
		made_memory_clear(&fetch->made);
}

static void send_item(struct imapd *imapd, struct fetch *fetch, const struct folder_message *look)
{
	enum imapd_reply reply;

	if (fetch->item > 0)
		buf_append_byte(imapd_out(imapd), ' ');
	reply = imapd_item_send(imapd, &fetch->items.items[fetch->item++], look, &fetch->message, &fetch->made, &fetch->rest);
	if (reply != IMAPD_NONE)
		fetch->result = reply;
	if (fetch->rest.len == 0)
		made_memory_clear(&fetch->made);
}

static enum imapd_reply fetch_step(struct imapd *imapd, void *own)
{
	struct fetch *fetch = own;

	while (!imapd_piece_is_full(imapd)) {
		struct folder_message *look;

		if (fetch->rest.len > 0) {
			send_rest(imapd, fetch);
			continue;
		}
		if (fetch->at == fetch->places.count)
			return fetch->result;
		look = current(imapd, fetch);
		if (!fetch->is_begun && !begin_message(imapd, fetch, look))
			fetch->at++;
		else if (fetch->item < fetch->items.count)
			send_item(imapd, fetch, look);
		else
			end_message(imapd, fetch);
	}
	return IMAPD_MORE;
}

/* --- arguments */

static bool read_modifiers(struct imapd *imapd, struct imapd_args *args, struct fetch *fetch)
{
	if (!imapd_args_accept(args, ' '))
		return true;
	imapd_args_expect(args, '(');
	do {
		if (imapd_args_word(args, "CHANGEDSINCE")) {
			imapd_args_space(args);
			fetch->changed_since = imapd_args_number(args, INT64_MAX);
			imapd_items_add(&fetch->items, IMAPD_ITEM_MODSEQ);
		} else if (imapd->uid && (imapd->enabled & IMAPD_QRESYNC) && imapd_args_word(args, "VANISHED")) {
			fetch->is_vanished = true;
		} else {
			return false;
		}
	} while (imapd_args_accept(args, ' '));
	imapd_args_expect(args, ')');
	return !args->failed && (!fetch->is_vanished || fetch->changed_since > 0);
}

static void prepare(struct imapd *imapd, struct fetch *fetch)
{
	for (size_t i = 0; i < fetch->items.count; i++) {
		const struct imapd_item *item = &fetch->items.items[i];

		if (imapd_item_needs(item) > fetch->needs)
			fetch->needs = imapd_item_needs(item);
		fetch->needs_size = fetch->needs_size || item->kind == IMAPD_ITEM_SIZE;
		fetch->marks_seen = fetch->marks_seen || (item->marks_seen && imapd->view.keeps_seen);
		if (item->kind == IMAPD_ITEM_MODSEQ)
			imapd_enable_condstore(imapd);
	}
}

static enum imapd_reply read_arguments(struct imapd *imapd, struct imapd_args *args, struct fetch *fetch, struct imapd_set *set)
{
	if (!imapd_set_read(imapd_args_set(args), set))
		return IMAPD_SYNTAX;
	imapd_args_space(args);
	if (imapd->uid)
		imapd_items_add(&fetch->items, IMAPD_ITEM_UID);
	if (args->failed || !imapd_items_read(args, &fetch->items) || !read_modifiers(imapd, args, fetch) || !imapd_args_done(args))
		return IMAPD_SYNTAX;
	return imapd_set_find(imapd, set, imapd->uid, &fetch->places) ? IMAPD_NONE : IMAPD_NO_SUCH_MESSAGE;
}

enum imapd_reply imapd_cmd_fetch(struct imapd *imapd, struct imapd_args *args)
{
	struct fetch *fetch = xcalloc(1, sizeof(*fetch));
	struct imapd_set set = {.ranges = NULL};
	enum imapd_reply reply;

	fetch->result = IMAPD_DONE;
	fetch->folder = imapd->view.folder;
	reply = read_arguments(imapd, args, fetch, &set);
	if (reply == IMAPD_NONE) {
		prepare(imapd, fetch);
		if (fetch->is_vanished)
			imapd_tell_vanished(imapd, &set);
		imapd_job_begin(imapd, fetch_step, fetch_free, fetch);
		reply = IMAPD_MORE;
	} else {
		fetch_free(fetch);
	}
	imapd_set_clear(&set);
	return reply;
}
