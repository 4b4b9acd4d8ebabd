/*
 * DATA: the bytes of a message, from 354 to the one reply that counts.
 *
 * The header section is held back until it is complete (smtpd_header.c). The rest is stored as it arrives, byte for byte. An invalid message
 * is read to its real end before it is refused.
 */
#include "base/alloc.h"
#include "base/process/thread_activity.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/net/net.h"
#include "mail/route.h"
#include "message/stub_reply.h"

#include "lan-server/smtp/smtpd_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define PIECE 16384

enum smtpd_reply smtpd_cmd_data(struct smtpd *smtpd, struct slice arg)
{
	enum smtpd_reply reply;

	(void)arg;
	if (smtpd->tx->chunked)
		return REPLY_BDAT_ONLY;
	if (smtpd->tx->envelope.recipients.count == 0)
		return REPLY_NO_RECIPIENTS;
	reply = smtpd_check_storage(smtpd, 0);
	if (reply != REPLY_NONE)
		return reply;
	smtpd_enter_state(smtpd, SMTPD_DATA);
	return REPLY_SEND_DATA;
}

/* The first reason for a refusal is used. REPLY_NONE means none. What has come is of no more use, and its sender may stay
 * for long: it takes no room meanwhile. */
void smtpd_data_fail(struct smtpd *smtpd, enum smtpd_reply reply)
{
	struct smtpd_transaction *tx = smtpd->tx;

	if (tx->failed != REPLY_NONE || reply == REPLY_NONE)
		return;
	tx->failed = reply;
	tx->failed_text = xstrdup(smtpd_reply_text(smtpd, reply));
	body_clear(&tx->body, false);
}

/* A failure of our disk: the log gets the details, the client gets advice. */
static void fail_storage(struct smtpd *smtpd, const struct error *error)
{
	log_warnx("event=smtp-storage-failed id=%s reason=%s", smtpd->tx->envelope.id.text, LOG_ERROR(error));
	smtpd_data_fail(smtpd, error->class == ERROR_FULL ? REPLY_NO_STORAGE : REPLY_NOT_STORED);
}

void smtpd_data_append(struct smtpd *smtpd, struct slice bytes)
{
	struct smtpd_transaction *tx = smtpd->tx;
	struct error error = ERROR_INIT;

	if (tx->body.path != NULL) /* many simultaneous messages could also use the last free space */
		smtpd_data_fail(smtpd, smtpd_check_storage(smtpd, bytes.len));
	if (tx->failed != REPLY_NONE || bytes.len == 0)
		return;
	if (body_append(&tx->body, bytes, &tx->envelope.id, &error) != 0)
		fail_storage(smtpd, &error);
}

/* The offset after the empty line that ends the header, or 0. `from` bytes were already
 * searched. */
static size_t header_end(struct slice header, size_t from)
{
	ptrdiff_t at;

	if (header.len >= 2 && memcmp(header.ptr, "\r\n", 2) == 0)
		return 2;
	from = from < 3 ? 0 : from - 3;
	at = slice_search(slice_from(header, from), SLICE_LITERAL("\r\n\r\n"));
	return at < 0 ? 0 : from + (size_t)at + 4;
}

static void take_header(struct smtpd *smtpd, struct slice bytes)
{
	struct smtpd_transaction *tx = smtpd->tx;
	size_t before = tx->header.len, end;
	struct slice rest;

	if (before + bytes.len > BODY_MEMORY_BUSY && body_memory_is_short()) {
		smtpd_data_fail(smtpd, REPLY_NO_STORAGE);
		smtpd_header_clear(tx);
		return;
	}
	if (buf_append_slice(&tx->header, bytes) != 0) {
		smtpd_data_fail(smtpd, REPLY_HEADER_TOO_LARGE);
		smtpd_header_clear(tx);
		return;
	}
	body_memory_take(bytes.len);
	tx->header_counted += bytes.len;
	end = header_end(buf_slice(&tx->header), before);
	if (end == 0)
		return;
	rest = slice_from(bytes, end - before);
	tx->header.len = end;
	smtpd_finish_header(smtpd);
	smtpd_data_append(smtpd, rest);
}

