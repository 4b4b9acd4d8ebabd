#include "message/scan/scan_verdict.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "message/escape.h"
#include "message/header.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define THOUSAND 1000

bool scan_verdict_is_scanned(const struct scan_verdict *verdict)
{
	return (verdict->looked & ~(unsigned)SCAN_ATTACHMENT) != 0 && verdict->away == 0 && verdict->skipped == 0;
}

/* --- adding */

/* Whole words only; what does not fit is left out. */
static void add_words(char *all, size_t size, const char *separator, const char *words)
{
	size_t used = strlen(all), need = strlen(words) + (used == 0 ? 0 : strlen(separator));

	if (words[0] != '\0' && used + need < size)
		snprintf(all + used, size - used, "%s%s", used == 0 ? "" : separator, words);
}

void scan_verdict_add(struct scan_verdict *total, const struct scan_verdict *one)
{
	if (one->looked & SCAN_SPAM && (!(total->looked & SCAN_SPAM) || one->score > total->score))
		total->score = one->score;
	if (total->virus[0] == '\0')
		memcpy(total->virus, one->virus, sizeof(total->virus));
	if (total->attachment[0] == '\0')
		memcpy(total->attachment, one->attachment, sizeof(total->attachment));
	if (total->reason[0] == '\0')
		memcpy(total->reason, one->reason, sizeof(total->reason));
	add_words(total->symbols, sizeof(total->symbols), ",", one->symbols);
	add_words(total->names, sizeof(total->names), ", ", one->names);
	total->looked |= one->looked;
	total->away |= one->away;
	total->skipped |= one->skipped;
	total->waits = total->waits || one->waits;
	total->ms += one->ms;
}

/* --- scores */

/* Up to three digits behind the point. */
static bool parse_fraction(struct slice digits, int64_t *thousandths)
{
	int64_t unit = THOUSAND;

	*thousandths = 0;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return false;
		unit /= 10;
		*thousandths += (digits.ptr[i] - '0') * unit;
	}
	return true;
}

bool scan_score_parse(struct slice text, int64_t *score)
{
	bool negative = text.len > 0 && text.ptr[0] == '-';
	struct slice fraction = slice_from(text, text.len > 0 && (negative || text.ptr[0] == '+')), whole = slice_cut(&fraction, '.');
	int64_t part = 0;
	uint64_t points;

	if (!slice_number(whole, 0, SCAN_SCORE_MAX / THOUSAND - 1, &points) || (fraction.ptr != NULL && !parse_fraction(fraction, &part)))
		return false;
	*score = (int64_t)points * THOUSAND + part;
	if (negative)
		*score = -*score;
	return true;
}

char *scan_score_text(char *out, size_t size, int64_t score)
{
	int64_t amount = score < 0 ? -score : score;
	size_t len;

	snprintf(out, size, "%s%lld.%03lld", score < 0 ? "-" : "", (long long)(amount / THOUSAND), (long long)(amount % THOUSAND));
	for (len = strlen(out); len > 2 && out[len - 1] == '0' && out[len - 2] != '.'; len--)
		out[len - 1] = '\0';
	return out;
}

/* --- the text form */

static const struct {
	const char *key;
	size_t offset, size;
} texts[] = {
    {"virus", offsetof(struct scan_verdict, virus), SCAN_VIRUS_MAX},
    {"attachment", offsetof(struct scan_verdict, attachment), PHRASE_MAX},
    {"symbols", offsetof(struct scan_verdict, symbols), SCAN_SYMBOLS_MAX},
    {"by", offsetof(struct scan_verdict, names), SCAN_NAMES_MAX},
    {"why", offsetof(struct scan_verdict, reason), PHRASE_MAX},
};

void scan_verdict_write(const struct scan_verdict *verdict, struct buf *out)
{
	buf_printf(out, "looked=%u away=%u skipped=%u waits=%d ms=%lld", verdict->looked, verdict->away, verdict->skipped, verdict->waits,
	    (long long)verdict->ms);
	if (verdict->looked & SCAN_SPAM)
		buf_printf(out, " score=%s", SCAN_SCORE(verdict->score));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *text = (const char *)verdict + texts[i].offset;

		if (text[0] == '\0')
			continue;
		buf_printf(out, " %s=", texts[i].key);
		escape_append(out, slice_of(text));
	}
}

