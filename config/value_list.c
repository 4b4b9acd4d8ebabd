/* Lists: items between commas. */
#include "config/value_priv.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <stdlib.h>
#include <string.h>

/* The next item; false at the end. An empty item (",,") comes as an empty slice. */
static bool next_item(struct slice *rest, struct slice *item)
{
	if (rest->ptr == NULL || rest->len == 0)
		return false;
	*item = slice_trim(slice_cut(rest, ','));
	return true;
}

static void put_number(struct conf_numbers *numbers, int64_t number)
{
	ARRAY_GROW(numbers->items, numbers->count);
	numbers->items[numbers->count++] = number;
}

static int put_numbers(void *field, struct conf_numbers *numbers, int result)
{
	struct conf_numbers *place = field;

	if (result == 0) {
		free(place->items);
		*place = *numbers;
	} else {
		free(numbers->items);
	}
	return result;
}

int value_parse_times(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	struct conf_numbers numbers = {NULL, 0};
	struct slice item;
	int64_t time;
	int result = 0;

	(void)limits;
	while (result == 0 && next_item(&text, &item)) {
		if (value_read_time(item, false, &time))
			put_number(&numbers, time);
		else
			result = value_wrong(error, N_("`%s` is not a time of day (example: 08:30)"), item);
	}
	return put_numbers(field, &numbers, result);
}

/* A bare number counts messages, one with a unit is a length of time. */
int value_parse_queued(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	int64_t both[2] = {0, 0};
	struct slice item;
	uint64_t count;

	while (next_item(&text, &item))
		if (slice_number(item, 0, 1000000, &count))
			both[0] = (int64_t)count;
		else if (value_read_duration(item, limits, &both[1], error) != 0)
			return -1;
	memcpy(field, both, sizeof(both));
	return 0;
}

/* "2026-12-31" as 20261231, "12-31" of every year as 1231. */
static bool read_date(struct slice item, int64_t *date)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	uint64_t year = 0, month, day;
	struct slice rest = item, first = slice_cut(&rest, '-'), second = slice_cut(&rest, '-');

	if (rest.ptr != NULL) {
		if (first.len != 4 || !slice_number(first, 2000, 9999, &year))
			return false;
		first = second;
		second = rest;
	}
	if (first.len != 2 || second.len != 2 || !slice_number(first, 1, 12, &month) ||
	    !slice_number(second, 1, (uint64_t)days[month - 1], &day))
		return false;
	*date = (int64_t)(year * 10000 + month * 100 + day);
	return true;
}

int value_parse_dates(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	struct conf_numbers numbers = {NULL, 0};
	struct slice item;
	int64_t date;
	int result = 0;

	(void)limits;
	while (result == 0 && next_item(&text, &item)) {
		if (read_date(item, &date))
			put_number(&numbers, date);
		else
			result = value_wrong(error, N_("`%s` is not a date (examples: 2026-12-31, "
			    "or 12-31 for every year)"), item);
	}
	return put_numbers(field, &numbers, result);
}

/* "5m..4h": 5m, then doubled each time, up to 4h. */
static int read_range(struct slice item, const struct value_limits *limits, struct conf_numbers *numbers,
    struct error *error)
{
	ptrdiff_t dots = slice_find(item, '.');
	int64_t first, last;

	if (value_read_duration(slice_trim(slice_make(item.ptr, (size_t)dots)), limits, &first, error) != 0 ||
	    value_read_duration(slice_trim(slice_from(item, (size_t)dots + 2)), limits, &last, error) != 0)
		return -1;
	if (first <= 0 || last < first)
		return value_wrong(error, N_("`%s`: the second time must be longer than the first"), item);
	for (; first < last; first *= 2)
		put_number(numbers, first);
	put_number(numbers, last);
	return 0;
}

static bool is_range(struct slice item)
{
	ptrdiff_t dots = slice_find(item, '.');

	return dots > 0 && (size_t)dots + 1 < item.len && item.ptr[dots + 1] == '.';
}

int value_parse_durations(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	struct conf_numbers numbers = {NULL, 0};
	struct slice item;
	int64_t seconds;
	int result = 0;

	while (result == 0 && next_item(&text, &item)) {
		if (is_range(item)) {
			result = read_range(item, limits, &numbers, error);
			continue;
		}
		result = value_read_duration(item, limits, &seconds, error);
		if (result == 0)
			put_number(&numbers, seconds);
	}
	if (result == 0 && numbers.count == 0)
		result = error_set(error, ERROR_CONFIG, N_("needs at least one duration"));
	return put_numbers(field, &numbers, result);
}

/* What of an item is in lower case. */
enum lower { LOWER_NOTHING, LOWER_ALL, LOWER_USER };

static void make_lower(char *item, enum lower lower)
{
	char *folder = lower == LOWER_USER ? strchr(item, '/') : NULL;

	if (folder != NULL)
		*folder = '\0';
	if (lower != LOWER_NOTHING)
		str_lower_ascii(item);
	if (folder != NULL)
		*folder = '/';
}

