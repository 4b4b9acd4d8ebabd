#include "message/compose.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "message/decode.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_BYTES 900 /* bytes of text; leaves space for a field name */

static const struct {
	const char *auto_submitted;
	const char *suppress_name, *suppress_value; /* for programs that do not know Auto-Submitted */
	const char *multipart;
} kinds[] = {
    [COMPOSE_PERSONAL] = {NULL, NULL, NULL, "alternative; "},
    [COMPOSE_REPORT] = {"auto-generated", "Precedence", "bulk", "alternative; "},
    [COMPOSE_ANSWER] = {"auto-replied", "Precedence", "bulk", "alternative; "},
    [COMPOSE_AUTO_REPLY] = {"auto-replied", "X-Auto-Response-Suppress", "All", "alternative; "},
    [COMPOSE_BOUNCE] = {"auto-replied", NULL, NULL, "report; report-type=delivery-status;\r\n\t"},
};

/* --- lines */

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

/* Valid UTF-8 without control characters, in lines of limited length: line_end starts each further line. */
static void put_clean(struct buf *out, struct slice text, const char *line_end)
{
	size_t column = 0;

	while (text.len > 0) {
		size_t len = utf8_char_len(text);

		if (column + (len == 0 ? 3 : len) > LINE_BYTES) {
			buf_append_text(out, line_end);
			column = 0;
		}
		if (len == 0)
			buf_append_text(out, "\xef\xbf\xbd"); /* U+FFFD */
		else if (is_control(text.ptr[0]))
			buf_append_byte(out, ' ');
		else
			buf_append(out, text.ptr, len);
		column += len == 0 ? 3 : len;
		text = slice_from(text, len == 0 ? 1 : len);
	}
}

static void put_text(struct buf *out, struct slice text)
{
	while (text.len > 0) {
		struct slice line = slice_cut(&text, '\n');

		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		put_clean(out, line, "\r\n");
		buf_append_text(out, "\r\n");
	}
}

void compose_field(struct buf *out, const char *name, const char *format, ...)
{
	va_list arguments;
	char *value = NULL;
	int len;

	va_start(arguments, format);
	len = vasprintf(&value, format, arguments);
	va_end(arguments);
	buf_printf(out, "%s: ", name);
	if (len >= 0)
		put_clean(out, slice_make(value, (size_t)len), "\r\n ");
	buf_append_text(out, "\r\n");
	free(value);
}

/* --- the header */

static bool is_ascii_text(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < ' ' || text.ptr[i] > '~')
			return false;
	return true;
}

/* An atom of RFC 5322 section 3.2.3; several atoms would be a phrase, which many programs quote. */
static bool is_atom(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || strchr("()<>[]:;@\\,.\"", text.ptr[i]) != NULL)
			return false;
	return !slice_contains(text, "=?");
}

/* A display name: an atom, a quoted string, or encoded words. */
static void put_name(struct buf *out, struct slice name)
{
	struct buf quoted = BUF_INIT(2 * name.len);

	if (is_atom(name)) {
		put_clean(out, name, "\r\n ");
	} else if (!is_ascii_text(name)) {
		encode_text(name, out);
	} else {
		for (size_t i = 0; i < name.len; i++) {
			if (name.ptr[i] == '"' || name.ptr[i] == '\\')
				buf_append_byte(&quoted, '\\');
			buf_append_byte(&quoted, name.ptr[i]);
		}
		buf_append_byte(out, '"');
		put_clean(out, buf_slice(&quoted), "\r\n ");
		buf_append_byte(out, '"');
	}
	buf_clear(&quoted);
}

/* Mail programs write an address without a name without brackets. */
static void put_address(struct buf *out, enum compose_kind kind, const char *field, const char *name, const struct addr *addr)
{
	bool has_name = name != NULL && name[0] != '\0', is_bare = !has_name && kind == COMPOSE_PERSONAL;
	char text[ADDR_TEXT_MAX];

	if (addr == NULL)
		return;
	buf_printf(out, "%s: ", field);
	if (has_name) {
		put_name(out, slice_of(name));
		buf_append_byte(out, ' ');
	}
	buf_append_text(out, is_bare ? "" : "<");
	put_clean(out, slice_of(addr_text(text, sizeof(text), addr)), "");
	buf_append_text(out, is_bare ? "\r\n" : ">\r\n");
}

static void put_subject(struct buf *out, struct slice subject)
{
	buf_append_text(out, "Subject: ");
	encode_text(slice_trim(subject), out);
	buf_append_text(out, "\r\n");
}

/* The fields by which people and rules identify a message; MIME fields would describe a body that is
 * not here. */
static bool is_inherited(struct slice name)
{
	static const char *const names[] = {"From", "To", "Cc", "Sender", "Date", "Message-ID", "List-Id"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_is_nocase(name, names[i]))
			return true;
	return false;
}

