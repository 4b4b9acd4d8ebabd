#include "message/imap/imap_envelope.h"

#include "message/addr.h"
#include "message/decode.h"
#include "message/imap/imap_string.h"

#include <inttypes.h>

#define FIELD_MAX (256u << 10) /* of one field; the rest is left out */
#define WORD_MAX 1000	       /* of a type and the like */
#define PARAMETERS_MAX 100

/* A sender can make a structure many times as long as its message: an address of two bytes takes sixteen, three times in an envelope. Fields
 * beyond the limit are NIL, and lists end there. */
static bool is_full(const struct buf *out)
{
	return out->overflow || out->len > IMAP_STRUCTURE_MAX;
}

/* --- fields */

/* Appends the body of a field, unfolded, as a string; NIL if there is no such field. */
static void append_value(struct slice body, struct buf *out)
{
	struct buf value = BUF_INIT(FIELD_MAX);

	if (body.ptr == NULL || is_full(out)) {
		buf_append_text(out, "NIL");
		return;
	}
	header_unfold(body, &value);
	imap_append_string(out, buf_slice(&value));
	buf_clear(&value);
}

/* The same for the first field of that name. */
static void append_field(struct slice header, const char *name, struct buf *out)
{
	struct header_field field;

	append_value(header_find(header, name, &field) ? field.body : SLICE_NONE, out);
}

static void append_word(struct slice word, struct buf *out)
{
	word.len = word.len < WORD_MAX ? word.len : WORD_MAX;
	imap_append_string(out, word);
}

/* Appends without quotes, backslashes and line ends. */
static void append_unquoted(struct slice text, struct buf *out)
{
	bool quoted = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && text.ptr[i] == '\\' && i + 1 < text.len)
			i++;
		if (text.ptr[i] != '\r' && text.ptr[i] != '\n')
			buf_append_byte(out, text.ptr[i]);
	}
}

static void append_text(struct slice text, struct buf *out)
{
	struct buf plain = BUF_INIT(FIELD_MAX);

	append_unquoted(text, &plain);
	imap_append_string(out, slice_trim(buf_slice(&plain)));
	buf_clear(&plain);
}

/* --- ENVELOPE */

static bool is_plain(struct slice spec)
{
	for (size_t i = 0; i < spec.len; i++)
		if (spec.ptr[i] <= ' ' || spec.ptr[i] == '(')
			return false;
	return true;
}

/* Mailbox and host, as written where that is possible. */
static void append_mailbox(const struct addr_item *item, struct buf *out)
{
	struct slice local = item->spec, host = SLICE_LITERAL("");

	if (item->valid && !is_plain(item->spec)) {
		local = slice_of(item->addr.local);
		host = slice_of(item->addr.domain);
	} else {
		for (size_t i = item->spec.len; i-- > 0;)
			if (item->spec.ptr[i] == '@') {
				local = slice_make(item->spec.ptr, i);
				host = slice_from(item->spec, i + 1);
				break;
			}
	}
	append_text(local, out);
	buf_append_byte(out, ' ');
	append_text(host, out);
}

/* RFC 9051 section 7.5.2: a group begins and ends with an address that has no host. */
static void append_group_start(struct slice name, struct buf *out)
{
	buf_append_text(out, "(NIL NIL ");
	append_text(name, out);
	buf_append_text(out, " NIL)");
}

static void append_item(const struct addr_item *item, struct buf *out)
{
	buf_append_byte(out, '(');
	if (item->name.len > 0)
		append_text(item->name, out);
	else
		buf_append_text(out, "NIL");
	buf_append_text(out, " NIL ");
	append_mailbox(item, out);
	buf_append_byte(out, ')');
}

/* "undisclosed-recipients:;": a group without addresses, of which the walk over addresses says nothing. */
static void append_empty_group(struct slice body, struct buf *out)
{
	struct slice name = slice_trim(body);
	ptrdiff_t colon = slice_find(name, ':');

	if (colon <= 0 || is_full(out))
		return;
	append_group_start(slice_make(name.ptr, (size_t)colon), out);
	buf_append_text(out, "(NIL NIL NIL NIL)");
}

