#include "upstream/scanner/spamd.h"

#include "base/i18n.h"

#include <stdio.h>

void spamd_begin(uint64_t size, struct buf *out)
{
	if (size == 0)
		buf_append_text(out, "PING SPAMC/1.5\r\n\r\n");
	else
		buf_printf(out, "SYMBOLS SPAMC/1.5\r\nContent-length: %llu\r\n\r\n", (unsigned long long)size);
}

static int fail(struct slice line, struct error *error)
{
	char shown[160];

	return error_set(error, ERROR_PROTOCOL, N_("the scanner replied: %s"), str_printable(shown, sizeof(shown), line));
}

static struct slice next_line(struct slice *rest)
{
	struct slice line = slice_cut(rest, '\n');

	return slice_trim(line);
}

/* "True ; 15.5 / 5.0" */
static bool read_spam(struct slice value, int64_t *score)
{
	slice_cut(&value, ';');
	return value.ptr != NULL && scan_score_parse(slice_trim(slice_cut(&value, '/')), score);
}

/* The body: "A,B,C". Whole names only, as many as fit. */
static void read_symbols(struct slice body, char *out, size_t size)
{
	size_t used = 0;

	body = slice_trim(body);
	while (body.ptr != NULL && body.len > 0) {
		struct slice name = slice_trim(slice_cut(&body, ','));

		if (name.len == 0 || used + name.len + 2 > size)
			continue;
		if (used > 0)
			out[used++] = ',';
		str_printable(out + used, size - used, name);
		used += strlen(out + used);
	}
}

int spamd_read(struct slice reply, struct scan_verdict *verdict, struct error *error)
{
	struct slice rest = reply, line = next_line(&rest), words = line, first = slice_cut(&words, ' '), code = slice_cut(&words, ' ');
	bool has_score = false;
	uint64_t number;

	if (!slice_begins_nocase(first, "SPAMD/") || !slice_number(code, 0, 255, &number) || number != 0)
		return fail(line, error);
	*verdict = (struct scan_verdict){.looked = SCAN_SPAM};
	if (slice_is(slice_trim(words), "PONG"))
		return 0;
	for (line = next_line(&rest); rest.ptr != NULL && line.len > 0; line = next_line(&rest)) {
		struct slice value = line, name = slice_trim(slice_cut(&value, ':'));

		if (slice_is_nocase(name, "Spam"))
			has_score = value.ptr != NULL && read_spam(value, &verdict->score);
	}
	if (!has_score || rest.ptr == NULL)
		return error_set(error, ERROR_PROTOCOL, N_("the scanner's reply is not complete"));
	read_symbols(rest, verdict->symbols, sizeof(verdict->symbols));
	return 0;
}
