/*
 * Outbox: what a user may do with messages that wait in the queue. Removing one there withdraws what has not left; moving it copies it
 * first. Nothing may be stored in it.
 */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"

#include "lan-server/imap/imapd_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define MESSAGES_MAX 100 /* of one command: each is held open */

static const char is_closed[] = "Outbox shows the messages that wait to be sent; nothing can be stored in it, and it stays as it is";
static const char is_leaving[] = "The message is being sent now and cannot be withdrawn";

enum imapd_reply imapd_outbox_check(struct imapd *imapd, const char *mailbox)
{
	return folder_names_outbox(imapd->options.spool, mailbox) ? imapd_about(imapd, IMAPD_OUTBOX, is_closed) : IMAPD_NONE;
}

/* --- withdrawal */

struct withdrawal {
	struct queue_item item;
	struct envelope envelope;
	int claim;
};
struct withdrawals {
	struct withdrawal *items;
	size_t count;
};

static void withdrawals_clear(struct withdrawals *withdrawals)
{
	for (size_t i = 0; i < withdrawals->count; i++) {
		close(withdrawals->items[i].claim);
		envelope_clear(&withdrawals->items[i].envelope);
	}
	free(withdrawals->items);
}

/* IMAPD_NONE also for an entry that has left meanwhile. */
static enum imapd_reply claim_one(struct imapd *imapd, const char *id, struct withdrawals *withdrawals)
{
	const struct spool *spool = imapd->options.spool;
	struct withdrawal withdrawal = {.claim = -1};
	struct error error = ERROR_INIT;

	if (!msgid_is(slice_of(id)))
		return IMAPD_NONE;
	memcpy(withdrawal.item.id.text, id, MSGID_LEN + 1);
	if (queue_find(spool, &withdrawal.item.id, &withdrawal.item.state, &error) <= 0)
		return error.class == ERROR_NONE ? IMAPD_NONE : imapd_storage_failed(imapd, "withdraw", &error);
	withdrawal.claim = queue_claim(spool, &withdrawal.item, false, &error);
	if (withdrawal.claim < 0) {
		if (error.saved_errno == ENOENT)
			return IMAPD_NONE;
		return error.class == ERROR_TEMPORARY ? imapd_about(imapd, IMAPD_OUTBOX, is_leaving) : imapd_storage_failed(imapd, "withdraw", &error);
	}
	/* It may have moved, or left, before it was claimed. */
	if (queue_find(spool, &withdrawal.item.id, &withdrawal.item.state, &error) <= 0 ||
	    queue_read(spool, &withdrawal.item, &withdrawal.envelope, &error) != 0) {
		close(withdrawal.claim);
		return IMAPD_NONE;
	}
	ARRAY_GROW(withdrawals->items, withdrawals->count);
	withdrawals->items[withdrawals->count++] = withdrawal;
	return IMAPD_NONE;
}

static enum imapd_reply claim_all(struct imapd *imapd, const uint32_t *uids, size_t count, struct withdrawals *withdrawals)
{
	enum imapd_reply reply = count > MESSAGES_MAX ? IMAPD_LIMIT : IMAPD_NONE;

	for (size_t i = 0; i < count && reply == IMAPD_NONE; i++) {
		struct error error;
		struct slice bytes;
		char id[72];

		if (folder_read(imapd->view.folder, uids[i], &bytes, id, &error) != 0)
			continue; /* it has left */
		fsx_unmap(bytes);
		reply = claim_one(imapd, id, withdrawals);
	}
	return reply;
}

static size_t add_facts(const struct withdrawal *withdrawal, struct fact *facts)
{
	size_t count = 0;

	for (size_t i = 0; i < withdrawal->envelope.place_count; i++) {
		const struct place *place = &withdrawal->envelope.places[i];

		if (place->kind == PLACE_QUEUE && place->status == PLACE_PENDING)
			facts[count++] = (struct fact){.kind = FACT_FAILED, .id = withdrawal->item.id.text, .name = place->name, .text = "withdrawn by the sender"};
	}
	return count;
}

