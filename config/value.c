#include "config/value.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <crypt.h>
#include <limits.h>
#include <stdlib.h>

#define HASH_TAIL_MIN 22 /* md5crypt's; all that are newer have more after the last '$' */

static int wrong(struct error *error, const char *why, struct slice text)
{
	char shown[96];

	return error_set(error, ERROR_CONFIG, why,
	    str_printable(shown, sizeof(shown), text));
}

/* --- text */

static void put_text(void *field, char *text)
{
	char **place = field;

	free(*place);
	*place = text;
}

static int parse_text(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	(void)error;
	put_text(field, slice_dup(text));
	return 0;
}

static int parse_lower(struct slice text, void *field)
{
	char *copy = slice_dup(text);

	str_lower_ascii(copy);
	put_text(field, copy);
	return 0;
}

/* The salt part tells a hash from a plain text; crypt_checksalt() alone would take any text
 * that begins with two letters for the old DES kind, which nobody should use any more. */
static bool is_hash(struct slice text)
{
	char *copy = slice_dup(text);
	const char *tail = strrchr(copy, '$');
	int method = crypt_checksalt(copy);
	bool good = copy[0] == '$' && strlen(tail + 1) >= HASH_TAIL_MIN &&
		    method != CRYPT_SALT_INVALID && method != CRYPT_SALT_METHOD_DISABLED;

	free(copy);
	return good;
}

static int parse_hash(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	if (text.len > 0 && !is_hash(text)) /* not shown: it may be somebody's password */
		return error_set(error, ERROR_CONFIG,
		    _("this is no password hash (plain text is not taken); set it with `lanpost user passwd NAME`"));
	return parse_text(text, limits, field, error);
}

bool value_is_host(struct slice text)
{
	if (text.len == 0 || text.len > 253)
		return false;
	while (text.ptr != NULL) {
		struct slice label = slice_cut(&text, '.');

		if (label.len == 0 || label.len > 63 || label.ptr[0] == '-' ||
		    label.ptr[label.len - 1] == '-')
			return false;
		for (size_t i = 0; i < label.len; i++) {
			char c = ascii_lower(label.ptr[i]);

			if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' &&
			    c != '_')
				return false;
		}
	}
	return true;
}

static int parse_host(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	if (text.len > 0 && !value_is_host(text))
		return wrong(error, _("`%s` is no domain name, such as gw.office.lan"), text);
	return parse_lower(text, field);
}

static bool is_local_part(struct slice text)
{
	if (text.len == 0 || text.len > 64)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == 0x7f ||
		    strchr("@<>()[]\\,;:\"", text.ptr[i]) != NULL)
			return false;
	return true;
}

bool value_is_address(struct slice text)
{
	ptrdiff_t at = slice_find(text, '@');

	return at > 0 && is_local_part(slice_make(text.ptr, (size_t)at)) &&
	       value_is_host(slice_from(text, (size_t)at + 1));
}

static int parse_address(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	if (text.len > 0 && !value_is_address(text))
		return wrong(error, _("`%s` is no mail address, such as ivan@example.ru"), text);
	return parse_text(text, limits, field, error);
}

static bool is_name(struct slice item)
{
	return is_local_part(item) || value_is_address(item);
}

static int parse_name(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	if (text.len > 0 && !is_name(text))
		return wrong(error, _("`%s` is no name that mail can be sent to"), text);
	return parse_lower(text, field);
}

static bool is_user(struct slice text)
{
	char *copy = slice_dup(text);
	bool good;

	str_lower_ascii(copy);
	good = conf_is_mailbox_name(slice_of(copy)) || strcmp(copy, CONF_DAEMON) == 0;
	free(copy);
	return good;
}

static int parse_user(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	if (text.len > 0 && !is_user(text))
		return wrong(error, _("`%s` is no name of a user"), text);
	return parse_lower(text, field);
}

static int parse_path(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	if (text.len > 0 && text.ptr[0] != '/')
		return wrong(error, _("`%s` is no absolute path (it must begin with /)"), text);
	if (text.len > 1 && text.ptr[text.len - 1] == '/')
		text.len--;
	return parse_text(text, limits, field, error);
}

