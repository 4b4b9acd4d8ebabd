#include "message/imap/imap_listing.h"

#include "base/alloc.h"
#include "message/header.h"
#include "message/imap/imap_envelope.h"

/* Another number for another list of fields, or when the envelope or the structure is written differently. */
#define VERSION 1

/* What mail programs ask for when they list messages, and what people search for. */
static const char *const fields[] = {"Bcc", "Cc", "Chat-Version", "Content-Description", "Content-Transfer-Encoding", "Content-Type", "Date",
    "Delivered-To", "Disposition-Notification-To", "From", "Importance", "In-Reply-To", "Lines", "List-Id", "List-Post", "List-Unsubscribe",
    "Mail-Followup-To", "Mail-Reply-To", "Message-ID", "MIME-Version", "Newsgroups", "Priority", "References", "Reply-To", "Return-Path", "Sender",
    "Subject", "To", "X-Draft-Info", "X-Envelope-From", "X-Envelope-To", "X-K9mail-Identity", "X-Label", "X-Mailer", "X-Original-To", "X-Priority",
    "X-Spam-Flag", "X-Spam-Score", "X-Spam-Status", "X-Uniform-Type-Identifier", "X-Universally-Unique-Identifier", "X-Virus-Status", "User-Agent"};

struct begin {
	uint32_t version, envelope, header, body, structure; /* lengths; UINT32_MAX: not made */
};

bool imap_listing_has(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (slice_is_nocase(name, fields[i]))
			return true;
	return false;
}

bool imap_listing_answers(const struct imap_section *section)
{
	if (section->kind != IMAP_SECTION_FIELDS || section->depth > 0)
		return false;
	for (size_t i = 0; i < section->fields.count; i++)
		if (!imap_listing_has(slice_of(section->fields.items[i])))
			return false;
	return true;
}

static void append_fields(struct slice header, struct buf *out)
{
	struct header_field field;
	struct header_walk walk;

	header_walk_init(&walk, header);
	while (header_walk_next(&walk, &field)) {
		if (!imap_listing_has(field.name))
			continue;
		buf_append_slice(out, field.raw);
		if (field.raw.ptr[field.raw.len - 1] != '\n')
			buf_append_text(out, "\r\n");
	}
}

static uint32_t added_since(const struct buf *out, size_t *at)
{
	uint32_t len = (uint32_t)(out->len - *at);

	*at = out->len;
	return len;
}

bool imap_listing_make(struct slice header, const struct imap_tree *tree, struct buf *out)
{
	struct begin begin = {.version = VERSION, .body = UINT32_MAX, .structure = UINT32_MAX};
	struct buf made = BUF_INIT(IMAP_LISTING_MAX - sizeof(begin));
	size_t at = 0;
	bool fits;

	imap_envelope(header, &made);
	begin.envelope = added_since(&made, &at);
	append_fields(header, &made);
	begin.header = added_since(&made, &at);
	if (tree != NULL) {
		imap_structure(tree, false, &made);
		begin.body = added_since(&made, &at);
		imap_structure(tree, true, &made);
		begin.structure = added_since(&made, &at);
	}
	fits = !made.overflow && buf_reserve(out, sizeof(begin) + made.len) != NULL;
	if (fits) {
		buf_append(out, &begin, sizeof(begin));
		buf_append_slice(out, buf_slice(&made));
	}
	buf_clear(&made);
	return fits;
}

/* Cuts a piece of this length off. */
static bool take(struct slice *rest, uint32_t len, struct slice *piece)
{
	*piece = SLICE_NONE;
	if (len == UINT32_MAX)
		return true;
	if (len > rest->len)
		return false;
	*piece = slice_make(rest->ptr, len);
	*rest = slice_from(*rest, len);
	return true;
}

bool imap_listing_read(struct slice value, struct imap_listing *listing)
{
	struct begin begin;
	struct slice rest;

	if (value.len < sizeof(begin))
		return false;
	memcpy(&begin, value.ptr, sizeof(begin));
	rest = slice_from(value, sizeof(begin));
	return begin.version == VERSION && take(&rest, begin.envelope, &listing->envelope) && take(&rest, begin.header, &listing->header) &&
	       take(&rest, begin.body, &listing->body) && take(&rest, begin.structure, &listing->structure) && rest.len == 0;
}
