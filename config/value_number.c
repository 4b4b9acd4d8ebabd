/* Numbers, sizes, lengths of time, days and hours. */
#include "config/value_priv.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <limits.h>
#include <stdlib.h>

int value_parse_flag(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};

	(void)limits;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (slice_is_nocase(text, yes[i]) || slice_is_nocase(text, no[i])) {
			*(bool *)field = slice_is_nocase(text, yes[i]);
			return 0;
		}
	}
	return value_wrong(error, _("`%s` must be yes or no"), text);
}

/* The digits at the front of *text, which is moved behind them and behind white space. */
static bool take_number(struct slice *text, int64_t *number)
{
	uint64_t value;
	size_t digits = 0;

	while (digits < text->len && text->ptr[digits] >= '0' && text->ptr[digits] <= '9')
		digits++;
	if (!slice_number(slice_make(text->ptr, digits), 0, INT64_MAX, &value))
		return false;
	*number = (int64_t)value;
	*text = slice_trim(slice_from(*text, digits));
	return true;
}

int value_parse_integer(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	int64_t number;

	if (!take_number(&text, &number) || text.len > 0 || number < limits->min ||
	    number > limits->max)
		return error_set(error, ERROR_CONFIG,
		    _("must be a whole number from %lld to %lld"), (long long)limits->min,
		    (long long)limits->max);
	*(int64_t *)field = number;
	return 0;
}

static int out_of_bounds(const struct value_limits *limits, const char *unit, struct error *error)
{
	return error_set(error, ERROR_CONFIG, _("must be from %lld to %lld %s"),
	    (long long)limits->min, (long long)limits->max, unit);
}

int value_parse_size(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	static const char units[] = "kmgt";
	struct slice rest = text;
	int64_t number, unit = 1;
	const char *found;

	if (!take_number(&rest, &number))
		return value_wrong(error, _("`%s` is no size, such as 100K, 50M or 2G"), text);
	if (rest.len > 0 && (found = strchr(units, ascii_lower(rest.ptr[0]))) != NULL) {
		unit = (int64_t)1 << 10 * (found - units + 1);
		rest = slice_from(rest, 1);
	}
	if (rest.len > 0 && !slice_is_nocase(rest, "b"))
		return value_wrong(error, _("`%s` is no size, such as 100K, 50M or 2G"), text);
	if (number > limits->max / unit || number * unit < limits->min)
		return out_of_bounds(limits, _("bytes"), error);
	*(int64_t *)field = number * unit;
	return 0;
}

/* "90", "15m", "1h30m", "5d". */
int value_read_duration(struct slice text, const struct value_limits *limits, int64_t *seconds,
    struct error *error)
{
	static const struct {
		char letter;
		int seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	struct slice rest = text;
	int64_t sum = 0, number;

	do {
		size_t unit = 0;
		bool bare;

		if (!take_number(&rest, &number))
			return value_wrong(error, _("`%s` is no length of time, such as 90s, 15m, 4h or 5d"),
			    text);
		bare = rest.len == 0;
		while (!bare && unit < ARRAY_LEN(units) &&
		       units[unit].letter != ascii_lower(rest.ptr[0]))
			unit++;
		if (unit == ARRAY_LEN(units))
			return value_wrong(error, _("`%s` is no length of time, such as 90s, 15m, 4h or 5d"),
			    text);
		if (number > (limits->max - sum) / units[unit].seconds)
			return out_of_bounds(limits, _("seconds"), error);
		sum += number * units[unit].seconds;
		rest = slice_trim(slice_from(rest, 1));
	} while (rest.len > 0);
	if (sum < limits->min)
		return out_of_bounds(limits, _("seconds"), error);
	*seconds = sum;
	return 0;
}

int value_parse_duration(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	return value_read_duration(text, limits, field, error);
}

int value_parse_minutes(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	char *with_unit = xasprintf("%.*sm", SLICE_PRINT(text));
	uint64_t number;
	int result = value_read_duration(slice_number(text, 0, UINT64_MAX, &number) ? slice_of(with_unit) : text, limits, field, error);

	free(with_unit);
	return result;
}

int value_parse_interval(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	if (text.len > 0)
		return value_read_duration(text, limits, field, error);
	*(int64_t *)field = -1;
	return 0;
}

int value_parse_keep(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	struct slice rest = text;
	int64_t days;

	if (slice_is_nocase(text, "no") || slice_is_nocase(text, "yes")) {
		*(int64_t *)field = slice_is_nocase(text, "no") ? 0 : -1;
		return 0;
	}
	if (!take_number(&rest, &days) || !slice_is_nocase(rest, "d") || days < limits->min ||
	    days > limits->max)
		return value_wrong(error, _("`%s` must be no, yes or a number of days such as 14d"), text);
	*(int64_t *)field = days;
	return 0;
}

int value_parse_word(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	char list[160], shown[96];

	for (unsigned i = 0; limits->words[i] != NULL; i++) {
		if (slice_is_nocase(text, limits->words[i])) {
			*(unsigned *)field = i;
			return 0;
		}
	}
	value_join_words(list, sizeof(list), limits->words, "");
	return error_set(error, ERROR_CONFIG, _("`%s` must be one of %s"),
	    str_printable(shown, sizeof(shown), text), list);
}

/* --- times */

/* "8:30" in seconds since midnight; 24:00 only where last_too. */
bool value_read_time(struct slice text, bool last_too, int64_t *seconds)
{
	struct slice minutes = slice_trim(text), hours = slice_cut(&minutes, ':');
	uint64_t hour, minute;

	if (hours.len > 2 || minutes.len != 2 || !slice_number(hours, 0, 24, &hour) ||
	    !slice_number(minutes, 0, 59, &minute))
		return false;
	if (hour == 24 && (!last_too || minute > 0))
		return false;
	*seconds = (int64_t)(hour * 3600 + minute * 60);
	return true;
}

int value_parse_hours(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	struct slice to = text, from = slice_cut(&to, '-');
	int64_t hours[2] = {0, 0};

	(void)limits;
	if (text.len > 0 && (!value_read_time(from, false, &hours[0]) || !value_read_time(to, true, &hours[1])))
		return value_wrong(error, _("`%s` is no span of hours, such as 08:00-19:00"), text);
	memcpy(field, hours, sizeof(hours));
	return 0;
}

static int find_day(struct slice text)
{
	static const char days[][4] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

	for (int i = 0; i < 7; i++)
		if (slice_is_nocase(slice_trim(text), days[i]))
			return i;
	return -1;
}

int value_parse_days(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	struct slice rest = text;
	unsigned days = text.len == 0 ? 0x7f : 0;

	(void)limits;
	while (rest.len > 0) {
		struct slice last = slice_cut(&rest, ','), first = slice_cut(&last, '-');
		int from = find_day(first), to = last.ptr == NULL ? from : find_day(last);

		if (from < 0 || to < 0)
			return value_wrong(error,
			    _("`%s` is no list of days, such as mon-fri, sat"), text);
		for (int day = from;; day = (day + 1) % 7) {
			days |= 1u << day;
			if (day == to)
				break;
		}
	}
	*(unsigned *)field = days;
	return 0;
}