/* host, host:port, [v6] or [v6]:port, perhaps with a final slash. */
static bool is_host_and_port(struct slice text)
{
	struct slice host = text, port = SLICE_NONE;
	struct conf_net net;
	ptrdiff_t end;
	uint64_t number;

	if (text.len > 0 && text.ptr[text.len - 1] == '/')
		text.len--;
	if (text.len > 0 && text.ptr[0] == '[') {
		end = slice_find(text, ']');
		if (end < 0 || !value_net(slice_make(text.ptr + 1, (size_t)end - 1), &net))
			return false;
		port = slice_from(text, (size_t)end + 1);
		if (port.len == 0)
			return true;
		return port.ptr[0] == ':' && slice_number(slice_from(port, 1), 1, 65535, &number);
	}
	end = slice_find(text, ':');
	host = end < 0 ? text : slice_make(text.ptr, (size_t)end);
	if (end >= 0 && !slice_number(slice_from(text, (size_t)end + 1), 1, 65535, &number))
		return false;
	return value_is_host(host);
}

static void join_words(char *out, size_t size, const char *const *words, const char *after)
{
	size_t used = 0;

	out[0] = '\0';
	for (; *words != NULL && used + strlen(*words) + strlen(after) + 3 < size; words++) {
		if (used > 0) {
			memcpy(out + used, ", ", 3);
			used += 2;
		}
		memcpy(out + used, *words, strlen(*words) + 1);
		used += strlen(*words);
		memcpy(out + used, after, strlen(after) + 1);
		used += strlen(after);
	}
}

static int parse_url(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	char list[160], shown[96];

	if (text.len == 0)
		return parse_text(text, limits, field, error);
	for (const char *const *scheme = limits->words; *scheme != NULL; scheme++) {
		size_t len = strlen(*scheme);
		struct slice rest = slice_from(text, len);

		if (!slice_begins_nocase(text, *scheme) || !slice_begins_nocase(rest, "://"))
			continue;
		if (is_host_and_port(slice_from(rest, 3)))
			return parse_text(text, limits, field, error);
		return wrong(error,
		    _("`%s` must be scheme://host or scheme://host:port; name and password have keys of their own"),
		    text);
	}
	join_words(list, sizeof(list), limits->words, "://");
	return error_set(error, ERROR_CONFIG, _("`%s` must begin with one of %s"),
	    str_printable(shown, sizeof(shown), text), list);
}

/* As curl takes it: "sha256//" and base64 of 32 bytes; the prefix may be left out. */
static int parse_pin(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	struct slice digest = slice_begins_nocase(text, "sha256//") ? slice_from(text, 8) : text;

	(void)limits;
	if (text.len == 0)
		return parse_text(text, limits, field, error);
	if (digest.len != 44 || digest.ptr[43] != '=')
		return error_set(error, ERROR_CONFIG,
		    _("this is no SHA-256 digest of a public key in base64 (44 characters)"));
	for (size_t i = 0; i < 43; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
			digest.ptr[i]) == NULL)
			return error_set(error, ERROR_CONFIG,
			    _("this is no SHA-256 digest of a public key in base64 (44 characters)"));
	put_text(field, slice_dup(digest));
	return 0;
}

/* --- numbers */

