#include "lan-server/imap/imapd_item.h"

#include "base/alloc.h"
#include "message/budget.h"
#include "message/imap/imap_envelope.h"
#include "message/imap/imap_search.h"
#include "message/imap/imap_string.h"

#include "lan-server/imap/imapd_priv.h"
#include "lan-server/made_memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#define PREVIEW_CHARACTERS 200
#define PREVIEW_MAX 1024
#define FIELDS_ADDED 4 /* the end of a last line that has none, and the empty line after the fields */

static const struct {
	const char *word;
	enum imapd_item_kind kind;
	bool has_brackets, marks_seen;
	const char *name, *section; /* in the reply; NULL: the word */
} known[] = {
    {"UID", IMAPD_ITEM_UID, false, false, NULL, NULL},
    {"FLAGS", IMAPD_ITEM_FLAGS, false, false, NULL, NULL},
    {"INTERNALDATE", IMAPD_ITEM_INTERNALDATE, false, false, NULL, NULL},
    {"RFC822.SIZE", IMAPD_ITEM_SIZE, false, false, NULL, NULL},
    {"MODSEQ", IMAPD_ITEM_MODSEQ, false, false, NULL, NULL},
    {"SAVEDATE", IMAPD_ITEM_SAVEDATE, false, false, NULL, NULL},
    {"ENVELOPE", IMAPD_ITEM_ENVELOPE, false, false, NULL, NULL},
    {"BODYSTRUCTURE", IMAPD_ITEM_BODYSTRUCTURE, false, false, NULL, NULL},
    {"PREVIEW", IMAPD_ITEM_PREVIEW, false, false, NULL, NULL},
    {"EMAILID", IMAPD_ITEM_EMAILID, false, false, NULL, NULL},
    {"THREADID", IMAPD_ITEM_THREADID, false, false, NULL, NULL},
    {"BODY[", IMAPD_ITEM_SECTION, true, true, "BODY", NULL},
    {"BODY.PEEK[", IMAPD_ITEM_SECTION, true, false, "BODY", NULL},
    {"BINARY[", IMAPD_ITEM_BINARY, true, true, "BINARY", NULL},
    {"BINARY.PEEK[", IMAPD_ITEM_BINARY, true, false, "BINARY", NULL},
    {"BINARY.SIZE[", IMAPD_ITEM_BINARY_SIZE, true, false, "BINARY.SIZE", NULL},
    {"BODY", IMAPD_ITEM_BODY, false, false, NULL, NULL},
    {"RFC822", IMAPD_ITEM_SECTION, false, true, NULL, ""},
    {"RFC822.HEADER", IMAPD_ITEM_SECTION, false, false, NULL, "HEADER"},
    {"RFC822.TEXT", IMAPD_ITEM_SECTION, false, true, NULL, "TEXT"},
};

/* --- reading */

enum imapd_needs imapd_item_needs(const struct imapd_item *item)
{
	if (item->kind < IMAPD_ITEM_ENVELOPE)
		return IMAPD_NEEDS_NOTHING;
	if (item->kind == IMAPD_ITEM_BODY || item->kind == IMAPD_ITEM_BODYSTRUCTURE)
		return IMAPD_NEEDS_STRUCTURE;
	if (item->kind == IMAPD_ITEM_ENVELOPE || (item->kind == IMAPD_ITEM_SECTION && imap_listing_answers(&item->section)))
		return IMAPD_NEEDS_LISTING;
	return IMAPD_NEEDS_BYTES;
}

void imapd_items_clear(struct imapd_items *items)
{
	for (size_t i = 0; i < items->count; i++)
		imap_section_clear(&items->items[i].section);
	items->count = 0;
}

/* What is between the brackets; the closing one is taken. */
static struct slice take_section(struct imapd_args *args)
{
	char *begin = args->at;
	bool in_quotes = false;

	for (; args->at < args->end && (in_quotes || *args->at != ']'); args->at++)
		in_quotes ^= *args->at == '"';
	imapd_args_expect(args, ']');
	return args->failed ? SLICE_NONE : slice_make(begin, (size_t)(args->at - 1 - begin));
}

static void take_partial(struct imapd_args *args, struct imapd_item *item)
{
	if (item->kind == IMAPD_ITEM_BINARY_SIZE || !imapd_args_accept(args, '<'))
		return;
	item->is_partial = true;
	item->first = imapd_args_number(args, INT64_MAX);
	imapd_args_expect(args, '.');
	item->most = imapd_args_number(args, INT64_MAX);
	imapd_args_expect(args, '>');
	if (item->most == 0)
		args->failed = true;
}

static bool read_section(struct imapd_args *args, struct imapd_item *item, const char *fixed)
{
	struct slice text = fixed != NULL ? slice_of(fixed) : take_section(args);

	if (args->failed || !imap_section_read(text, &item->section))
		return false;
	if (fixed == NULL)
		take_partial(args, item);
	if (args->failed || (item->kind != IMAPD_ITEM_SECTION && item->section.kind != IMAP_SECTION_WHOLE)) {
		imap_section_clear(&item->section);
		return false;
	}
	return true;
}