static void take_bytes(struct smtpd *smtpd, struct slice bytes)
{
	struct smtpd_transaction *tx = smtpd->tx;

	tx->size += bytes.len;
	if (tx->size > (uint64_t)smtpd->options.conf->limits.max_message_size)
		smtpd_data_fail(smtpd, REPLY_MESSAGE_TOO_LARGE);
	if (tx->failed != REPLY_NONE)
		return;
	if (tx->header_done)
		smtpd_data_append(smtpd, bytes);
	else
		take_header(smtpd, bytes);
}

/* The message ended without an empty line. */
static void finish_short_message(struct smtpd *smtpd)
{
	struct smtpd_transaction *tx = smtpd->tx;

	if (tx->header_done || tx->failed != REPLY_NONE)
		return;
	if (tx->header.len == 0)
		smtpd_data_append(smtpd, SLICE_LITERAL("\r\n"));
	smtpd_finish_header(smtpd);
}

/* Checks that need the whole message. */
static enum smtpd_reply check_whole(const struct smtpd *smtpd)
{
	const struct smtpd_transaction *tx = smtpd->tx;
	int64_t outgoing = smtpd->options.conf->limits.max_outgoing_size;
	enum smtpd_reply reply;

	if (tx->reader.bare_cr || tx->reader.bare_lf || tx->bare_line_end)
		return REPLY_BARE_LINE_END;
	if (tx->reader.has_nul || tx->has_nul)
		return REPLY_NUL;
	reply = smtpd_check_day(smtpd);
	if (reply != REPLY_NONE)
		return reply;
	if (tx->to_outside && outgoing > 0 && tx->size > (uint64_t)outgoing)
		return REPLY_OUTGOING_TOO_LARGE;
	return smtpd_check_mailboxes(smtpd);
}

/* Marked as urgent by a user who may start sessions in this way: its places in the queue say so. */
static void mark_urgent(const struct smtpd *smtpd)
{
	const struct conf *conf = smtpd->options.conf;
	struct envelope *envelope = &smtpd->tx->envelope;

	envelope->is_urgent = smtpd->tx->urgent && smtpd->tx->to_outside && !smtpd->tx->automatic && envelope->submitter[0] != '\0' &&
			      conf_users_have(conf, &conf->schedule.urgent_users, envelope->submitter);
	for (size_t i = 0; i < envelope->place_count && envelope->is_urgent; i++) {
		struct place *place = &envelope->places[i];

		if (place->kind == PLACE_QUEUE && strcmp(place->why, place->name) == 0) /* the address alone is no reason */
			envelope_set(&place->why, slice_of(PHRASE(N_("urgent: it starts a session, and is sent first"))));
	}
}

static void complete_envelope(struct smtpd *smtpd)
{
	struct smtpd_transaction *tx = smtpd->tx;
	struct envelope *envelope = &tx->envelope;
	const char *submitter = smtpd_who_sends(smtpd);
	char address[NET_ADDRESS_MAX];

	net_address_text(address, &smtpd->options.client);
	envelope_set(&envelope->submitter, slice_of(submitter == NULL ? "" : submitter));
	mark_urgent(smtpd);
	origin_set_smtp(&envelope->origin, address, smtpd->dialogue.user);
	envelope_set(&envelope->session, slice_of(smtpd->options.session));
	if (tx->to_daemon && !tx->automatic && tx->sender.local[0] != '\0')
		envelope_add(
		    envelope, PLACE_DAEMON, slice_of(envelope->sender), buf_slice(&tx->subject));
	route_add_boss(smtpd->options.conf, envelope);
}

/* The text for the log after the spool has taken the envelope. New memory. */
static char *describe_message(const struct smtpd *smtpd)
{
	const struct envelope *envelope = &smtpd->tx->envelope;
	char address[NET_ADDRESS_MAX];

	return xasprintf("id=%s session=%s ip=%s login=%s from=%s rcpts=%zu size=%llu",
	    envelope->id.text, smtpd->options.session,
	    net_address_text(address, &smtpd->options.client),
	    smtpd->dialogue.user == NULL ? "-" : smtpd->dialogue.user, LOG_CSTR(envelope->sender),
	    envelope->recipients.count, (unsigned long long)envelope->size);
}

static void log_refused(const struct smtpd *smtpd)
{
	const struct smtpd_transaction *tx = smtpd->tx;
	char address[NET_ADDRESS_MAX], from[ADDR_TEXT_MAX];

	log_info("event=smtp-refused session=%s ip=%s from=%s code=%d reason=%s",
	    smtpd->options.session, net_address_text(address, &smtpd->options.client),
	    LOG_CSTR(addr_text(from, sizeof(from), &tx->sender)), smtpd_reply_code(tx->failed), LOG_CSTR(tx->failed_text));
}

