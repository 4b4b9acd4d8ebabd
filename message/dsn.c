#include "message/dsn.h"

#include "base/alloc.h"

static const struct {
	const char *name;
	enum dsn_notify bit;
} events[] = {{"NEVER", DSN_NEVER}, {"SUCCESS", DSN_SUCCESS}, {"FAILURE", DSN_FAILURE}, {"DELAY", DSN_DELAY}};

static unsigned event_of(struct slice word)
{
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		if (slice_is_nocase(word, events[i].name))
			return events[i].bit;
	return 0;
}

bool dsn_notify_parse(struct slice text, unsigned *notify)
{
	unsigned wanted = 0;

	do {
		unsigned event = event_of(slice_cut(&text, ','));

		if (event == 0)
			return false;
		wanted |= event;
	} while (text.ptr != NULL);
	if ((wanted & DSN_NEVER) && wanted != DSN_NEVER)
		return false;
	*notify = wanted;
	return true;
}

void dsn_notify_write(unsigned notify, struct buf *out)
{
	const char *comma = "";

	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		if (!(notify & events[i].bit))
			continue;
		buf_printf(out, "%s%s", comma, events[i].name);
		comma = ",";
	}
}

static const char *const ret_names[] = {[DSN_RET_UNSAID] = "", [DSN_RET_FULL] = "FULL", [DSN_RET_HDRS] = "HDRS"};

bool dsn_ret_parse(struct slice text, enum dsn_ret *ret)
{
	for (size_t i = DSN_RET_FULL; i < ARRAY_LEN(ret_names); i++)
		if (slice_is_nocase(text, ret_names[i])) {
			*ret = (enum dsn_ret)i;
			return true;
		}
	return false;
}

const char *dsn_ret_text(enum dsn_ret ret)
{
	return ret_names[ret];
}

bool dsn_wants(unsigned notify, enum dsn_notify event)
{
	return notify == 0 ? event == DSN_FAILURE || event == DSN_DELAY : (notify & event) != 0;
}

static int hex_digit(char byte)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *at = memchr(digits, byte, 16);

	return at == NULL ? -1 : (int)(at - digits);
}

bool dsn_is_xtext(struct slice text, size_t max)
{
	if (text.len == 0 || text.len > max)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '!' || text.ptr[i] > '~' || text.ptr[i] == '=')
			return false;
		if (text.ptr[i] != '+')
			continue;
		if (i + 2 >= text.len || hex_digit(text.ptr[i + 1]) < 0 || hex_digit(text.ptr[i + 2]) < 0)
			return false;
		i += 2;
	}
	return true;
}

bool dsn_is_orcpt(struct slice text)
{
	static const char atoms[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	struct slice address = text;
	struct slice type = slice_cut(&address, ';');

	if (text.len > DSN_ORCPT_MAX || type.len == 0 || !dsn_is_xtext(address, DSN_ORCPT_MAX))
		return false;
	for (size_t i = 0; i < type.len; i++)
		if (memchr(atoms, type.ptr[i], sizeof(atoms) - 1) == NULL)
			return false;
	return true;
}

void dsn_xtext_decode(struct slice text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '+' && i + 2 < text.len) {
			buf_append_byte(out, (char)(hex_digit(text.ptr[i + 1]) * 16 + hex_digit(text.ptr[i + 2])));
			i += 2;
		} else {
			buf_append_byte(out, text.ptr[i]);
		}
	}
}
