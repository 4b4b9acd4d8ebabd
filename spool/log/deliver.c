#include "spool/log/deliver.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "message/correspondents.h"
#include "message/decode.h"
#include "message/header.h"
#include "spool/layout_priv.h"
#include "spool/mailbox_name.h"
#include "spool/mailbox/maildir_deliver.h"
#include "spool/mailbox/maildir_name.h"
#include "spool/mailbox/maildir_flags.h"
#include "spool/queue/queue_priv.h"
#include "spool/storage/state_replies.h"
#include "spool/storage/state_triggers.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOSS_HEADER_MAX (1u << 20)
#define REPLY_FIELD_MAX 4000
#define SENT_FLAGS "S"
/* From this size on, sharing blocks with a copy is worth a few KiB of padding. */
#define SHARE_MIN (1u << 20)

struct work {
	const struct delivery *delivery;
	char *source; /* a file with the plain message, once it exists */
};

static bool wanted(const struct work *work, const struct place *place)
{
	const struct delivery *delivery = work->delivery;

	return delivery->wanted == NULL ||
	       delivery->wanted(delivery->context, delivery->envelope, place);
}

static const char *over_of(const struct work *work)
{
	const struct delivery *delivery = work->delivery;

	return delivery->over == NULL ? NULL : delivery->over(delivery->context);
}

/* The message as its recipients get it. */
static size_t message_parts(const struct delivery *delivery, struct slice *parts)
{
	return envelope_parts(delivery->envelope, delivery->body, false, parts);
}

/* The quarantine gets all of a message of which the others get less. */
static bool is_kept_whole(const struct delivery *delivery, const struct place *place)
{
	return delivery->envelope->kept_header[0] != '\0' && place->kind == PLACE_MAILBOX && strcmp(place->name, MAILBOX_QUARANTINE) == 0;
}

/* With these flags, if there are any. New memory. */
static char *mailbox_file_name(const struct delivery *delivery, uint64_t size, const char *flags)
{
	const struct envelope *envelope = delivery->envelope;
	char *name = maildir_name(envelope->time, &envelope->id, delivery->hostname, size), *flagged;

	if (flags[0] == '\0' || !maildir_flags_are(slice_of(flags)))
		return name;
	flagged = maildir_flags_name(name, flags);
	free(name);
	return flagged;
}

static int deliver_file(struct work *work, const struct place *place, const char *flags, struct error *error)
{
	const struct delivery *delivery = work->delivery;
	struct slice parts[ENVELOPE_PARTS_MAX];
	char *name = mailbox_file_name(delivery, delivery->envelope->size, flags);
	const struct maildir_target target = {place->name, name, over_of(work)};
	size_t count = message_parts(delivery, parts);
	int result = -1;

	if (work->source != NULL)
		result = maildir_deliver_link(delivery->spool, &target, work->source, error);
	if (result != 0)
		result = maildir_deliver(delivery->spool, &target, parts, count, error);
	if (result == 0 && work->source == NULL && target.over == NULL) {
		char *file = maildir_file(name);

		work->source = layout_mailbox(delivery->spool, place->name, file);
		free(file);
	} else if (result == 0 && work->source == NULL) {
		work->source = layout_mailbox(delivery->spool, place->name, target.over);
	}
	free(name);
	return result;
}

/* A file whose bytes no other place has; of that size. */
static int deliver_apart(struct work *work, const struct place *place, uint64_t size, const char *flags, struct error *error)
{
	const struct delivery *delivery = work->delivery;
	struct slice parts[DELIVER_PARTS];
	char *name = mailbox_file_name(delivery, size, flags);
	const struct maildir_target target = {place->name, name, over_of(work)};
	struct buf unused = BUF_INIT(0);
	int result = maildir_deliver(delivery->spool, &target, parts, deliver_parts(delivery, place, &unused, parts), error);

	free(name);
	return result;
}

static int deliver_mailbox(struct work *work, const struct place *place, struct error *error)
{
	const struct delivery *delivery = work->delivery;

	if (is_kept_whole(delivery, place))
		return deliver_apart(work, place,
		    strlen(delivery->envelope->kept_header) + envelope_parts_size(delivery->envelope, delivery->body.len, true), "", error);
	return deliver_file(work, place, work->delivery->envelope->flags, error);
}

/* The sender's copy shares the bytes of the others, unless they may not see all of its header. */
static int deliver_sent(struct work *work, const struct place *place, struct error *error)
{
	const struct envelope *envelope = work->delivery->envelope;

	if (envelope->own_header[0] == '\0')
		return deliver_file(work, place, SENT_FLAGS, error);
	return deliver_apart(work, place, strlen(envelope->own_header) + envelope->size, SENT_FLAGS, error);
}