/* All in one record. */
static int settle(struct imapd *imapd, const struct withdrawals *withdrawals, struct error *error)
{
	struct intake *intake = imapd->options.spool->intake;
	struct fact *facts;
	size_t places = 0, count = 0;
	int result = 0;

	for (size_t i = 0; i < withdrawals->count; i++)
		places += withdrawals->items[i].envelope.place_count;
	facts = xcalloc(places + 1, sizeof(*facts));
	for (size_t i = 0; i < withdrawals->count; i++)
		count += add_facts(&withdrawals->items[i], facts + count);
	if (count > 0)
		result = intake_accept(intake, NULL, NULL, facts, count, error);
	free(facts);
	for (size_t i = 0; i < withdrawals->count && result == 0; i++) {
		const char *id = withdrawals->items[i].item.id.text;

		intake_journal(intake, id, imapd->options.session, EVENT_DELETED, "", PHRASE(N_("withdrawn by %s in Outbox"), imapd->dialogue.user));
		log_info("event=imap-withdrawn session=%s user=%s id=%s", imapd->options.session, imapd->dialogue.user, id);
	}
	return result;
}

enum imapd_reply imapd_outbox_withdraw(struct imapd *imapd, const uint32_t *uids, size_t count)
{
	struct withdrawals withdrawals = {.items = NULL};
	struct error error = ERROR_INIT;
	enum imapd_reply reply = claim_all(imapd, uids, count, &withdrawals);

	if (reply == IMAPD_NONE && settle(imapd, &withdrawals, &error) != 0)
		reply = imapd_storage_failed(imapd, "withdraw", &error);
	withdrawals_clear(&withdrawals);
	return reply == IMAPD_NONE ? IMAPD_DONE : reply;
}

/* --- copies */

/* Fills message n. 1: done, 0: it has left, -1: failed. */
static int copy_one(struct imapd *imapd, uint32_t uid, struct folder_append *messages, size_t n, struct error *error)
{
	struct folder_append *message = &messages[n];
	struct folder_message look;
	struct slice bytes;
	int result;

	folder_look(imapd->view.folder, &uid, 1, &look);
	if (look.uid == 0 || folder_read(imapd->view.folder, uid, &bytes, NULL, error) != 0)
		return 0;
	folder_append_begin(message, imapd->options.spool, n == 0 ? NULL : message - 1);
	message->flags = FOLDER_SEEN;
	message->time = look.time;
	result = body_append(&message->body, bytes, &message->id, error);
	if (result == 0)
		result = fsx_check_map(bytes, error);
	fsx_unmap(bytes);
	if (result == 0)
		result = body_finish(&message->body, error);
	return result == 0 ? 1 : -1;
}

/* to_uids: 0 for a message that has left. */
static int copy_all(struct imapd *imapd, const uint32_t *uids, size_t count, const char *to, uint32_t *to_uids, uint32_t *validity,
    struct error *error)
{
	struct folder_append *messages = xcalloc(count + 1, sizeof(*messages));
	uint32_t *fresh = xcalloc(count + 1, sizeof(*fresh));
	size_t *numbers = xcalloc(count + 1, sizeof(*numbers)), copied = 0;
	int result = 0;

	for (size_t i = 0; i < count && result >= 0; i++) {
		result = copy_one(imapd, uids[i], messages, copied, error);
		if (result != 0)
			numbers[copied++] = i;
	}
	if (result >= 0 && copied > 0)
		result = folder_append(imapd->options.spool, to, messages, copied, imapd->options.session, fresh, validity, error);
	for (size_t i = 0; i < copied; i++) {
		body_clear(&messages[i].body, false);
		if (result >= 0)
			to_uids[numbers[i]] = fresh[i];
	}
	free(numbers);
	free(fresh);
	free(messages);
	return result < 0 ? -1 : 0;
}

enum imapd_reply imapd_outbox_transfer(struct imapd *imapd, const uint32_t *uids, size_t count, const char *to, bool moves, uint32_t *to_uids,
    uint32_t *validity)
{
	struct withdrawals withdrawals = {.items = NULL};
	struct error error = ERROR_INIT;
	enum imapd_reply reply = count > MESSAGES_MAX ? IMAPD_LIMIT : IMAPD_NONE;

	if (moves)
		reply = claim_all(imapd, uids, count, &withdrawals);
	if (reply == IMAPD_NONE && (copy_all(imapd, uids, count, to, to_uids, validity, &error) != 0 ||
				       (moves && settle(imapd, &withdrawals, &error) != 0)))
		reply = imapd_storage_failed(imapd, moves ? "move" : "copy", &error);
	withdrawals_clear(&withdrawals);
	return reply;
}