static void put_original(struct buf *out, struct slice original, const char *mark)
{
	struct slice subject = SLICE_NONE;
	struct header_walk walk;
	struct header_field field;

	header_walk_init(&walk, original);
	while (header_walk_next(&walk, &field))
		if (is_inherited(field.name)) {
			buf_append_slice(out, field.raw);
			if (field.raw.ptr[field.raw.len - 1] != '\n') /* the original is cut here */
				buf_append_text(out, "\r\n");
		}
	if (header_find(original, "Subject", &field))
		subject = slice_trim(field.body);
	/* Unchanged, including folded lines and encoded words. */
	buf_append_text(out, "Subject: ");
	buf_append_slice(out, subject);
	buf_append_text(out, "\r\n ");
	put_clean(out, slice_of(mark), "\r\n ");
	buf_append_text(out, "\r\n");
}

/* Mail programs put an answer into the thread by these fields (RFC 5322 section 3.6.4). */
static void put_thread(struct buf *out, struct slice id)
{
	if (!header_is_message_id(id))
		return;
	compose_field(out, "In-Reply-To", "%.*s", SLICE_PRINT(id));
	compose_field(out, "References", "%.*s", SLICE_PRINT(id));
}

static void put_header(struct buf *out, const struct compose *message)
{
	char date[64];

	if (message->mark != NULL)
		put_original(out, message->original, message->mark);
	put_address(out, message->kind, "From", message->from_name, message->from);
	put_address(out, message->kind, "To", NULL, message->to);
	if (message->mark == NULL)
		put_subject(out, message->subject);
	if (message->date != 0)
		compose_field(out, "Date", "%s", clock_rfc5322(date, sizeof(date), message->date));
	if (message->id != NULL)
		compose_field(out, "Message-ID", "<%s@%s>", message->id->text, message->host);
	put_thread(out, message->answers);
	if (kinds[message->kind].auto_submitted != NULL)
		compose_field(out, "Auto-Submitted", "%s", kinds[message->kind].auto_submitted);
	if (kinds[message->kind].suppress_name != NULL)
		compose_field(out, kinds[message->kind].suppress_name, "%s", kinds[message->kind].suppress_value);
	put_address(out, message->kind, "Reply-To", NULL, message->reply_to);
	if (message->extra_name != NULL)
		compose_field(out, message->extra_name, "%s", message->extra_value);
	buf_append_text(out, "MIME-Version: 1.0\r\n");
}

/* --- the body */

/* What RFC 3464 has is 7 bits; non-ASCII replies of servers and non-ASCII addresses are RFC 6533. */
static const char *content_type(const struct compose_part *part)
{
	switch (part->type) {
	case COMPOSE_TEXT:
		return "text/plain; charset=UTF-8";
	case COMPOSE_HTML:
		return "text/html; charset=UTF-8";
	case COMPOSE_STATUS:
		return slice_is_ascii(part->content) ? "message/delivery-status" : "message/global-delivery-status";
	case COMPOSE_MESSAGE:
		return "message/rfc822";
	case COMPOSE_HEADER:
		break;
	}
	return "text/rfc822-headers";
}

static void put_part(struct buf *out, const struct compose_part *part)
{
	bool is_text = part->type == COMPOSE_TEXT || part->type == COMPOSE_HTML;

	buf_printf(out, "Content-Type: %s\r\n", content_type(part));
	if (part->type != COMPOSE_STATUS || !slice_is_ascii(part->content))
		buf_append_text(out, "Content-Transfer-Encoding: 8bit\r\n");
	buf_append_text(out, "\r\n");
	if (is_text)
		put_text(out, part->content);
	else
		buf_append_slice(out, part->content);
	if (part->type == COMPOSE_HEADER) /* it may be cut within a line */
		buf_append_text(out, "\r\n");
}

/* The id is new, so that nothing in a part can contain the boundary. */
static void put_parts(struct buf *out, const struct compose *message)
{
	const char *boundary = message->id->text;

	buf_printf(out, "Content-Type: multipart/%sboundary=\"%s\"\r\n", kinds[message->kind].multipart, boundary);
	for (size_t i = 0; i < message->part_count; i++) {
		buf_printf(out, "\r\n--%s\r\n", boundary);
		put_part(out, &message->parts[i]);
	}
	buf_printf(out, "\r\n--%s--\r\n", boundary);
}

int compose_message(const struct compose *message, struct buf *out, struct error *error)
{
	assert(message->part_count > 0 && message->part_count <= COMPOSE_PARTS_MAX);
	assert(message->part_count == 1 || message->id != NULL);
	put_header(out, message);
	if (message->part_count == 1)
		put_part(out, &message->parts[0]);
	else
		put_parts(out, message);
	return out->overflow ? error_set(error, ERROR_LIMIT, N_("the message is too large")) : 0;
}
