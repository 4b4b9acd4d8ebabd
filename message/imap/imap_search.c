#include "message/imap/imap_search.h"

#include "message/budget.h"
#include "message/date.h"
#include "message/decode.h"
#include "message/fold.h"

#define DAY 86400
#define FIELD_MAX (256u << 10)
#define TEXT_MAX (16u << 20) /* decoded text of one part; the rest is not searched */
#define FOLD_COST 8	     /* units a byte: decoding and folding */
#define PREVIEW_MAX (8u << 10)

/* --- comparing */

void imap_search_fold(struct slice text, struct buf *out)
{
	size_t start = out->len;

	fold_text(text, out);
	if (out->len > start)
		fold_yo(out->ptr + start, out->len - start);
}

/* White space of any kind and length is one blank, as a reader sees it. */
static void single_blanks(struct buf *text)
{
	size_t to = 0;

	for (size_t i = 0; i < text->len; i++) {
		bool blank = strchr(" \t\r\n", text->ptr[i]) != NULL && text->ptr[i] != '\0';

		if (blank && to > 0 && text->ptr[to - 1] == ' ')
			continue;
		text->ptr[to++] = blank ? ' ' : text->ptr[i];
	}
	text->len = to;
}

static bool contains(struct buf *decoded, struct slice folded)
{
	struct buf text = BUF_INIT(decoded->limit * 3 + 64);
	bool found;

	if (!budget_spend((uint64_t)decoded->len * FOLD_COST))
		return false;
	single_blanks(decoded);
	imap_search_fold(buf_slice(decoded), &text);
	found = folded.len == 0 || (text.len > 0 && memmem(text.ptr, text.len, folded.ptr, folded.len) != NULL);
	buf_clear(&text);
	return found;
}

/* --- header */

static bool field_contains(const struct header_field *field, struct slice charset, struct slice folded)
{
	struct buf decoded = BUF_INIT(FIELD_MAX);
	bool found;

	if (folded.len == 0)
		return true;
	decode_field(field, charset, &decoded);
	found = contains(&decoded, folded);
	buf_clear(&decoded);
	return found;
}

/* name NULL: any field. */
static bool header_contains(struct slice header, const char *name, struct slice folded)
{
	struct slice charset = decode_message_charset(header);
	struct header_field field;
	struct header_walk walk;
	bool found = false;

	header_walk_init(&walk, header);
	while (!found && header_walk_next(&walk, &field))
		found = (name == NULL || slice_is_nocase(field.name, name)) && field_contains(&field, charset, folded);
	return found;
}

bool imap_search_field(struct slice header, const char *name, struct slice folded)
{
	return header_contains(header, name, folded);
}

/* --- body */

static bool part_contains(const struct imap_part *part, struct slice folded)
{
	struct mime_part mime = imap_part_mime(part);
	struct buf text = BUF_INIT(TEXT_MAX);
	bool found = false;

	if (mime.is_container)
		return false;
	if (mime_file_name(&mime, &text))
		found = contains(&text, folded);
	buf_reset(&text);
	if (!found && (slice_begins_nocase(part->type, "text/") || slice_begins_nocase(part->type, "message/") ||
	                  slice_begins_nocase(part->type, "multipart/"))) {
		mime_text(&mime, &text);
		found = contains(&text, folded);
	}
	buf_clear(&text);
	return found;
}

/* Of the part, and of all that are in it: at most IMAP_LEVELS_MAX deep. */
static bool parts_contain(const struct imap_part *part, struct slice folded)
{
	bool found = part_contains(part, folded);

	/* The header of a message that is forwarded whole is text of this one. */
	if (part->is_message)
		found = found || header_contains(part->child->header, NULL, folded);
	for (const struct imap_part *child = part->child; child != NULL && !found; child = child->next)
		found = parts_contain(child, folded);
	return found;
}

bool imap_search_text(const struct imap_tree *tree, bool with_header, struct slice folded)
{
	if (folded.len == 0)
		return true;
	return (with_header && header_contains(tree->root->header, NULL, folded)) || parts_contain(tree->root, folded);
}

/* --- preview */

static const struct imap_part *first_text(const struct imap_part *part)
{
	const struct imap_part *found = NULL;
	struct mime_part mime = imap_part_mime(part);

	if (!mime.is_container)
		return mime_is_shown_text(&mime) ? part : NULL;
	for (const struct imap_part *child = part->child; child != NULL && found == NULL; child = child->next)
		found = first_text(child);
	return found;
}

void imap_search_preview(const struct imap_tree *tree, size_t characters, struct buf *out)
{
	const struct imap_part *part = first_text(tree->root);
	struct buf text = BUF_INIT(PREVIEW_MAX), clean = BUF_INIT(PREVIEW_MAX * 3);
	struct slice rest;
	struct mime_part mime;

	if (part == NULL)
		return;
	mime = imap_part_mime(part);
	mime_text(&mime, &text);
	decode_append_clean(buf_slice(&text), &clean);
	single_blanks(&clean);
	rest = slice_trim(buf_slice(&clean));
	for (size_t len; characters > 0 && (len = utf8_char_len(rest)) > 0; characters--) {
		buf_append(out, rest.ptr, len);
		rest = slice_from(rest, len);
	}
	buf_clear(&text);
	buf_clear(&clean);
}

/* --- dates */

static bool read_date(struct slice header, struct date *date)
{
	struct header_field field;

	return header_find(header, "Date", &field) && date_read(field.body, date);
}

bool imap_search_sent_day(struct slice header, int64_t *day)
{
	struct date date;

	if (!read_date(header, &date))
		return false;
	date.time += date.zone;
	*day = date.time / DAY - (date.time % DAY < 0);
	return true;
}

bool imap_search_sent_time(struct slice header, int64_t *time)
{
	struct date date;

	if (!read_date(header, &date))
		return false;
	*time = date.time;
	return true;
}
