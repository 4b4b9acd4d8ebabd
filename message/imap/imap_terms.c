#include "message/imap/imap_terms.h"

#include "base/alloc.h"
#include "message/addr.h"
#include "message/decode.h"
#include "message/fold.h"
#include "message/imap/imap_search.h"

#include <stdlib.h>

/* Another number when something is compared differently, or for another list of fields. */
#define VERSION 1
#define NOT_MADE UINT32_MAX /* as a length */
#define SUBJECT_MAX 4096
#define ADDRESS_MAX 1000

enum { SUBJECT, FROM, TO, CC, IDS, FIELDS, PIECES };

struct begin {
	uint32_t version;
	uint8_t has_date, is_reply, padding[2];
	int64_t sent_time, sent_day;
	uint32_t lengths[PIECES];
	uint32_t end;
};

/* Before each text in FIELDS. */
struct entry {
	uint32_t field, len;
};

static const char *const fields[] = {
    "Bcc", "Cc", "Delivered-To", "From", "In-Reply-To", "List-Id", "Message-ID", "References", "Reply-To", "Sender", "Subject", "To", "X-Spam-Flag"};

int imap_terms_field(struct slice name)
{
	for (int i = 0; i < (int)ARRAY_LEN(fields); i++)
		if (slice_is_nocase(name, fields[i]))
			return i;
	return -1;
}

/* --- making */

static void append_address(struct slice header, const char *name, struct buf *out)
{
	struct buf folded = BUF_INIT(ADDRESS_MAX);
	struct header_field field;
	struct addr_item item;
	size_t at = 0;

	if (header_find(header, name, &field) && addr_list_next(field.body, &at, &item))
		fold_text(slice_of(item.addr.local), &folded);
	buf_append_slice(out, buf_slice(&folded));
	buf_clear(&folded);
}

/* As strings: the message's own id ("": none), then the references. */
static void append_ids(const struct imap_thread_message *message, struct buf *out)
{
	const char *own = message->message_id != NULL ? message->message_id : "";

	buf_append(out, own, strlen(own) + 1);
	for (size_t i = 0; i < message->references.count; i++)
		buf_append(out, message->references.items[i], strlen(message->references.items[i]) + 1);
}

struct adding {
	struct buf *out;
	uint32_t field;
	bool failed;
};

static bool append_text(void *context, struct slice text)
{
	struct adding *adding = context;
	struct entry entry = {adding->field, (uint32_t)text.len};

	adding->failed = text.ptr == NULL || buf_append(adding->out, &entry, sizeof(entry)) != 0 || buf_append_slice(adding->out, text) != 0;
	return adding->failed;
}

/* False: a text could not be folded, or does not fit. */
static bool append_fields(struct slice header, struct buf *out)
{
	struct slice charset = decode_message_charset(header);
	struct header_field field;
	struct header_walk walk;
	struct adding adding = {.out = out};

	header_walk_init(&walk, header);
	while (!adding.failed && header_walk_next(&walk, &field)) {
		int number = imap_terms_field(field.name);

		adding.field = (uint32_t)number;
		if (number >= 0)
			imap_search_visit_field(&field, charset, append_text, &adding);
	}
	return !adding.failed;
}

static void read_thread(struct slice header, struct imap_thread_message *message)
{
	struct buf subject = BUF_INIT(SUBJECT_MAX);
	struct header_field field;

	if (header_find(header, "Subject", &field))
		decode_field(&field, decode_message_charset(header), &subject);
	imap_thread_message_read(message, header, buf_slice(&subject));
	buf_clear(&subject);
}

static void end_piece(struct begin *begin, int piece, const struct buf *made, size_t *at)
{
	begin->lengths[piece] = (uint32_t)(made->len - *at);
	*at = made->len;
}

void imap_terms_make(struct slice header, struct buf *out)
{
	struct begin begin = {.version = VERSION};
	struct buf made = BUF_INIT(IMAP_TERMS_MAX - sizeof(begin));
	struct imap_thread_message message = {.number = 0};
	size_t at = 0;

	read_thread(header, &message);
	begin.has_date = imap_search_sent_time(header, &begin.sent_time) && imap_search_sent_day(header, &begin.sent_day);
	begin.is_reply = message.is_reply;
	buf_append_text(&made, message.subject);
	end_piece(&begin, SUBJECT, &made, &at);
	append_address(header, "From", &made);
	end_piece(&begin, FROM, &made, &at);
	append_address(header, "To", &made);
	end_piece(&begin, TO, &made, &at);
	append_address(header, "Cc", &made);
	end_piece(&begin, CC, &made, &at);
	append_ids(&message, &made);
	end_piece(&begin, IDS, &made, &at);
	if (append_fields(header, &made)) {
		end_piece(&begin, FIELDS, &made, &at);
	} else {
		begin.lengths[FIELDS] = NOT_MADE;
		made.len = at;
	}
	buf_append(out, &begin, sizeof(begin));
	buf_append_slice(out, buf_slice(&made));
	imap_thread_message_clear(&message);
	buf_clear(&made);
}

/* --- reading */

bool imap_terms_read(struct slice value, struct imap_terms *terms)
{
	struct slice *pieces[PIECES] = {&terms->subject, &terms->from, &terms->to, &terms->cc, &terms->ids, &terms->fields};
	struct slice rest;
	struct begin begin;

	if (value.len < sizeof(begin))
		return false;
	memcpy(&begin, value.ptr, sizeof(begin));
	if (begin.version != VERSION)
		return false;
	rest = slice_from(value, sizeof(begin));
	for (int i = 0; i < PIECES; i++) {
		*pieces[i] = SLICE_NONE;
		if (begin.lengths[i] == NOT_MADE)
			continue;
		if (begin.lengths[i] > rest.len)
			return false;
		*pieces[i] = slice_make(rest.ptr, begin.lengths[i]);
		rest = slice_make(rest.ptr + begin.lengths[i], rest.len - begin.lengths[i]);
	}
	terms->has_date = begin.has_date;
	terms->sent_time = begin.sent_time;
	terms->sent_day = begin.sent_day;
	terms->is_reply = begin.is_reply;
	return true;
}

bool imap_terms_find(const struct imap_terms *terms, int field, struct slice folded)
{
	struct slice rest = terms->fields;
	struct entry entry;

	while (rest.len >= sizeof(entry)) {
		memcpy(&entry, rest.ptr, sizeof(entry));
		rest = slice_make(rest.ptr + sizeof(entry), rest.len - sizeof(entry));
		if (entry.len > rest.len)
			return false;
		if ((int)entry.field == field &&
		    (folded.len == 0 || slice_search(slice_make(rest.ptr, entry.len), folded) >= 0))
			return true;
		rest = slice_make(rest.ptr + entry.len, rest.len - entry.len);
	}
	return false;
}

void imap_terms_thread(const struct imap_terms *terms, struct imap_thread_message *message)
{
	struct slice rest = terms->ids, own = slice_cut(&rest, '\0');

	message->subject = slice_dup(terms->subject);
	message->is_reply = terms->is_reply;
	message->message_id = own.len > 0 ? slice_dup(own) : NULL;
	message->references = (struct strlist){NULL, 0};
	while (rest.len > 0) {
		char *id = slice_dup(slice_cut(&rest, '\0'));

		strlist_add(&message->references, id);
		free(id);
	}
}
