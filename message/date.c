#include "message/date.h"

#include "base/alloc.h"

#define DAY 86400
#define YEAR_MAX 9999

int64_t date_of_day(int64_t year, int64_t month, int64_t day)
{
	/* Years that begin in March have the leap day at their end. */
	int64_t y = month > 2 ? year : year - 1, m = (month + 9) % 12;

	return (365 * y + y / 4 - y / 100 + y / 400 + (306 * m + 5) / 10 + day - 1 - 719468) * DAY;
}

static int64_t month_of(struct slice word)
{
	static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};

	for (size_t i = 0; i < ARRAY_LEN(months); i++)
		if (word.len >= 3 && slice_is_nocase(slice_make(word.ptr, 3), months[i]))
			return (int64_t)i + 1;
	return 0;
}

static bool is_separator(char byte)
{
	return byte != '\0' && strchr(" \t\r\n,(", byte) != NULL;
}

/* Cuts the next word off; commas and comments separate words, too. */
static struct slice next_word(struct slice *text)
{
	size_t at = 0, start, depth = 0;
	struct slice word;

	for (; at < text->len && (depth > 0 || is_separator(text->ptr[at])); at++) {
		depth += text->ptr[at] == '(';
		depth -= text->ptr[at] == ')' && depth > 0;
	}
	start = at;
	while (at < text->len && !is_separator(text->ptr[at]))
		at++;
	word = slice_make(text->ptr + start, at - start);
	*text = slice_from(*text, at);
	return word;
}

/* "12:34:56", "12:34", "12.34.56". */
static bool read_clock(struct slice word, int64_t *seconds)
{
	static const uint64_t most[] = {23, 59, 60};
	char separator = slice_find(word, ':') >= 0 ? ':' : '.';
	uint64_t value;
	size_t count = 0;

	*seconds = 0;
	while (word.len > 0) {
		if (count == ARRAY_LEN(most) || !slice_number(slice_cut(&word, separator), 0, most[count], &value))
			return false;
		*seconds = *seconds * 60 + (int64_t)value;
		count++;
	}
	if (count == 2)
		*seconds *= 60;
	return count >= 2;
}

static int64_t read_zone(struct slice word)
{
	static const struct {
		const char *name;
		int64_t hours;
	} names[] = {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}, {"MSK", 3}};
	uint64_t value;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_is_nocase(word, names[i].name))
			return names[i].hours * 3600;
	if (word.len != 5 || strchr("+-", word.ptr[0]) == NULL || !slice_number(slice_from(word, 1), 0, 9959, &value))
		return 0;
	return (word.ptr[0] == '-' ? -1 : 1) * (int64_t)(value / 100 * 3600 + value % 100 * 60);
}

/* Two and three digits: RFC 5322 section 4.3. */
static bool read_year(struct slice word, int64_t *year)
{
	uint64_t value;

	if (!slice_number(word, 0, YEAR_MAX, &value))
		return false;
	*year = (int64_t)value;
	if (word.len == 2)
		*year += *year < 50 ? 2000 : 1900;
	else if (word.len == 3)
		*year += 1900;
	return *year >= 1;
}

/* "21-Nov-1997" as one word is three. */
static struct slice date_word(struct slice *word, struct slice *text)
{
	if (word->len > 0)
		return slice_cut(word, '-');
	*word = next_word(text);
	return slice_find(*word, '-') > 0 ? slice_cut(word, '-') : slice_cut(word, ' ');
}

bool date_read(struct slice body, struct date *date)
{
	struct slice text = body, rest = SLICE_NONE, word = date_word(&rest, &text);
	int64_t month, year, seconds = 0;
	uint64_t day;

	if (!slice_number(word, 1, 31, &day)) { /* the day of the week */
		word = date_word(&rest, &text);
		if (!slice_number(word, 1, 31, &day))
			return false;
	}
	month = month_of(date_word(&rest, &text));
	if (month == 0 || !read_year(date_word(&rest, &text), &year))
		return false;
	word = next_word(&text);
	if (word.len > 0 && !read_clock(word, &seconds))
		return false;
	date->zone = read_zone(next_word(&text));
	date->time = date_of_day(year, month, (int64_t)day) + seconds - date->zone;
	return true;
}
