#include "upstream/scanner/clamd.h"

#include "base/i18n.h"

#include <stdio.h>

#define COMMANDS_MAX 1000000 /* then a new session: its numbers stay small */

void clamd_init(struct clamd *clamd)
{
	*clamd = (struct clamd){.reply = BUF_INIT(CLAMD_REPLY_MAX)};
}

void clamd_clear(struct clamd *clamd)
{
	buf_clear(&clamd->reply);
}

void clamd_begin(struct clamd *clamd, struct buf *out)
{
	if (!clamd->has_session)
		buf_append(out, "zIDSESSION", sizeof("zIDSESSION"));
	buf_append(out, "zINSTREAM", sizeof("zINSTREAM"));
	clamd->has_session = true;
	clamd->commands++;
	buf_reset(&clamd->reply);
}

void clamd_chunk(size_t len, struct buf *out)
{
	const unsigned char head[4] = {(unsigned char)(len >> 24), (unsigned char)(len >> 16), (unsigned char)(len >> 8), (unsigned char)len};

	buf_append(out, head, sizeof(head));
}

/* --- the reply: "1: stream: OK", "1: stream: NAME FOUND", "1: INSTREAM size limit exceeded. ERROR" */

static bool ends_with(struct slice text, const char *end)
{
	size_t len = strlen(end);

	return text.len >= len && slice_is(slice_from(text, text.len - len), end);
}

static enum clamd_result fail(struct slice reply, struct error *error)
{
	char shown[160];

	error_set(error, ERROR_PROTOCOL, N_("the scanner replied: %s"), str_printable(shown, sizeof(shown), reply));
	return CLAMD_FAILED;
}

static enum clamd_result read_reply(const struct clamd *clamd, struct slice reply, struct scan_verdict *verdict, struct error *error)
{
	struct slice text = reply, number = slice_cut(&text, ':');
	uint64_t command;

	if (slice_contains(reply, "size limit exceeded"))
		return CLAMD_TOO_LARGE;
	if (text.ptr == NULL || !slice_number(slice_trim(number), 1, COMMANDS_MAX, &command) || command != clamd->commands)
		return fail(reply, error);
	text = slice_trim(text);
	if (!slice_begins_nocase(text, "stream:"))
		return fail(reply, error);
	text = slice_trim(slice_from(text, strlen("stream:")));
	*verdict = (struct scan_verdict){.looked = SCAN_VIRUS};
	if (slice_is(text, "OK"))
		return CLAMD_DONE;
	if (!ends_with(text, " FOUND"))
		return fail(reply, error);
	text.len -= strlen(" FOUND");
	text = slice_trim(text);
	if (text.len == 0)
		return fail(reply, error);
	str_printable(verdict->virus, sizeof(verdict->virus), text);
	return CLAMD_DONE;
}

enum clamd_result clamd_feed(struct clamd *clamd, struct slice bytes, struct scan_verdict *verdict, struct error *error)
{
	ptrdiff_t end;

	if (buf_append_slice(&clamd->reply, bytes) != 0) {
		error_set(error, ERROR_PROTOCOL, N_("the scanner's reply is too long"));
		return CLAMD_FAILED;
	}
	end = clamd->reply.len == 0 ? -1 : slice_find(buf_slice(&clamd->reply), '\0');
	if (end < 0)
		return CLAMD_MORE;
	if ((size_t)end + 1 != clamd->reply.len) /* more than was asked for */
		return fail(buf_slice(&clamd->reply), error);
	return read_reply(clamd, slice_make(clamd->reply.ptr, (size_t)end), verdict, error);
}