static bool read_text(struct slice value, char *out, size_t size)
{
	char *text = escape_undo(value);
	bool fits = text != NULL && strlen(text) < size;

	if (fits)
		memcpy(out, text, strlen(text) + 1);
	free(text);
	return fits;
}

static bool read_bits(struct slice value, unsigned *bits)
{
	uint64_t number;

	if (!slice_number(value, 0, SCAN_VIRUS | SCAN_SPAM | SCAN_ATTACHMENT, &number))
		return false;
	*bits = (unsigned)number;
	return true;
}

static bool read_word(struct slice key, struct slice value, struct scan_verdict *verdict)
{
	uint64_t number;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (slice_is(key, texts[i].key))
			return read_text(value, (char *)verdict + texts[i].offset, texts[i].size);
	if (slice_is(key, "looked"))
		return read_bits(value, &verdict->looked);
	if (slice_is(key, "away"))
		return read_bits(value, &verdict->away);
	if (slice_is(key, "skipped"))
		return read_bits(value, &verdict->skipped);
	if (slice_is(key, "score"))
		return scan_score_parse(value, &verdict->score);
	if (!slice_number(value, 0, INT32_MAX, &number))
		return false;
	if (slice_is(key, "waits"))
		verdict->waits = number != 0;
	else if (slice_is(key, "ms"))
		verdict->ms = (int64_t)number;
	else
		return false;
	return true;
}

bool scan_verdict_read(struct slice text, struct scan_verdict *verdict)
{
	*verdict = (struct scan_verdict){0};
	if (text.len == 0 || text.len > SCAN_TEXT_MAX || slice_find(text, '\0') >= 0)
		return false;
	while (text.ptr != NULL) {
		struct slice value = slice_cut(&text, ' '), key = slice_cut(&value, '=');

		if (value.ptr == NULL || !read_word(key, value, verdict))
			return false;
	}
	if (!(verdict->looked & SCAN_SPAM)) /* nobody has given one */
		verdict->score = 0;
	return true;
}

bool scan_verdict_find(struct slice message, struct scan_verdict *verdict)
{
	struct buf text = BUF_INIT(SCAN_TEXT_MAX);
	struct header_field field;
	bool found = header_find(message, SCAN_FIELD, &field) && header_unfold(field.body, &text) == 0 &&
		     scan_verdict_read(buf_slice(&text), verdict);

	buf_clear(&text);
	return found;
}

/* --- for people */

static char *found_phrase(char *out, size_t size, const struct scan_verdict *verdict)
{
	if (verdict->virus[0] != '\0')
		return phrase_set(out, size, N_("virus %s"), verdict->virus);
	if (verdict->attachment[0] != '\0')
		return memcpy(out, verdict->attachment, size < sizeof(verdict->attachment) ? size : sizeof(verdict->attachment));
	if (verdict->looked == SCAN_ATTACHMENT)
		return phrase_set(out, size, N_("no forbidden attachment"));
	if ((verdict->looked & ~(unsigned)SCAN_ATTACHMENT) == 0)
		return phrase_set(out, size, N_("not scanned"));
	if (!(verdict->looked & SCAN_SPAM))
		return phrase_set(out, size, N_("no virus"));
	if (verdict->symbols[0] == '\0')
		return phrase_set(out, size, N_("spam score %s"), SCAN_SCORE(verdict->score));
	return phrase_set(out, size, N_("spam score %s (%s)"), SCAN_SCORE(verdict->score), verdict->symbols);
}

char *scan_verdict_phrase(char *out, size_t size, const struct scan_verdict *verdict)
{
	char found[PHRASE_MAX], looked[PHRASE_MAX];

	found_phrase(found, sizeof(found), verdict);
	if (verdict->names[0] != '\0')
		phrase_set(looked, sizeof(looked), N_("%s (%s, %lld ms)"), found, verdict->names, (long long)verdict->ms);
	else
		memcpy(looked, found, sizeof(looked));
	if (verdict->reason[0] != '\0')
		return phrase_join(out, size, looked, verdict->reason);
	snprintf(out, size, "%s", looked);
	return out;
}