/* Some attachments may not leave the office. */
static enum smtpd_reply check_attachments(struct smtpd *smtpd)
{
	struct smtpd_transaction *tx = smtpd->tx;
	char name[200];
	struct error error;
	struct slice message;

	if (!tx->to_outside || smtpd->options.conf->limits.forbidden_attachments.count == 0)
		return REPLY_NONE;
	if (body_view(&tx->body, &message, &error) != 0) {
		fail_storage(smtpd, &error);
		return tx->failed;
	}
	if (!smtpd_has_forbidden_attachment(smtpd, message, name, sizeof(name)))
		return REPLY_NONE;
	return smtpd_about(smtpd, REPLY_ATTACHMENT, name, NULL);
}

/* A reply to a stub goes to daemon. Its text may be meant for the author of the original message: it is refused, so that
 * its writer notices. */
static void keep_reply(struct smtpd *smtpd)
{
	struct smtpd_transaction *tx = smtpd->tx;
	struct slice id, message;
	struct error error;

	if (tx->to_daemon && stub_reply_id(buf_slice(&tx->subject), &id) && body_view(&tx->body, &message, &error) == 0 &&
	    stub_reply_has_text(message) && tx->sender_user != NULL)
		route_add_mailbox(smtpd->options.conf, &tx->envelope, tx->sender_user, slice_of(PHRASE(N_("a reply to a stub that contains text"))));
}

/* The reply for a refused message. */
static enum smtpd_reply refusal(struct smtpd *smtpd)
{
	const struct smtpd_transaction *tx = smtpd->tx;

	snprintf(smtpd->about, sizeof(smtpd->about), "%s", tx->failed_text);
	return tx->failed;
}

/* Passes the complete message to the spool. */
static void store(struct smtpd *smtpd)
{
	struct smtpd_transaction *tx = smtpd->tx;
	struct smtpd_hooks *hooks = &smtpd->options.hooks;
	struct error error = ERROR_INIT;
	char *description;

	keep_reply(smtpd);
	smtpd_data_fail(smtpd, smtpd_take_release(smtpd));
	if (tx->failed != REPLY_NONE)
		return;
	complete_envelope(smtpd);
	smtpd_data_fail(smtpd, smtpd_check_scanners(smtpd));
	if (tx->failed != REPLY_NONE)
		return;
	tx->envelope.size = strlen(tx->envelope.header) + tx->body.size;
	description = describe_message(smtpd);
	if (!tx->automatic && hooks->befriend != NULL)
		hooks->befriend(hooks->context, &tx->envelope);
	if (hooks->accept(hooks->context, &tx->envelope, &tx->body, &error) == 0) {
		smtpd_count_sent(smtpd);
		log_info("event=smtp-accepted %s", description);
	} else {
		fail_storage(smtpd, &error);
	}
	free(description);
}

/* Ends the transaction. */
static enum smtpd_reply finish_message(struct smtpd *smtpd)
{
	struct smtpd_transaction *tx = smtpd->tx;
	struct msgid id = tx->envelope.id;
	struct error error = ERROR_INIT;
	enum smtpd_reply reply;

	finish_short_message(smtpd);
	if (tx->failed == REPLY_NONE)
		smtpd_data_fail(smtpd, check_whole(smtpd));
	if (tx->failed == REPLY_NONE && body_finish(&tx->body, &error) != 0)
		fail_storage(smtpd, &error);
	if (tx->failed == REPLY_NONE)
		smtpd_data_fail(smtpd, check_attachments(smtpd));
	if (tx->failed == REPLY_NONE)
		store(smtpd);
	if (tx->failed == REPLY_NONE) {
		client_limits_success(&smtpd->dialogue.limits);
		reply = smtpd_about(smtpd, REPLY_QUEUED, id.text, NULL);
	} else {
		log_refused(smtpd);
		reply = refusal(smtpd);
	}
	smtpd_transaction_end(smtpd);
	return reply;
}

static enum dialogue_effect take_dotted(struct smtpd *smtpd, struct slice *bytes)
{
	struct buf out = BUF_INIT(PIECE + 1);
	bool end = false;

