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

/* Calls fn with the text, folded. */
static bool visit(struct buf *decoded, imap_search_fn fn, void *context)
{
	struct buf text = BUF_INIT(decoded->limit * 3 + 64);
	bool enough;

	if (!budget_spend((uint64_t)decoded->len * FOLD_COST))
		return fn(context, SLICE_NONE);
	single_blanks(decoded);
	imap_search_fold(buf_slice(decoded), &text);
	enough = fn(context, text.ptr != NULL ? buf_slice(&text) : SLICE_LITERAL(""));
	buf_clear(&text);
	return enough;
}

static bool contains(void *context, struct slice text)
{
	const struct slice *wanted = context;

	return text.len > 0 && (wanted->len == 0 || slice_search(text, *wanted) >= 0);
}

/* --- header */

bool imap_search_visit_field(const struct header_field *field, struct slice charset, imap_search_fn fn, void *context)
{
	struct buf decoded = BUF_INIT(FIELD_MAX);
	bool enough;

	decode_field(field, charset, &decoded);
	enough = visit(&decoded, fn, context);
	buf_clear(&decoded);
	return enough;
}

bool imap_search_each_field(struct slice header, imap_search_fn fn, void *context)
{
	struct slice charset = decode_message_charset(header);
	struct header_field field;
	struct header_walk walk;
	bool enough = false;

	header_walk_init(&walk, header);
	while (!enough && header_walk_next(&walk, &field))
		enough = imap_search_visit_field(&field, charset, fn, context);
	return enough;
}

bool imap_search_field(struct slice header, const char *name, struct slice folded)
{
	struct slice charset = SLICE_NONE;
	struct header_field field;
	struct header_walk walk;
	bool found = false;

	if (folded.len > 0)
		charset = decode_message_charset(header);
	header_walk_init(&walk, header);
	while (!found && header_walk_next(&walk, &field))
		found = slice_is_nocase(field.name, name) && (folded.len == 0 || imap_search_visit_field(&field, charset, contains, &folded));
	return found;
}

/* --- body */

static bool visit_part(const struct imap_part *part, imap_search_fn fn, void *context)
{
	struct mime_part mime = imap_part_mime(part);
	struct buf text = BUF_INIT(TEXT_MAX);
	bool enough = false;

	if (mime.is_container)
		return false;
	if (mime_file_name(&mime, &text))
		enough = visit(&text, fn, context);
	buf_reset(&text);
	if (!enough && (slice_begins_nocase(part->type, "text/") || slice_begins_nocase(part->type, "message/") ||
	                   slice_begins_nocase(part->type, "multipart/"))) {
		mime_text(&mime, &text);
		enough = visit(&text, fn, context);
	}
	buf_clear(&text);
	return enough;
}

/* Of the part, and of all that are in it: at most IMAP_LEVELS_MAX deep. */
static bool visit_parts(const struct imap_part *part, imap_search_fn fn, void *context)
{
	bool enough = visit_part(part, fn, context);

	/* The header of a message that is forwarded whole is text of this one. */
	if (part->is_message)
		enough = enough || imap_search_each_field(part->child->header, fn, context);
	for (const struct imap_part *child = part->child; child != NULL && !enough; child = child->next)
		enough = visit_parts(child, fn, context);
	return enough;
}

bool imap_search_each_text(const struct imap_tree *tree, imap_search_fn fn, void *context)
{
	return visit_parts(tree->root, fn, context);
}

bool imap_search_text(const struct imap_tree *tree, bool with_header, struct slice folded)
{
	if (folded.len == 0)
		return true;
	return (with_header && imap_search_each_field(tree->root->header, contains, &folded)) ||
	       imap_search_each_text(tree, contains, &folded);
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