/* Sender and recipients, including Bcc: for the boss only. */
static void boss_header(const struct envelope *envelope, struct buf *out)
{
	size_t count = 0;

	buf_printf(out, "X-Envelope-From: <%s>\r\nX-Envelope-To:", envelope->sender);
	for (size_t i = 0; i < envelope->recipients.count; i++)
		buf_printf(out, "%s <%s>", count++ == 0 ? "" : ",\r\n", envelope->recipients.items[i]);
	/* Few providers note the recipients of fetched mail; the sorted recipients are used
	 * instead. */
	for (size_t i = 0; i < envelope->place_count && envelope->recipients.count == 0; i++)
		if (envelope->places[i].kind == PLACE_MAILBOX || envelope->places[i].kind == PLACE_QUEUE)
			buf_printf(out, "%s <%s>", count++ == 0 ? "" : ",\r\n", envelope->places[i].name);
	buf_append_text(out, "\r\n");
}

/* Blocks can only be shared if they are aligned in both files: extra lines pad the header to a block boundary.
 * Whether it is padded depends only on the message, so that recovery gets the same file name. */
#define FILLING "X-Envelope-Filling: "
static void fill_block(struct buf *out)
{
	static const size_t line_max = 78;
	const size_t least = strlen(FILLING "-\r\n");
	size_t left = FSX_BLOCK - out->len % FSX_BLOCK;

	if (left < least)
		left += FSX_BLOCK;
	while (left > 0) {
		size_t line = left < line_max ? left : left < line_max + least ? left - least : line_max;

		buf_append_text(out, FILLING);
		for (size_t i = strlen(FILLING); i < line - 2; i++)
			buf_append_text(out, "-");
		buf_append_text(out, "\r\n");
		left -= line;
	}
}

size_t deliver_parts(const struct delivery *delivery, const struct place *place, struct buf *header, struct slice *parts)
{
	if (place->kind == PLACE_OWN) {
		parts[0] = slice_of(delivery->envelope->own_header);
		return 1 + message_parts(delivery, parts + 1);
	}
	if (is_kept_whole(delivery, place)) {
		parts[0] = slice_of(delivery->envelope->kept_header);
		return 1 + envelope_parts(delivery->envelope, delivery->body, true, parts + 1);
	}
	if (place->kind != PLACE_BOSS)
		return message_parts(delivery, parts);
	boss_header(delivery->envelope, header);
	if (delivery->envelope->size >= SHARE_MIN)
		fill_block(header);
	parts[0] = buf_slice(header);
	return 1 + message_parts(delivery, parts + 1);
}

static int deliver_boss(struct work *work, const struct place *place, struct error *error)
{
	const struct delivery *delivery = work->delivery;
	const struct envelope *envelope = delivery->envelope;
	struct buf header = BUF_INIT(BOSS_HEADER_MAX);
	struct slice parts[DELIVER_PARTS];
	size_t count = deliver_parts(delivery, place, &header, parts);
	char *name = maildir_name(envelope->time, &envelope->id, delivery->hostname, header.len + envelope->size);
	const struct maildir_target target = {place->name, name, over_of(work)};
	int result = -1;

	if (envelope->size >= SHARE_MIN && work->source != NULL)
		result = maildir_deliver_sharing(delivery->spool, &target, parts[0], work->source, error);
	if (result != 0)
		result = maildir_deliver(delivery->spool, &target, parts, count, error);
	free(name);
	buf_clear(&header);
	return result;
}

/* A decoded field, empty if it does not exist. */
static void field_text(struct slice message, const char *name, struct buf *out)
{
	struct header_field field;

	if (header_find(message, name, &field))
		decode_field(&field, decode_message_charset(message), out);
}

static int deliver_daemon(struct work *work, const struct place *place, struct error *error)
{
	const struct envelope *envelope = work->delivery->envelope;
	struct buf message_id = BUF_INIT(1u << 20);
	struct trigger trigger = {
	    .id = envelope->id, .sender = place->name, .subject = place->why, .time = envelope->time};
	int result;

	field_text(work->delivery->body, "Message-ID", &message_id);
	if (message_id.len == 0)
		field_text(slice_of(envelope->header), "Message-ID", &message_id);
	trigger.message_id = buf_take(&message_id);
	result = state_trigger_add(work->delivery->state, &trigger, error);
	free(trigger.message_id);
	return result;
}