/* Each fact is sent once, however often it is asked for. */
static bool has_already(const struct imapd_items *items, const struct imapd_item *item)
{
	for (size_t i = 0; i < items->count; i++)
		if (items->items[i].kind == item->kind && item->kind < IMAPD_ITEM_SECTION)
			return true;
	return false;
}

static bool read_item(struct imapd_args *args, struct imapd_items *items)
{
	struct imapd_item *item = &items->items[items->count];
	size_t i = 0;

	while (i < ARRAY_LEN(known) && !imapd_args_word(args, known[i].word))
		i++;
	if (i == ARRAY_LEN(known) || items->count == IMAPD_ITEMS_MAX)
		return false;
	*item = (struct imapd_item){.kind = known[i].kind,
	    .name = known[i].name != NULL ? known[i].name : known[i].word,
	    .has_brackets = known[i].has_brackets,
	    .marks_seen = known[i].marks_seen};
	if ((item->has_brackets || known[i].section != NULL) && !read_section(args, item, known[i].section))
		return false;
	if (item->kind == IMAPD_ITEM_PREVIEW)
		imapd_args_word(args, " (LAZY)"); /* it is made at once all the same */
	items->count += !has_already(items, item);
	return true;
}

void imapd_items_add(struct imapd_items *items, enum imapd_item_kind kind)
{
	for (size_t i = 0; i < items->count; i++)
		if (items->items[i].kind == kind)
			return;
	for (size_t i = 0; i < ARRAY_LEN(known) && items->count < IMAPD_ITEMS_MAX; i++)
		if (known[i].kind == kind) {
			items->items[items->count++] = (struct imapd_item){.kind = kind, .name = known[i].word};
			return;
		}
}

static bool read_macro(struct imapd_args *args, struct imapd_items *items)
{
	bool is_full = imapd_args_word(args, "FULL"), is_all = !is_full && imapd_args_word(args, "ALL");

	if (!is_full && !is_all && !imapd_args_word(args, "FAST"))
		return false;
	imapd_items_add(items, IMAPD_ITEM_FLAGS);
	imapd_items_add(items, IMAPD_ITEM_INTERNALDATE);
	imapd_items_add(items, IMAPD_ITEM_SIZE);
	if (is_full || is_all)
		imapd_items_add(items, IMAPD_ITEM_ENVELOPE);
	if (is_full)
		imapd_items_add(items, IMAPD_ITEM_BODY);
	return true;
}

bool imapd_items_read(struct imapd_args *args, struct imapd_items *items)
{
	if (read_macro(args, items))
		return true;
	if (!imapd_args_accept(args, '('))
		return read_item(args, items);
	do {
		if (!read_item(args, items))
			return false;
	} while (imapd_args_accept(args, ' '));
	return imapd_args_accept(args, ')');
}

/* --- values */

static void append_time(struct buf *out, int64_t time)
{
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)time;
	struct tm tm = {.tm_mday = 1};
	long zone;

	localtime_r(&seconds, &tm);
	zone = tm.tm_gmtoff / 60;
	buf_printf(out, "\"%2d-%s-%04d %02d:%02d:%02d %c%02ld%02ld\"", tm.tm_mday, months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, zone < 0 ? '-' : '+', labs(zone) / 60, labs(zone) % 60);
}

static void append_envelope(const struct imapd_message *message, struct buf *out)
{
	if (message->listing.envelope.ptr != NULL)
		buf_append_slice(out, message->listing.envelope);
	else
		imap_envelope(message->header, out);
}

static void append_structure(struct imapd_message *message, bool extended, struct buf *out)
{
	struct slice made = extended ? message->listing.structure : message->listing.body;

	if (made.ptr != NULL)
		buf_append_slice(out, made);
	else
		imap_structure(imapd_message_tree(message), extended, out);
}

static void append_preview(struct imapd *imapd, struct imapd_message *message)
{
	struct buf text = BUF_INIT(PREVIEW_MAX);

	budget_begin();
	imap_search_preview(imapd_message_tree(message), PREVIEW_CHARACTERS, &text);
	if (imapd->enabled & (IMAPD_UTF8 | IMAPD_REV2))
		imap_append_utf8(imapd_out(imapd), buf_slice(&text));
	else
		imap_append_string(imapd_out(imapd), buf_slice(&text));
	buf_clear(&text);
}

static void append_name(const struct imapd_item *item, struct buf *out)
{
	buf_append_text(out, item->name);
	if (item->has_brackets) {
		buf_append_byte(out, '[');
		imap_section_name(&item->section, out);
		buf_append_byte(out, ']');
	}
	if (item->is_partial)
		buf_printf(out, "<%" PRIu64 ">", item->first);
	buf_append_byte(out, ' ');
}

static struct slice part_of(const struct imapd_item *item, struct slice bytes)
{
	if (!item->is_partial)
		return bytes;
	bytes = slice_from(bytes, item->first < bytes.len ? (size_t)item->first : bytes.len);
	if (bytes.len > item->most)
		bytes.len = (size_t)item->most;
	return bytes;
}