/* Parses a list whose items all pass the test; why has one %s for an item that does not. */
static int read_list(struct slice text, enum lower lower, bool (*is_good)(struct slice item),
    const char *why, void *field, struct error *error)
{
	struct strlist list = {NULL, 0};
	struct slice item;

	while (next_item(&text, &item)) {
		if (!is_good(item)) {
			strlist_clear(&list);
			return value_wrong(error, why, item);
		}
		strlist_add(&list, "");
		free(list.items[list.count - 1]);
		list.items[list.count - 1] = slice_dup(item);
		make_lower(list.items[list.count - 1], lower);
	}
	strlist_clear(field);
	*(struct strlist *)field = list;
	return 0;
}

int value_parse_users(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	return read_list(text, LOWER_ALL, value_is_user, N_("`%s` is not a user name"), field, error);
}

static bool is_member(struct slice item)
{
	struct slice right = item, name = slice_cut(&right, ':');

	return value_is_user(slice_trim(name)) && (right.ptr == NULL || slice_is_nocase(slice_trim(right), "read"));
}

/* "maria : read" becomes "maria:read". */
int value_parse_members(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	struct strlist *list = field;

	(void)limits;
	if (read_list(text, LOWER_ALL, is_member, N_("`%s` is neither a user nor a user with the right to read (examples: ivan, maria:read)"),
		field, error) != 0)
		return -1;
	for (size_t i = 0; i < list->count; i++) {
		char *to = list->items[i];

		for (const char *from = to; *from != '\0'; from++)
			if (*from != ' ' && *from != '\t')
				*to++ = *from;
		*to = '\0';
	}
	return 0;
}

int value_parse_mailboxes(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	return read_list(text, LOWER_USER, value_is_mailbox, N_("`%s` is neither a user nor a user and a folder (example: ivan/Invoices)"), field, error);
}

int value_parse_names(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	return read_list(text, LOWER_ALL, value_is_name, N_("`%s` is not a valid name for an address"), field,
	    error);
}

int value_parse_addresses(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	return read_list(text, LOWER_NOTHING, value_is_address,
	    N_("`%s` is not a mail address (example: ivan@example.ru)"), field, error);
}

static bool is_sender(struct slice item)
{
	if (item.len > 0 && item.ptr[0] == '@')
		return value_is_host(slice_from(item, 1));
	return value_is_address(item) || value_is_host(item);
}

int value_parse_senders(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	return read_list(text, LOWER_ALL, is_sender, N_("`%s` is neither a mail address nor a domain"),
	    field, error);
}

int value_parse_domains(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	(void)limits;
	return read_list(text, LOWER_ALL, value_is_host, N_("`%s` is not a domain name"), field, error);
}

/* The index of a word, -1: it is not one of them. */
static int find_word(struct slice item, const char *const *words)
{
	for (int i = 0; words[i] != NULL; i++)
		if (slice_is_nocase(item, words[i]))
			return i;
	return -1;
}

int value_parse_words(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	char list[160], shown[96];
	unsigned bits = 0;
	struct slice item;

	while (next_item(&text, &item)) {
		int word = find_word(item, limits->words);

		if (word < 0) {
			value_join_words(list, sizeof(list), limits->words, "");
			return error_set(error, ERROR_CONFIG, N_("`%s` must be one of %s"), str_printable(shown, sizeof(shown), item), list);
		}
		bits |= 1u << word;
	}
	*(unsigned *)field = bits;
	return 0;
}

static bool is_pattern(struct slice item)
{
	for (size_t i = 0; i < item.len; i++)
		if (item.ptr[i] == '/' || (unsigned char)item.ptr[i] < ' ')
			return false;
	return item.len > 0;
}

/* Also "application/x-dosexec", "video/mp4". */
static bool is_pattern_or_type(struct slice item)
{
	struct slice subtype = item, type = slice_cut(&subtype, '/');

	return is_pattern(item) || (is_pattern(type) && is_pattern(subtype));
}

int value_parse_patterns(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	return read_list(text, LOWER_ALL, limits->min == VALUE_PATTERNS_AND_TYPES ? is_pattern_or_type : is_pattern, N_("`%s` is not a pattern of file names (example: "
	    "*.exe)"), field, error);
}

static bool is_listen(struct slice item)
{
	struct conf_net net;

	return (slice_find(item, ':') >= 0 || slice_find(item, '.') >= 0) &&
	       slice_find(item, '/') < 0 && slice_find(item, '-') < 0 && value_net(item, &net) &&
	       memcmp(&net.first, &net.last, sizeof(net.first)) == 0;
}

int value_parse_listen(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	return read_list(text, LOWER_NOTHING, is_listen,
	    N_("`%s` is not an address of this computer (examples: 192.168.1.1, 0.0.0.0, ::)"), field,
	    error);
}

int value_parse_nets(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	struct conf_nets *place = field, nets = {NULL, 0};
	struct conf_net net;
	struct slice item;

	(void)limits;
	while (next_item(&text, &item)) {
		if (!value_net(item, &net)) {
			free(nets.items);
			return value_wrong(error,
			    N_("`%s` is not a range of addresses (examples: 192.168.0.0/16, "
			       "10.0.0.1-10.0.0.9, 192.168)"),
			    item);
		}
		ARRAY_GROW(nets.items, nets.count);
		nets.items[nets.count++] = net;
	}
	free(place->items);
	*place = nets;
	return 0;
}