/* Appends the list's addresses; nothing if there are none. */
static void append_items(struct slice body, struct buf *out)
{
	struct slice group = SLICE_NONE;
	struct addr_item item;
	size_t at = 0, start = out->len;

	while (!is_full(out) && addr_list_next(body, &at, &item)) {
		if (item.group.len > 0) {
			if (group.len > 0)
				buf_append_text(out, "(NIL NIL NIL NIL)");
			append_group_start(item.group, out);
			group = item.group;
		}
		append_item(&item, out);
		if (item.ends_group && group.len > 0) {
			buf_append_text(out, "(NIL NIL NIL NIL)");
			group = SLICE_NONE;
		}
	}
	if (group.len > 0)
		buf_append_text(out, "(NIL NIL NIL NIL)");
	if (out->len == start)
		append_empty_group(body, out);
}

static void append_addresses(struct slice body, struct slice otherwise, struct buf *out)
{
	size_t start;

	buf_append_text(out, " (");
	start = out->len;
	append_items(body, out);
	if (out->len == start)
		append_items(otherwise, out);
	if (out->len > start) {
		buf_append_byte(out, ')');
		return;
	}
	out->len = start - 1;
	buf_append_text(out, "NIL");
}

enum { DATE, SUBJECT, FROM, SENDER, REPLY_TO, TO, CC, BCC, IN_REPLY_TO, MESSAGE_ID, ENVELOPE_FIELDS };

/* The body of the first field of each name. */
static void find_fields(struct slice header, struct slice bodies[ENVELOPE_FIELDS])
{
	static const char *const names[ENVELOPE_FIELDS] = {
	    "Date", "Subject", "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "In-Reply-To", "Message-ID"};
	struct header_walk walk;
	struct header_field field;

	header_walk_init(&walk, header);
	while (header_walk_next(&walk, &field))
		for (size_t i = 0; i < ENVELOPE_FIELDS; i++)
			if (bodies[i].ptr == NULL && field.name.len == strlen(names[i]) && slice_is_nocase(field.name, names[i]))
				bodies[i] = field.body;
}

void imap_envelope(struct slice header, struct buf *out)
{
	struct slice bodies[ENVELOPE_FIELDS] = {SLICE_NONE};

	find_fields(header, bodies);
	buf_append_byte(out, '(');
	append_value(bodies[DATE], out);
	buf_append_byte(out, ' ');
	append_value(bodies[SUBJECT], out);
	for (size_t i = FROM; i <= BCC; i++)
		append_addresses(bodies[i], i == SENDER || i == REPLY_TO ? bodies[FROM] : SLICE_NONE, out);
	buf_append_byte(out, ' ');
	append_value(bodies[IN_REPLY_TO], out);
	buf_append_byte(out, ' ');
	append_value(bodies[MESSAGE_ID], out);
	buf_append_byte(out, ')');
}

/* --- BODYSTRUCTURE */

/* Appends (name value ...) or NIL: what follows the first ';' of the value. */
static void append_parameters(struct slice value, struct buf *out)
{
	struct slice rest = value;
	struct decode_raw_parameter parameter;
	size_t count = 0;

	slice_cut(&rest, ';');
	while (count < PARAMETERS_MAX && !is_full(out) && decode_next_parameter(&rest, &parameter)) {
		struct buf text = BUF_INIT(FIELD_MAX);

		decode_append_value(&parameter, &text);
		buf_append_byte(out, count == 0 ? '(' : ' ');
		append_word(parameter.name, out);
		buf_append_byte(out, ' ');
		imap_append_string(out, buf_slice(&text));
		buf_clear(&text);
		count++;
	}
	buf_append_text(out, count > 0 ? ")" : "NIL");
}

/* The parameters of Content-Type; without the field, the charset that RFC 2045 section 5.2 gives it. */
static void append_type_parameters(const struct imap_part *part, struct buf *out)
{
	struct header_field field;

	if (header_find(part->header, "Content-Type", &field) && !part->is_message)
		append_parameters(field.body, out);
	else if (part->is_message)
		buf_append_text(out, "NIL");
	else
		buf_append_text(out, "(\"charset\" \"us-ascii\")");
}

/* Appends ("attachment" ("filename" "x")) or NIL. */
static void append_disposition(const struct imap_part *part, struct buf *out)
{
	struct slice word = mime_first_word(part->header, "Content-Disposition");
	struct header_field field;

	if (word.len == 0 || !header_find(part->header, "Content-Disposition", &field)) {
		buf_append_text(out, "NIL");
		return;
	}
	buf_append_byte(out, '(');
	append_word(word, out);
	buf_append_byte(out, ' ');
	append_parameters(field.body, out);
	buf_append_byte(out, ')');
}

/* Appends ("en" "ru") or NIL. */
static void append_languages(const struct imap_part *part, struct buf *out)
{
	struct buf value = BUF_INIT(FIELD_MAX);
	struct header_field field;
	size_t count = 0;

	if (header_find(part->header, "Content-Language", &field))
		header_unfold(field.body, &value);
	for (struct slice rest = buf_slice(&value); rest.len > 0 && count < PARAMETERS_MAX && !is_full(out);) {
		struct slice language = slice_trim(slice_cut(&rest, ','));

		if (language.len == 0)
			continue;
		buf_append_byte(out, count++ == 0 ? '(' : ' ');
		imap_append_string(out, language);
	}
	buf_append_text(out, count > 0 ? ")" : "NIL");
	buf_clear(&value);
}

/* What BODYSTRUCTURE has beyond BODY, of any part. */
static void append_extension(const struct imap_part *part, struct buf *out)
{
	buf_append_byte(out, ' ');
	append_disposition(part, out);
	buf_append_byte(out, ' ');
	append_languages(part, out);
	buf_append_byte(out, ' ');
	append_field(part->header, "Content-Location", out);
}

static uint64_t count_lines(struct slice text)
{
	uint64_t lines = 0;

	for (const char *at = text.ptr, *end = text.ptr + text.len; at < end; lines++) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (at == NULL)
			return lines + 1;
		at++;
	}
	return lines;
}

