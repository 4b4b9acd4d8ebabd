/* Numbers, sizes, lengths of time, days and hours. */
#include "config/value_priv.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "message/scan/scan_verdict.h"

#include <stdlib.h>

#define DAY 86400LL

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
	return value_wrong(error, N_("`%s` must be yes or no"), text);
}

/* Reads the digits at the front of *text and moves it past them and past white space. */
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
		    N_("must be a whole number from %lld to %lld"), (long long)limits->min,
		    (long long)limits->max);
	*(int64_t *)field = number;
	return 0;
}

static int out_of_bounds(const struct value_limits *limits, const char *unit, struct error *error)
{
	return error_set(error, ERROR_CONFIG, N_("must be from %lld to %lld %s"),
	    (long long)limits->min, (long long)limits->max, PHRASE_WORD(unit));
}

/* "12", "0.35", up to four digits after the point. */
int value_parse_price(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	static const int64_t units[] = {10000, 1000, 100, 10, 1};
	struct slice whole = slice_cut(&text, '.');
	uint64_t number, part = 0;

	if (!slice_number(whole, 0, (uint64_t)limits->max, &number) || text.len >= ARRAY_LEN(units) ||
	    (text.ptr != NULL && !slice_number(text, 0, 9999, &part)))
		return error_set(error, ERROR_CONFIG, N_("must be a price such as 0.35, up to %lld, with four digits after the point at most"),
		    (long long)limits->max);
	*(int64_t *)field = (int64_t)number * units[0] + (int64_t)part * units[text.len];
	return 0;
}

int value_parse_size(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	static const char units[] = "kmgt";
	struct slice rest = text;
	int64_t number, unit = 1;
	const char *found;

	if (!take_number(&rest, &number))
		return value_wrong(error, N_("`%s` is not a size (examples: 100K, 50M, 2G)"), text);
	if (rest.len > 0 && (found = strchr(units, ascii_lower(rest.ptr[0]))) != NULL) {
		unit = (int64_t)1 << 10 * (found - units + 1);
		rest = slice_from(rest, 1);
	}
	if (rest.len > 0 && !slice_is_nocase(rest, "b"))
		return value_wrong(error, N_("`%s` is not a size (examples: 100K, 50M, 2G)"), text);
	if (number > limits->max / unit || number * unit < limits->min)
		return out_of_bounds(limits, N_("bytes"), error);
	*(int64_t *)field = number * unit;
	return 0;
}