static struct slice section_bytes(const struct imap_section *section, struct imapd_message *message, struct buf *made)
{
	if (section->kind == IMAP_SECTION_WHOLE && section->depth == 0)
		return message->bytes;
	if (imap_section_is_of_header(section))
		return imap_section_of_header(message->header, section, made);
	return imap_section_bytes(imapd_message_tree(message), section, made);
}

/* Room for the chosen fields of a header: at most all of them, with the line ends that may be added. */
static bool make_room(const struct imap_section *section, struct imapd_message *message, struct buf *made)
{
	struct imap_section all = *section;

	if (section->kind != IMAP_SECTION_FIELDS && section->kind != IMAP_SECTION_OTHERS)
		return true;
	all.kind = IMAP_SECTION_HEADER;
	return made_memory_buf(made, section_bytes(&all, message, made).len + FIELDS_ADDED);
}

static enum imapd_reply send_section(struct buf *out, const struct imapd_item *item, struct imapd_message *message, struct buf *made, struct slice *rest)
{
	bool has_room = make_room(&item->section, message, made);
	struct slice bytes = has_room ? section_bytes(&item->section, message, made) : SLICE_NONE;

	if (!has_room) {
		buf_append_text(out, "NIL");
		return IMAPD_LIMIT;
	}
	if (bytes.ptr == NULL) {
		buf_append_text(out, "NIL");
		return IMAPD_NONE;
	}
	*rest = part_of(item, bytes);
	imap_append_literal_length(out, rest->len);
	return IMAPD_NONE;
}

static enum imapd_reply send_binary(struct buf *out, const struct imapd_item *item, struct imapd_message *message, struct buf *made, struct slice *rest)
{
	struct slice encoded = section_bytes(&item->section, message, made); /* decoded, it is never longer */
	enum imap_binary result;

	if (!made_memory_buf(made, encoded.len)) {
		buf_append_text(out, item->kind == IMAPD_ITEM_BINARY_SIZE ? "0" : "NIL");
		return IMAPD_LIMIT;
	}
	result = imap_section_binary(imapd_message_tree(message), &item->section, made);
	if (result != IMAP_BINARY_FOUND || made->overflow) {
		buf_append_text(out, item->kind == IMAPD_ITEM_BINARY_SIZE ? "0" : "NIL");
		return result == IMAP_BINARY_UNKNOWN_ENCODING ? IMAPD_UNKNOWN_ENCODING : IMAPD_NONE;
	}
	if (item->kind == IMAPD_ITEM_BINARY_SIZE) {
		buf_printf(out, "%zu", made->len);
		return IMAPD_NONE;
	}
	*rest = part_of(item, buf_slice(made));
	if (slice_find(*rest, '\0') >= 0)
		buf_append_byte(out, '~');
	imap_append_literal_length(out, rest->len);
	return IMAPD_NONE;
}

static enum imapd_reply send_value(struct imapd *imapd, const struct imapd_item *item, const struct folder_message *look,
    struct imapd_message *message, struct buf *made, struct slice *rest)
{
	struct buf *out = imapd_out(imapd);

	switch (item->kind) {
	case IMAPD_ITEM_UID:
		buf_append_number(out, look->uid);
		break;
	case IMAPD_ITEM_FLAGS:
		imapd_flags_append(&imapd->view, look->flags, look->uid >= imapd->view.recent_from, out);
		break;
	case IMAPD_ITEM_INTERNALDATE:
		append_time(out, look->time);
		break;
	case IMAPD_ITEM_SIZE:
		buf_append_number(out, look->size);
		break;
	case IMAPD_ITEM_MODSEQ:
		buf_printf(out, "(%" PRIu64 ")", look->modseq);
		break;
	case IMAPD_ITEM_SAVEDATE:
		append_time(out, look->saved);
		break;
	case IMAPD_ITEM_ENVELOPE:
		append_envelope(message, out);
		break;
	case IMAPD_ITEM_BODY:
	case IMAPD_ITEM_BODYSTRUCTURE:
		append_structure(message, item->kind == IMAPD_ITEM_BODYSTRUCTURE, out);
		break;
	case IMAPD_ITEM_PREVIEW:
		append_preview(imapd, message);
		break;
	case IMAPD_ITEM_EMAILID:
		buf_printf(out, "(%s)", message->id);
		break;
	case IMAPD_ITEM_THREADID:
		buf_append_text(out, "NIL"); /* as RFC 8474 allows: threads are made by THREAD */
		break;
	case IMAPD_ITEM_SECTION:
		return send_section(out, item, message, made, rest);
	case IMAPD_ITEM_BINARY:
	case IMAPD_ITEM_BINARY_SIZE:
		return send_binary(out, item, message, made, rest);
	}
	return IMAPD_NONE;
}

enum imapd_reply imapd_item_send(struct imapd *imapd, const struct imapd_item *item, const struct folder_message *look,
    struct imapd_message *message, struct buf *made, struct slice *rest)
{
	*rest = SLICE_NONE;
	append_name(item, imapd_out(imapd));
	return send_value(imapd, item, look, message, made, rest);
}
