#include "sorter/message_view.h"

#include "base/alloc.h"
#include "message/addr.h"
#include "message/budget.h"
#include "message/charset.h"
#include "message/decode.h"
#include "message/fold.h"
#include "message/mime.h"
#include "sorter/literals.h"

#include <stdlib.h>

#define DECODE_UNITS 8 /* of a byte (message/budget.h) */
#define NAME_BYTES_MAX 4096 /* of a file name or a type */

void message_view_init(struct message_view *view, const struct message_view_source *source)
{
	struct header_walk walk;
	struct header_field field;

	memset(view, 0, sizeof(*view));
	view->source = *source;
	budget_begin();
	header_walk_init(&walk, source->message);
	while (view->field_count < MESSAGE_VIEW_FIELDS_MAX && header_walk_next(&walk, &field)) {
		ARRAY_GROW(view->fields, view->field_count);
		view->fields[view->field_count++] = (struct message_view_field){.field = field};
		if (view->charset.ptr == NULL && slice_is_nocase(field.name, "Content-Type"))
			view->charset = decode_charset_parameter(field.body);
	}
	view->is_cut = view->fields_are_cut = view->field_count == MESSAGE_VIEW_FIELDS_MAX && header_walk_next(&walk, &field);
}

static void text_clear(struct message_view_text *text)
{
	buf_clear(&text->decoded);
	buf_clear(&text->folded);
	strlist_clear(&text->addresses);
}

void message_view_clear(struct message_view *view)
{
	for (size_t i = 0; i < view->field_count; i++) {
		if (view->fields[i].text == NULL)
			continue;
		text_clear(view->fields[i].text);
		free(view->fields[i].text);
	}
	for (size_t i = 0; i < view->part_count; i++) {
		text_clear(&view->parts[i].name);
		text_clear(&view->parts[i].type);
	}
	text_clear(&view->body);
	free(view->fields);
	free(view->parts);
	free(view->body_marks);
	memset(view, 0, sizeof(*view));
}

bool message_view_is_list_field(const struct header_field *field)
{
	static const char *const names[] = {"List-Id", "List-Post", "List-Help", "List-Subscribe",
	    "List-Unsubscribe", "List-Owner", "List-Archive", "Mailing-List", "X-Mailing-List",
	    "X-BeenThere"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_is_nocase(field->name, names[i]))
			return true;
	return slice_is_nocase(field->name, "Precedence") &&
	       slice_is_nocase(slice_trim(field->body), "list");
}

/* How providers mark spam: the field, and the beginning of its value. */
bool message_view_is_spam_field(const struct header_field *field)
{
	static const struct {
		const char *name, *value;
	} marks[] = {
	    {"X-Spam-Flag", "yes"},
	    {"X-Spam-Flag", "true"},
	    {"X-Spam-Status", "yes"},
	    {"X-Spam", "yes"},
	    {"X-Spam", "true"},
	    {"X-Spam", "spam"},
	    {"X-Yandex-Spam", "4"},
	    {"X-Mailru-Spam", "yes"},
	    {"X-DSPAM-Result", "spam"},
	    {"X-Bogosity", "spam"},
	    {"X-Bogosity", "yes"},
	    {"X-VR-Status", "spam"},
	    {"X-CRM114-Status", "spam"},
	};

	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (slice_is_nocase(field->name, marks[i].name) &&
		    slice_begins_nocase(slice_trim(field->body), marks[i].value))
			return true;
	return false;
}

static void fold(const struct message_view *view, struct slice text, struct buf *out)
{
	size_t start = out->len;

	fold_text(text, out);
	if (view->source.fold_yo && out->len > start)
		fold_yo(out->ptr + start, out->len - start);
}

/* Returns false if there are more than the limit. */
static bool list_addresses(const struct message_view *view, struct slice body, struct strlist *addresses)
{
	struct addr_item item;
	size_t at = 0, count = 0;

	while (count++ < MESSAGE_VIEW_ADDRESSES_MAX && addr_list_next(body, &at, &item)) {
		struct buf folded = BUF_INIT(ADDR_TEXT_MAX * 4);
		char text[ADDR_TEXT_MAX];

		if (!item.valid)
			continue;
		fold(view, slice_of(addr_text(text, sizeof(text), &item.addr)), &folded);
		strlist_add(addresses, buf_text(&folded));
		buf_clear(&folded);
	}
	return count <= MESSAGE_VIEW_ADDRESSES_MAX;
}