/* The data that the reply will need: the message itself may be gone by then. */
static int deliver_reply(struct work *work, const struct place *place, struct error *error)
{
	const struct delivery *delivery = work->delivery;
	struct buf subject = BUF_INIT(REPLY_FIELD_MAX), message_id = BUF_INIT(REPLY_FIELD_MAX), written_to = BUF_INIT(REPLY_FIELD_MAX);
	struct reply_due reply = {.id = delivery->envelope->id,
	    .rule = place->why,
	    .address = place->name,
	    .account = delivery->envelope->account,
	    .time = delivery->envelope->time};
	int result;

	field_text(delivery->body, "Subject", &subject);
	field_text(delivery->body, "Message-ID", &message_id);
	correspondents_written_to(delivery->body, &written_to);
	reply.subject = buf_take(&subject);
	reply.message_id = buf_take(&message_id);
	reply.written_to = buf_take(&written_to);
	result = state_reply_add(delivery->state, &reply, error);
	free(reply.written_to);
	free(reply.subject);
	free(reply.message_id);
	return result;
}

static void report(struct work *work, const struct place *place, const struct error *error)
{
	if (work->delivery->report != NULL)
		work->delivery->report(work->delivery->context, work->delivery->envelope, place,
		    error);
}

/* All external recipients share one entry, with an envelope that names no others. */
static size_t deliver_queue(struct work *work)
{
	const struct delivery *delivery = work->delivery;
	struct envelope entry = *delivery->envelope;
	struct slice parts[ENVELOPE_PARTS_MAX];
	size_t count = message_parts(delivery, parts);
	char none[] = "";
	struct error error;
	bool failed;

	entry.cuts = NULL; /* its file has the message without them */
	entry.cut_count = 0;
	entry.kept_header = none;
	entry.omission_count = 0;
	entry.identity = none; /* the state has what is known of copies */
	entry.places = xcalloc(delivery->envelope->place_count, sizeof(*entry.places));
	entry.place_count = 0;
	for (size_t i = 0; i < delivery->envelope->place_count; i++) {
		const struct place *place = &delivery->envelope->places[i];

		if (place->kind == PLACE_QUEUE && wanted(work, place))
			entry.places[entry.place_count++] = *place;
	}
	failed = entry.place_count > 0 &&
		 queue_deliver(delivery->spool, &entry, work->source, parts, count, &error) != 0;
	if (entry.place_count > 0 && !failed && work->source == NULL)
		work->source = queue_message_path(delivery->spool, &(struct queue_item){QUEUE_ACTIVE, entry.id}, &error);
	for (size_t i = 0; i < entry.place_count; i++)
		report(work, &entry.places[i], failed ? &error : NULL);
	free(entry.places);
	return failed ? 1 : 0;
}

/* Delivers to all places of the kinds in the bit mask (1 << PLACE_MAILBOX ...), independently. Returns the
 * number of failures. */
static size_t deliver_kinds(struct work *work, unsigned kinds)
{
	static int (*const how[])(struct work *, const struct place *, struct error *) = {
	    [PLACE_MAILBOX] = deliver_mailbox,
	    [PLACE_BOSS] = deliver_boss,
	    [PLACE_DAEMON] = deliver_daemon,
	    [PLACE_REPLY] = deliver_reply,
	    [PLACE_OWN] = deliver_sent,
	};
	size_t failed = 0;

	for (size_t i = 0; i < work->delivery->envelope->place_count; i++) {
		const struct place *place = &work->delivery->envelope->places[i];
		struct error error;
		bool done;

		if ((kinds >> place->kind & 1) == 0 || !wanted(work, place))
			continue;
		assert(place->kind < ARRAY_LEN(how) && how[place->kind] != NULL); /* PLACE_QUEUE is handled by deliver_queue() */
		done = how[place->kind](work, place, &error) == 0;
		report(work, place, done ? NULL : &error);
		failed += done ? 0 : 1;
	}
	return failed;
}

size_t deliver_places(const struct delivery *delivery)
{
	struct work work = {.delivery = delivery};
	size_t failed;

	failed = deliver_kinds(&work, 1u << PLACE_MAILBOX | 1u << PLACE_DAEMON | 1u << PLACE_REPLY);
	failed += deliver_queue(&work);
	failed += deliver_kinds(&work, 1u << PLACE_OWN | 1u << PLACE_BOSS); /* last: they share the bytes of another */
	free(work.source);
	return failed;
}
