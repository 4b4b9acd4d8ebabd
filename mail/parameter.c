/*
 * Parameters of Content-Type and its like (RFC 2045 section 5.1, RFC 2231).
 */
#include "mail/charset.h"
#include "mail/decode.h"
#include "mail/transfer.h"

struct parameter {
	struct slice name, value; /* value still quoted, if it is */
	bool quoted;
};

static size_t skip_quotes(struct slice text, size_t at)
{
	for (at++; at < text.len && text.ptr[at] != '"'; at++)
		if (text.ptr[at] == '\\' && at + 1 < text.len)
			at++;
	return at < text.len ? at + 1 : text.len;
}

/* Walks the parameters behind the first ';'. */
static bool next_parameter(struct slice *rest, struct parameter *parameter)
{
	while (rest->len > 0) {
		size_t end = 0;
		struct slice item;
		ptrdiff_t equals;

		while (end < rest->len && rest->ptr[end] != ';')
			end = rest->ptr[end] == '"' ? skip_quotes(*rest, end) : end + 1;
		item = slice_make(rest->ptr, end);
		*rest = slice_from(*rest, end + 1);
		equals = slice_find(item, '=');
		if (equals <= 0)
			continue;
		parameter->name = slice_trim(slice_make(item.ptr, (size_t)equals));
		parameter->value = slice_trim(slice_from(item, (size_t)equals + 1));
		parameter->quoted = parameter->value.len > 0 && parameter->value.ptr[0] == '"';
		return true;
	}
	return false;
}

static int append_value(const struct parameter *parameter, struct buf *out)
{
	struct slice value = parameter->value;

	if (!parameter->quoted)
		return buf_append_slice(out, value);
	for (size_t i = 1; i < value.len && value.ptr[i] != '"'; i++) {
		if (value.ptr[i] == '\\' && i + 1 < value.len)
			i++;
		if (value.ptr[i] != '\r' && value.ptr[i] != '\n' &&
		    buf_append_byte(out, value.ptr[i]) < 0)
			return -1;
	}
	return 0;
}

static int append_percent(struct slice value, struct buf *out)
{
	for (size_t i = 0; i < value.len; i++) {
		int byte = transfer_hex_byte(value, i, '%');

		if (buf_append_byte(out, byte >= 0 ? (char)byte : value.ptr[i]) < 0)
			return -1;
		if (byte >= 0)
			i += 2;
	}
	return 0;
}

/* What has been found of one parameter: its pieces joined in the order they stand in. */
struct gathering {
	struct buf bytes;
	struct slice charset;
	bool found, extended;
};

/* Takes `name`, `name*`, `name*N` and `name*N*`. */
static void gather(struct gathering *g, const char *name, const struct parameter *parameter)
{
	size_t len = strlen(name);
	struct slice suffix, value = parameter->value;
	bool percent, first = !g->found;

	if (!slice_begins_nocase(parameter->name, name))
		return;
	suffix = slice_from(parameter->name, len);
	if (suffix.len > 0 && suffix.ptr[0] != '*')
		return;
	if (suffix.len == 0 && g->found) /* the first of two counts */
		return;
	percent = suffix.len > 0 && suffix.ptr[suffix.len - 1] == '*';
	g->found = true;
	if (!percent) {
		append_value(parameter, &g->bytes);
		return;
	}
	if (first) { /* charset'language'text */
		struct slice rest = value;
		struct slice charset = slice_cut(&rest, '\'');

		if (rest.ptr != NULL && slice_find(rest, '\'') >= 0) {
			slice_cut(&rest, '\'');
			g->charset = charset;
			g->extended = true;
			value = rest;
		}
	}
	append_percent(value, &g->bytes);
}

bool decode_parameter(struct slice body, const char *name, struct buf *out)
{
	struct gathering g = {.bytes = BUF_INIT(body.len + 1)};
	struct slice rest = body;
	struct parameter parameter;

	slice_cut(&rest, ';');
	while (next_parameter(&rest, &parameter))
		gather(&g, name, &parameter);
	if (g.found && g.extended) {
		struct buf utf8 = BUF_INIT(g.bytes.len * 4 + 64);

		if (charset_to_utf8(g.charset, buf_slice(&g.bytes), &utf8) < 0)
			charset_guess_to_utf8(SLICE_NONE, buf_slice(&g.bytes), &utf8);
		decode_append_clean(buf_slice(&utf8), out);
		buf_clear(&utf8);
	} else if (g.found) {
		decode_text(buf_slice(&g.bytes), SLICE_NONE, out);
	}
	buf_clear(&g.bytes);
	return g.found;
}

struct slice decode_charset_parameter(struct slice body)
{
	struct parameter parameter;
	struct slice rest = body;

	slice_cut(&rest, ';');
	while (next_parameter(&rest, &parameter)) {
		struct slice value = parameter.value;

		if (!slice_is_nocase(parameter.name, "charset"))
			continue;
		if (parameter.quoted)
			value = slice_make(value.ptr + 1, value.len - 1);
		for (size_t i = 0; i < value.len; i++)
			if (memchr("\"; \t\r\n(", value.ptr[i], 7) != NULL)
				value.len = i;
		return value;
	}
	return SLICE_NONE;
}

struct slice decode_message_charset(struct slice message)
{
	struct header_field field;

	if (!header_find(message, "Content-Type", &field))
		return SLICE_NONE;
	return decode_charset_parameter(field.body);
}