/* The type as IMAP sees the part: a multipart without parts, and a message that is encoded or too deep, are not what they say. */
static struct slice type_of(const struct imap_part *part)
{
	if (slice_begins_nocase(part->type, "multipart/") && !part->is_multipart)
		return SLICE_LITERAL("text/plain");
	if (slice_is_nocase(part->type, "message/rfc822") && !part->is_message)
		return SLICE_LITERAL("application/octet-stream");
	return part->type;
}

static void append_structure(const struct imap_part *part, bool extended, struct buf *out);

static void append_multipart(const struct imap_part *part, bool extended, struct buf *out)
{
	struct slice rest = part->type;
	struct header_field field;

	for (const struct imap_part *child = part->child; child != NULL; child = child->next)
		append_structure(child, extended, out);
	slice_cut(&rest, '/');
	buf_append_byte(out, ' ');
	append_word(rest, out);
	if (!extended)
		return;
	buf_append_byte(out, ' ');
	if (header_find(part->header, "Content-Type", &field))
		append_parameters(field.body, out);
	else
		buf_append_text(out, "NIL");
	append_extension(part, out);
}

/* The fields that BODY has of each part that is not a multipart. */
static void append_basics(const struct imap_part *part, struct slice type, struct buf *out)
{
	struct slice encoding = mime_first_word(part->header, "Content-Transfer-Encoding"), subtype = type;

	append_word(slice_cut(&subtype, '/'), out);
	buf_append_byte(out, ' ');
	append_word(subtype, out);
	buf_append_byte(out, ' ');
	append_type_parameters(part, out);
	buf_append_byte(out, ' ');
	append_field(part->header, "Content-ID", out);
	buf_append_byte(out, ' ');
	append_field(part->header, "Content-Description", out);
	buf_append_byte(out, ' ');
	append_word(encoding.len > 0 ? encoding : SLICE_LITERAL("7bit"), out);
	buf_printf(out, " %zu", part->body.len);
}

static void append_single(const struct imap_part *part, bool extended, struct buf *out)
{
	struct slice type = type_of(part);

	append_basics(part, type, out);
	if (part->is_message) {
		buf_append_byte(out, ' ');
		imap_envelope(part->child->header, out);
		buf_append_byte(out, ' ');
		append_structure(part->child, extended, out);
	}
	if (part->is_message || slice_begins_nocase(type, "text/"))
		buf_printf(out, " %" PRIu64, count_lines(part->body));
	if (!extended)
		return;
	buf_append_byte(out, ' ');
	append_field(part->header, "Content-MD5", out);
	append_extension(part, out);
}

static void append_structure(const struct imap_part *part, bool extended, struct buf *out)
{
	buf_append_byte(out, '(');
	if (part->is_multipart)
		append_multipart(part, extended, out);
	else
		append_single(part, extended, out);
	buf_append_byte(out, ')');
}

void imap_structure(const struct imap_tree *tree, bool extended, struct buf *out)
{
	append_structure(tree->root, extended, out);
}