struct unit {
	const char *letter;
	int64_t size;
};
static const struct unit times[] = {{"w", 604800}, {"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}};

void value_append_amount(struct buf *out, enum value_type type, int64_t amount)
{
	static const struct unit sizes[] = {{"G", 1LL << 30}, {"M", 1LL << 20}, {"K", 1LL << 10}, {"", 1}};
	static const struct unit plain = {"", 1};
	const struct unit *unit = &plain;

	if (amount > 0 && (type == VALUE_SIZE || type == VALUE_SIZES))
		unit = sizes;
	else if (amount > 0 && (type == VALUE_SECONDS || type == VALUE_DURATION || type == VALUE_MINUTES ||
				   type == VALUE_INTERVAL || type == VALUE_DURATIONS))
		unit = times + 1; /* 52w is not readable */
	while (amount % unit->size != 0)
		unit++;
	buf_printf(out, "%lld%s%s", (long long)(amount / unit->size), unit->letter, type == VALUE_KEEP || type == VALUE_FOLDER_KEEPS ? "d" : "");
}

static int duration_out_of_bounds(const struct value_limits *limits, struct error *error)
{
	struct buf from = BUF_INIT(32), to = BUF_INIT(32);

	value_append_amount(&from, VALUE_DURATION, limits->min);
	value_append_amount(&to, VALUE_DURATION, limits->max);
	error_set(error, ERROR_CONFIG, N_("must be from %s to %s"), buf_text(&from), buf_text(&to));
	buf_clear(&from);
	buf_clear(&to);
	return -1;
}

/* Reads the unit at the front of *text, moves it past the unit, and returns its size; 0 if there
 * is none. */
static int64_t take_unit(struct slice *text)
{
	for (size_t i = 0; text->len > 0 && i < ARRAY_LEN(times); i++) {
		if (times[i].letter[0] != ascii_lower(text->ptr[0]))
			continue;
		*text = slice_trim(slice_from(*text, 1));
		return times[i].size;
	}
	return 0;
}

static int no_unit(int64_t number, const struct value_limits *limits, struct error *error)
{
	return error_set(error, ERROR_CONFIG, N_("%lld has no unit: write %lld%c (units: s, m, h, "
	    "d, w for seconds to weeks)"),
	    (long long)number, (long long)number, limits->unit == 0 ? 'd' : limits->unit);
}

/* "15m", "1h30m", "5d". A bare number counts `bare` seconds; 0: only the number 0 needs no unit. */
static int read_duration(struct slice text, int64_t bare, const struct value_limits *limits, int64_t *seconds,
    struct error *error)
{
	struct slice rest = text;
	int64_t sum = 0, number, unit;
	bool is_first = true;

	do {
		bool has_number = take_number(&rest, &number), is_bare = has_number && is_first && rest.len == 0;

		if (is_bare && bare == 0 && number > 0)
			return no_unit(number, limits, error);
		unit = is_bare ? (bare == 0 ? 1 : bare) : take_unit(&rest);
		if (!has_number || unit == 0)
			return value_wrong(error, N_("`%s` is not a duration (examples: 90s, 15m, "
			    "4h, 5d)"), text);
		if (number > (limits->max - sum) / unit)
			return duration_out_of_bounds(limits, error);
		sum += number * unit;
		is_first = false;
	} while (rest.len > 0);
	if (sum < limits->min)
		return duration_out_of_bounds(limits, error);
	*seconds = sum;
	return 0;
}

int value_read_duration(struct slice text, const struct value_limits *limits, int64_t *seconds, struct error *error)
{
	return read_duration(text, 0, limits, seconds, error);
}

int value_parse_duration(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	return read_duration(text, 0, limits, field, error);
}

int value_parse_seconds(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	return read_duration(text, 1, limits, field, error);
}

int value_parse_minutes(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	return read_duration(text, 60, limits, field, error);
}

int value_parse_interval(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	if (text.len > 0)
		return value_read_duration(text, limits, field, error);
	*(int64_t *)field = -1;
	return 0;
}

/* The limits are days. */
int value_parse_keep(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	const struct value_limits seconds = {.min = limits->min * DAY, .max = limits->max * DAY, .unit = 'd'};
	int64_t kept;

	if (slice_is_nocase(text, "no") || slice_is_nocase(text, "yes")) {
		*(int64_t *)field = slice_is_nocase(text, "no") ? 0 : -1;
		return 0;
	}
	if (text.len == 0 || text.ptr[0] < '0' || text.ptr[0] > '9')
		return value_wrong(error, N_("`%s` must be no, yes or a number of days such as 14d"), text);
	if (read_duration(text, 0, &seconds, &kept, error) != 0)
		return -1;
	if (kept % DAY != 0)
		return value_wrong(error, N_("`%s` must be no, yes or a number of days such as 14d"), text);
	*(int64_t *)field = kept / DAY;
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
	return error_set(error, ERROR_CONFIG, N_("`%s` must be one of %s"),
	    str_printable(shown, sizeof(shown), text), list);
}

int value_parse_score(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	int64_t score;

	if (!scan_score_parse(text, &score) || score < limits->min || score > limits->max)
		return value_wrong(error, N_("`%s` is not a number of points (examples: 5, 7.5)"), text);
	*(int64_t *)field = score;
	return 0;
}

/* --- times */

/* "8:30" in seconds since midnight; 24:00 only if last_too. */
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
		return value_wrong(error, N_("`%s` is not a range of hours (example: 08:00-19:00)"), text);
	memcpy(field, hours, sizeof(hours));
	return 0;
}

int value_parse_pixels(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	struct slice height = text, width = slice_cut(&height, 'x');
	int64_t sides[2] = {0, 0};

	if (text.len > 0 && (!slice_number(slice_trim(width), (uint64_t)limits->min, (uint64_t)limits->max, (uint64_t *)&sides[0]) ||
	                        !slice_number(slice_trim(height), (uint64_t)limits->min, (uint64_t)limits->max, (uint64_t *)&sides[1])))
		return error_set(error, ERROR_CONFIG, N_("must be a width and a height from %lld to %lld pixels (example: 1600x1600)"),
		    (long long)limits->min, (long long)limits->max);
	memcpy(field, sides, sizeof(sides));
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
			    N_("`%s` is not a list of days (example: mon-fri, sat)"), text);
		for (int day = from;; day = (day + 1) % 7) {
			days |= 1u << day;
			if (day == to)
				break;
		}
	}
	*(unsigned *)field = days;
	return 0;
}

/* --- sizes by hours */

/* "200K" or "unlimited", and perhaps a range of hours: "unlimited 20:00-07:00". */
static int read_size_hours(struct slice text, const struct value_limits *limits, struct conf_size_hours *item, bool *has_hours, struct error *error)
{
	struct slice hours = text, size = slice_trim(slice_cut(&hours, ' '));
	int64_t range[2];

	hours = slice_trim(hours);
	*has_hours = hours.len > 0;
	if (value_parse_hours(hours, limits, range, error) != 0)
		return -1;
	*item = (struct conf_size_hours){0, range[0], range[1]};
	return slice_is_nocase(size, "unlimited") ? 0 : value_parse_size(size, limits, &item->size, error);
}

static int add_size(struct conf_sizes *sizes, struct slice part, const struct value_limits *limits, bool *has_usual, struct error *error)
{
	struct conf_size_hours item;
	bool has_hours;

	if (read_size_hours(part, limits, &item, &has_hours, error) != 0)
		return -1;
	if (has_hours) {
		ARRAY_GROW(sizes->items, sizes->count);
		sizes->items[sizes->count++] = item;
		return 0;
	}
	if (*has_usual)
		return value_wrong(error, N_("`%s` is a second limit without hours (example: 200K, unlimited 20:00-07:00)"), part);
	*has_usual = true;
	sizes->usual = item.size;
	return 0;
}

int value_parse_sizes(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	struct conf_sizes sizes = {0, NULL, 0};
	bool has_usual = false;

	do {
		if (add_size(&sizes, slice_trim(slice_cut(&text, ',')), limits, &has_usual, error) != 0) {
			free(sizes.items);
			return -1;
		}
	} while (text.ptr != NULL);
	value_clear(VALUE_SIZES, field);
	*(struct conf_sizes *)field = sizes;
	return 0;
}