	while (!end && bytes->len > 0) {
		size_t len = bytes->len < PIECE ? bytes->len : PIECE;
		struct slice piece = slice_make(bytes->ptr, len);

		buf_reset(&out);
		end = dot_read(&smtpd->tx->reader, &piece, &out);
		*bytes = slice_from(*bytes, len - piece.len);
		take_bytes(smtpd, buf_slice(&out));
	}
	buf_clear(&out);
	if (!end)
		return DIALOGUE_READ_DATA;
	return smtpd_answer(smtpd, finish_message(smtpd));
}

/* --- BDAT (RFC 3030): chunks of an announced size */

enum dialogue_effect smtpd_begin_chunk(struct smtpd *smtpd, struct slice arg)
{
	struct slice last = slice_begins_nocase(arg, " ") ? slice_trim(arg) : arg;
	struct slice number = slice_cut(&last, ' ');
	enum dialogue_effect effect;

	thread_activity_command("BDAT");
	last = slice_trim(last);
	smtpd->chunk_is_last = slice_is_nocase(last, "LAST");
	if (!slice_number(number, 0, UINT64_MAX / 4, &smtpd->chunk_left) ||
	    (last.len > 0 && !smtpd->chunk_is_last))
		return smtpd_answer(smtpd, REPLY_BDAT_SYNTAX);
	smtpd_enter_state(smtpd, SMTPD_CHUNK);
	if (smtpd->chunk_left > 0)
		return DIALOGUE_READ_DATA;
	effect = smtpd_data(&smtpd->dialogue, &(struct slice){"", 0});
	return effect == DIALOGUE_READ_LINE && !smtpd->chunk_is_last ? smtpd_count_junk(smtpd) : effect;
}

/* A chunk must not contain line ends that another server might take for the end of the data. */
static void check_chunk(struct smtpd_transaction *tx, struct slice bytes)
{
	char before = tx->last_byte;

	for (size_t i = 0; i < bytes.len; i++) {
		char byte = bytes.ptr[i];

		tx->bare_line_end |= (byte == '\n') != (before == '\r');
		tx->has_nul |= byte == '\0';
		before = byte;
	}
	tx->last_byte = before;
}

/* The message in chunks is complete: its last line may need a line end, as with DATA. */
static enum smtpd_reply finish_chunks(struct smtpd *smtpd)
{
	struct smtpd_transaction *tx = smtpd->tx;

	tx->bare_line_end |= tx->last_byte == '\r';
	if (tx->size > 0 && tx->last_byte != '\n')
		take_bytes(smtpd, SLICE_LITERAL("\r\n"));
	return finish_message(smtpd);
}

static enum smtpd_reply end_chunk(struct smtpd *smtpd)
{
	struct smtpd_transaction *tx = smtpd->tx;

	smtpd_enter_state(smtpd, tx != NULL ? SMTPD_MAIL : smtpd->hello[0] != '\0' ? SMTPD_READY : SMTPD_HELLO);
	if (tx == NULL)
		return REPLY_MAIL_FIRST;
	if (tx->envelope.recipients.count == 0)
		return REPLY_NO_RECIPIENTS;
	if (smtpd->chunk_is_last)
		return finish_chunks(smtpd);
	return tx->failed != REPLY_NONE ? refusal(smtpd) : REPLY_CHUNK_TAKEN;
}

static enum dialogue_effect take_chunk(struct smtpd *smtpd, struct slice *bytes)
{
	size_t len = bytes->len < smtpd->chunk_left ? bytes->len : (size_t)smtpd->chunk_left;
	struct slice piece = slice_make(bytes->ptr, len);
	struct smtpd_transaction *tx = smtpd->tx;

	*bytes = slice_from(*bytes, len);
	smtpd->chunk_left -= len;
	if (tx != NULL && tx->envelope.recipients.count > 0) {
		if (!tx->chunked)
			smtpd_data_fail(smtpd, smtpd_check_storage(smtpd, 0));
		tx->chunked = true;
		check_chunk(tx, piece);
		take_bytes(smtpd, piece);
	}
	return smtpd->chunk_left > 0 ? DIALOGUE_READ_DATA : smtpd_answer(smtpd, end_chunk(smtpd));
}

enum dialogue_effect smtpd_data(struct dialogue *dialogue, struct slice *bytes)
{
	struct smtpd *smtpd = smtpd_of(dialogue);

	return smtpd->state == SMTPD_CHUNK ? take_chunk(smtpd, bytes) : take_dotted(smtpd, bytes);
}