static int parse_flag(struct slice text, const struct value_limits *limits, void *field,
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
	return wrong(error, _("`%s` must be yes or no"), text);
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

static int parse_integer(struct slice text, const struct value_limits *limits, void *field,
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

static int parse_size(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	static const char units[] = "kmgt";
	struct slice rest = text;
	int64_t number, unit = 1;
	const char *found;

	if (!take_number(&rest, &number))
		return wrong(error, _("`%s` is no size, such as 100K, 50M or 2G"), text);
	if (rest.len > 0 && (found = strchr(units, ascii_lower(rest.ptr[0]))) != NULL) {
		unit = (int64_t)1 << 10 * (found - units + 1);
		rest = slice_from(rest, 1);
	}
	if (rest.len > 0 && !slice_is_nocase(rest, "b"))
		return wrong(error, _("`%s` is no size, such as 100K, 50M or 2G"), text);
	if (number > limits->max / unit || number * unit < limits->min)
		return out_of_bounds(limits, _("bytes"), error);
	*(int64_t *)field = number * unit;
	return 0;
}

/* "90", "15m", "1h30m", "5d". */
static int read_duration(struct slice text, const struct value_limits *limits, int64_t *seconds,
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
			return wrong(error, _("`%s` is no length of time, such as 90s, 15m, 4h or 5d"),
			    text);
		bare = rest.len == 0;
		while (!bare && unit < ARRAY_LEN(units) &&
		       units[unit].letter != ascii_lower(rest.ptr[0]))
			unit++;
		if (unit == ARRAY_LEN(units))
			return wrong(error, _("`%s` is no length of time, such as 90s, 15m, 4h or 5d"),
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

static int parse_duration(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	return read_duration(text, limits, field, error);
}

static int parse_interval(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	if (text.len > 0)
		return read_duration(text, limits, field, error);
	*(int64_t *)field = -1;
	return 0;
}

static int parse_keep(struct slice text, const struct value_limits *limits, void *field,
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
		return wrong(error, _("`%s` must be no, yes or a number of days such as 14d"), text);
	*(int64_t *)field = days;
	return 0;
}

static int parse_word(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	char list[160], shown[96];

	for (unsigned i = 0; limits->words[i] != NULL; i++) {
		if (slice_is_nocase(text, limits->words[i])) {
			*(unsigned *)field = i;
			return 0;
		}
	}
	join_words(list, sizeof(list), limits->words, "");
	return error_set(error, ERROR_CONFIG, _("`%s` must be one of %s"),
	    str_printable(shown, sizeof(shown), text), list);
}

/* --- times */

/* "8:30" in seconds since midnight; 24:00 only where last_too. */
static bool read_time(struct slice text, bool last_too, int64_t *seconds)
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

static int parse_hours(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	struct slice to = text, from = slice_cut(&to, '-');
	int64_t hours[2] = {0, 0};

	(void)limits;
	if (text.len > 0 && (!read_time(from, false, &hours[0]) || !read_time(to, true, &hours[1])))
		return wrong(error, _("`%s` is no span of hours, such as 08:00-19:00"), text);
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

static int parse_days(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	struct slice rest = text;
	unsigned days = text.len == 0 ? 0x7f : 0;

	(void)limits;
	while (rest.len > 0) {
		struct slice last = slice_cut(&rest, ','), first = slice_cut(&last, '-');
		int from = find_day(first), to = last.ptr == NULL ? from : find_day(last);

		if (from < 0 || to < 0)
			return wrong(error,
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

/* --- lists: items between commas */

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

static int parse_times(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	struct conf_numbers numbers = {NULL, 0};
	struct slice item;
	int64_t time;
	int result = 0;

	(void)limits;
	while (result == 0 && next_item(&text, &item)) {
		if (read_time(item, false, &time))
			put_number(&numbers, time);
		else
			result = wrong(error, _("`%s` is no time of day, such as 08:30"), item);
	}
	return put_numbers(field, &numbers, result);
}

static int parse_durations(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	struct conf_numbers numbers = {NULL, 0};
	struct slice item;
	int64_t seconds;
	int result = 0;

	while (result == 0 && next_item(&text, &item)) {
		result = read_duration(item, limits, &seconds, error);
		if (result == 0)
			put_number(&numbers, seconds);
	}
	if (result == 0 && numbers.count == 0)
		result = error_set(error, ERROR_CONFIG, _("needs at least one length of time"));
	return put_numbers(field, &numbers, result);
}

/* Reads a list whose items all pass the test; why has one %s for the item that does not. */
static int read_list(struct slice text, bool lower, bool (*is_good)(struct slice item),
    const char *why, void *field, struct error *error)
{
	struct strlist list = {NULL, 0};
	struct slice item;

	while (next_item(&text, &item)) {
		if (!is_good(item)) {
			strlist_clear(&list);
			return wrong(error, why, item);
		}
		strlist_add(&list, "");
		free(list.items[list.count - 1]);
		list.items[list.count - 1] = slice_dup(item);
		if (lower)
			str_lower_ascii(list.items[list.count - 1]);
	}
	strlist_clear(field);
	*(struct strlist *)field = list;
	return 0;
}

static int parse_users(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	return read_list(text, true, is_user, _("`%s` is no name of a user"), field, error);
}

static int parse_names(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	return read_list(text, true, is_name, _("`%s` is no name that mail can be sent to"), field,
	    error);
}

static int parse_addresses(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	return read_list(text, false, value_is_address,
	    _("`%s` is no mail address, such as ivan@example.ru"), field, error);
}

static bool is_sender(struct slice item)
{
	if (item.len > 0 && item.ptr[0] == '@')
		return value_is_host(slice_from(item, 1));
	return value_is_address(item) || value_is_host(item);
}

static int parse_senders(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	return read_list(text, true, is_sender, _("`%s` is neither a mail address nor a domain"),
	    field, error);
}

static bool is_listen(struct slice item)
{
	struct conf_net net;

	return (slice_find(item, ':') >= 0 || slice_find(item, '.') >= 0) &&
	       slice_find(item, '/') < 0 && slice_find(item, '-') < 0 && value_net(item, &net) &&
	       memcmp(&net.first, &net.last, sizeof(net.first)) == 0;
}

static int parse_listen(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	return read_list(text, false, is_listen,
	    _("`%s` is no address of this machine, such as 192.168.1.1, 0.0.0.0 or ::"), field,
	    error);
}

static int parse_nets(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	struct conf_nets *place = field, nets = {NULL, 0};
	struct conf_net net;
	struct slice item;

	(void)limits;
	while (next_item(&text, &item)) {
		if (!value_net(item, &net)) {
			free(nets.items);
			return wrong(error,
			    _("`%s` is no range of addresses, such as 192.168.0.0/16, 10.0.0.1-10.0.0.9 or 192.168"),
			    item);
		}
		ARRAY_GROW(nets.items, nets.count);
		nets.items[nets.count++] = net;
	}
	free(place->items);
	*place = nets;
	return 0;
}

/* --- freeing */

static void clear_text(void *field)
{
	put_text(field, NULL);
}

static void clear_secret(void *field)
{
	conf_secret_free(*(char **)field);
	*(char **)field = NULL;
}

static void clear_numbers(void *field)
{
	struct conf_numbers *numbers = field;

	free(numbers->items);
	*numbers = (struct conf_numbers){NULL, 0};
}

static void clear_list(void *field)
{
	strlist_clear(field);
}

static void clear_nets(void *field)
{
	struct conf_nets *nets = field;

	free(nets->items);
	*nets = (struct conf_nets){NULL, 0};
}

/* --- the types */

static const struct {
	int (*parse)(struct slice text, const struct value_limits *limits, void *field,
	    struct error *error);
	void (*clear)(void *field); /* NULL: holds no memory */
	const char *syntax;
} types[] = {
    [VALUE_TEXT] = {parse_text, clear_text, N_("text")},
    [VALUE_COMMAND] = {parse_text, clear_text, N_("a command for /bin/sh")},
    [VALUE_CONDITION] = {parse_text, clear_text, N_("a condition")},
    [VALUE_SECRET] = {parse_text, clear_secret, N_("a password")},
    [VALUE_HASH] = {parse_hash, clear_secret, N_("a hash of crypt(3)")},
    [VALUE_HOST] = {parse_host, clear_text, N_("a domain name")},
    [VALUE_USER] = {parse_user, clear_text, N_("a user")},
    [VALUE_NAME] = {parse_name, clear_text, N_("a local name or a mail address")},
    [VALUE_ADDRESS] = {parse_address, clear_text, N_("a mail address")},
    [VALUE_PATH] = {parse_path, clear_text, N_("an absolute path")},
    [VALUE_URL] = {parse_url, clear_text, N_("scheme://host:port")},
    [VALUE_PIN] = {parse_pin, clear_text, N_("a SHA-256 digest in base64")},
    [VALUE_FLAG] = {parse_flag, NULL, N_("yes or no")},
    [VALUE_INTEGER] = {parse_integer, NULL, N_("a whole number")},
    [VALUE_SIZE] = {parse_size, NULL, N_("a size: bytes, or with K, M, G")},
    [VALUE_DURATION] = {parse_duration, NULL, N_("a length of time: seconds, or with s, m, h, d, w")},
    [VALUE_INTERVAL] = {parse_interval, NULL, N_("a length of time, or empty")},
    [VALUE_KEEP] = {parse_keep, NULL, N_("no, yes or a number of days such as 14d")},
    [VALUE_WORD] = {parse_word, NULL, N_("one of")},
    [VALUE_DAYS] = {parse_days, NULL, N_("days of the week: mon-fri, sat")},
    [VALUE_HOURS] = {parse_hours, NULL, N_("hours: 08:00-19:00")},
    [VALUE_TIMES] = {parse_times, clear_numbers, N_("times of day: 08:30, 13:00")},
    [VALUE_DURATIONS] = {parse_durations, clear_numbers, N_("lengths of time: 5m, 1h")},
    [VALUE_USERS] = {parse_users, clear_list, N_("users")},
    [VALUE_NAMES] = {parse_names, clear_list, N_("local names or mail addresses")},
    [VALUE_ADDRESSES] = {parse_addresses, clear_list, N_("mail addresses")},
    [VALUE_SENDERS] = {parse_senders, clear_list, N_("mail addresses or domains")},
    [VALUE_LISTEN] = {parse_listen, clear_list, N_("addresses of this machine")},
    [VALUE_NETS] = {parse_nets, clear_nets, N_("ranges of addresses: 10.0.0.0/8, 10.0.0.1-10.0.0.9, 192.168, fe80::/10")},
};

int value_parse(enum value_type type, struct slice text, const struct value_limits *limits,
    void *field, struct error *error)
{
	return types[type].parse(text, limits, field, error);
}

void value_clear(enum value_type type, void *field)
{
	if (types[type].clear != NULL)
		types[type].clear(field);
}

const char *value_syntax(enum value_type type)
{
	return types[type].syntax;
}

bool value_is_secret(enum value_type type)
{
	return type == VALUE_SECRET || type == VALUE_HASH;
}