const struct message_view_text *message_view_field_text(struct message_view *view, struct message_view_field *field)
{
	struct header_field clipped = field->field;
	struct message_view_text *text;

	if (field->text != NULL)
		return field->text;
	text = field->text = xcalloc(1, sizeof(*text));
	buf_init(&text->decoded, MESSAGE_VIEW_FIELD_BYTES_MAX * 4);
	buf_init(&text->folded, MESSAGE_VIEW_FIELD_BYTES_MAX * 12);
	if (clipped.body.len > MESSAGE_VIEW_FIELD_BYTES_MAX)
		clipped.body.len = MESSAGE_VIEW_FIELD_BYTES_MAX;
	text->is_cut = clipped.body.len < field->field.body.len;
	if (clipped.body.len > MESSAGE_VIEW_BYTES_MAX - view->bytes || !budget_spend(clipped.body.len * DECODE_UNITS)) {
		text->is_cut = view->is_cut = true;
		return text;
	}
	view->bytes += clipped.body.len;
	decode_field(&clipped, view->charset, &text->decoded);
	fold(view, buf_slice(&text->decoded), &text->folded);
	if (decode_is_address_field(clipped.name))
		text->is_cut = !list_addresses(view, clipped.body, &text->addresses) || text->is_cut;
	text->is_cut = text->is_cut || charset_was_refused();
	view->is_cut = view->is_cut || text->is_cut;
	return text;
}

/* --- parts */

static void set_text(const struct message_view *view, struct message_view_text *text, struct slice value)
{
	buf_init(&text->decoded, NAME_BYTES_MAX * 3);
	buf_init(&text->folded, NAME_BYTES_MAX * 12);
	if (value.len > NAME_BYTES_MAX)
		value.len = NAME_BYTES_MAX;
	decode_append_clean(value, &text->decoded);
	fold(view, buf_slice(&text->decoded), &text->folded);
}

static void add_part(struct message_view *view, const struct mime_part *part)
{
	struct buf name = BUF_INIT(NAME_BYTES_MAX);
	bool is_attachment = mime_is_attachment(part);
	struct message_view_part *added;

	if (mime_file_name(part, &name) || is_attachment) {
		ARRAY_GROW(view->parts, view->part_count);
		added = &view->parts[view->part_count++];
		*added = (struct message_view_part){.is_attachment = is_attachment};
		set_text(view, &added->name, buf_slice(&name));
		set_text(view, &added->type, part->type);
	}
	buf_clear(&name);
}

void message_view_read_parts(struct message_view *view)
{
	struct mime_walk walk;
	struct mime_part part;

	if (view->has_parts)
		return;
	view->has_parts = true;
	mime_walk_init(&walk, view->source.message);
	while (mime_walk_next(&walk, &part))
		add_part(view, &part);
	view->parts_are_cut = walk.is_cut || charset_was_refused();
	view->is_cut = view->is_cut || view->parts_are_cut;
}

/* --- the body */

/* Runs of white space become one blank, so that words are found across line ends. */
static void append_words(struct slice text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == ' ' && (out->len == 0 || out->ptr[out->len - 1] == ' '))
			continue;
		if (buf_append_byte(out, c) < 0)
			return;
	}
}

/* Returns false if the budget does not allow it. */
static bool add_text_part(const struct mime_part *part, struct buf *body)
{
	struct buf text = BUF_INIT(MESSAGE_VIEW_BODY_MAX), clean = BUF_INIT(MESSAGE_VIEW_BODY_MAX * 3);

	if (!budget_spend((part->body.len < 4 * MESSAGE_VIEW_BODY_MAX ? part->body.len : 4 * MESSAGE_VIEW_BODY_MAX) * DECODE_UNITS))
		return false;
	mime_text(part, &text);
	decode_append_clean(buf_slice(&text), &clean);
	append_words(SLICE_LITERAL(" "), body);
	append_words(buf_slice(&clean), body);
	buf_clear(&text);
	buf_clear(&clean);
	return true;
}

const struct message_view_text *message_view_body(struct message_view *view)
{
	struct buf *decoded = &view->body.decoded;
	struct mime_walk walk;
	struct mime_part part;

	if (view->has_body)
		return &view->body;
	view->has_body = true;
	buf_init(decoded, MESSAGE_VIEW_BODY_MAX);
	buf_init(&view->body.folded, MESSAGE_VIEW_BODY_MAX * 12);
	mime_walk_init(&walk, view->source.message);
	while (mime_walk_next(&walk, &part) && !decoded->overflow)
		if (mime_is_shown_text(&part) && !add_text_part(&part, decoded))
			view->body.is_cut = true;
	view->body.is_cut = view->body.is_cut || walk.is_cut || charset_was_refused();
	view->is_cut = view->is_cut || view->body.is_cut;
	/* If the limit cut a character, its beginning is removed, too. */
	while (decoded->overflow && decoded->len > 0 && !utf8_is_valid(buf_slice(decoded)))
		decoded->len--;
	fold(view, buf_slice(decoded), &view->body.folded);
	if (view->source.body_literals != NULL) {
		view->body_marks = xcalloc(literals_count(view->source.body_literals) + 1, 1);
		literals_scan(view->source.body_literals, buf_slice(&view->body.folded),
		    view->body_marks, NULL, NULL);
	}
	return &view->body;
}
