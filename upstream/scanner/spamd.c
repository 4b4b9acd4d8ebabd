#include "upstream/scanner/spamd.h"

#include "base/i18n.h"

#include <stdio.h>

#define CODE_UNAVAILABLE 69 /* EX_UNAVAILABLE */

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

void spamd_begin_learning(uint64_t size, bool is_spam, struct buf *out)
{
	buf_printf(out, "TELL SPAMC/1.5\r\nMessage-class: %s\r\nSet: local\r\nContent-length: %llu\r\n\r\n", is_spam ? "spam" : "ham",
	    (unsigned long long)size);
}

/* "SPAMD/1.1 0 EX_OK"; *words: what follows the code. */
static bool read_status(struct slice line, uint64_t *code, struct slice *words)
{
	struct slice first;

	*words = line;
	first = slice_cut(words, ' ');
	return slice_begins_nocase(first, "SPAMD/") && slice_number(slice_cut(words, ' '), 0, 255, code);
}

int spamd_read_learned(struct slice reply, bool *was_known, struct error *error)
{
	struct slice rest = reply, line = next_line(&rest), words;
	uint64_t code;

	*was_known = true;
	if (!read_status(line, &code, &words) || (code != 0 && code != CODE_UNAVAILABLE))
		return fail(line, error);
	if (code == CODE_UNAVAILABLE)
		return error_set(error, ERROR_CONFIG, N_("it may not learn; start spamd with --allow-tell"));
	for (line = next_line(&rest); rest.ptr != NULL && line.len > 0; line = next_line(&rest))
		if (slice_begins_nocase(line, "DidSet:"))
			*was_known = false;
	if (rest.ptr == NULL)
		return error_set(error, ERROR_PROTOCOL, N_("the scanner's reply is not complete"));
	return 0;
}

int spamd_read(struct slice reply, struct scan_verdict *verdict, struct error *error)
{
	struct slice rest = reply, line = next_line(&rest), words;
	bool has_score = false;
	uint64_t code;

	if (!read_status(line, &code, &words) || code != 0)
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
