#include "config/value_priv.h"

#include "base/i18n.h"

#include <stdlib.h>

/* --- for all kinds */

int value_wrong(struct error *error, const char *why, struct slice text)
{
	char shown[96];

	return error_set(error, ERROR_CONFIG, why,
	    str_printable(shown, sizeof(shown), text));
}

void value_join_words(char *out, size_t size, const char *const *words, const char *after)
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

/* --- freeing */

static void clear_text(void *field)
{
	value_put_text(field, NULL);
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

static void clear_folder_ages(void *field)
{
	struct conf_folder_ages *ages = field;

	for (size_t i = 0; i < ages->count; i++)
		free(ages->items[i].folder);
	free(ages->items);
	*ages = (struct conf_folder_ages){NULL, 0};
}

static void clear_sizes(void *field)
{
	struct conf_sizes *sizes = field;

	free(sizes->items);
	*sizes = (struct conf_sizes){0, NULL, 0};
}

/* --- the types */

static const struct {
	value_parser *parse;
	void (*clear)(void *field); /* NULL: holds no memory */
	const char *syntax;
} types[] = {
    [VALUE_TEXT] = {value_parse_text, clear_text, N_("text")},
    [VALUE_COMMAND] = {value_parse_text, clear_text, N_("a command for /bin/sh")},
    [VALUE_CONDITION] = {value_parse_text, clear_text, N_("a condition")},
    [VALUE_SECRET] = {value_parse_text, clear_secret, N_("a password")},
    [VALUE_HASH] = {value_parse_hash, clear_secret, N_("a crypt(3) hash")},
    [VALUE_SCRAM] = {value_parse_scram, clear_secret, N_("SCRAM-SHA-256 keys")},
    [VALUE_HOST] = {value_parse_host, clear_text, N_("a domain name")},
    [VALUE_USER] = {value_parse_user, clear_text, N_("a user")},
    [VALUE_NAME] = {value_parse_name, clear_text, N_("a local name or a mail address")},
    [VALUE_ADDRESS] = {value_parse_address, clear_text, N_("a mail address")},
    [VALUE_PATH] = {value_parse_path, clear_text, N_("an absolute path")},
    [VALUE_URL] = {value_parse_url, clear_text, N_("scheme://host:port")},
    [VALUE_SCANNER] = {value_parse_scanner, clear_text, N_("scheme://host:port, or clamd:///path of a socket")},
    [VALUE_PIN] = {value_parse_pin, clear_text, N_("a SHA-256 digest in base64")},
    [VALUE_FLAG] = {value_parse_flag, NULL, N_("yes or no")},
    [VALUE_INTEGER] = {value_parse_integer, NULL, N_("a whole number")},
    [VALUE_SIZE] = {value_parse_size, NULL, N_("a size: bytes, or with K, M, G")},
    [VALUE_SCORE] = {value_parse_score, NULL, N_("points such as 5 or 7.5")},
    [VALUE_SECONDS] = {value_parse_seconds, NULL, N_("a duration in seconds, or with s, m, h, d, w")},
    [VALUE_DURATION] = {value_parse_duration, NULL, N_("a duration with s, m, h, d or w")},
    [VALUE_MINUTES] = {value_parse_minutes, NULL, N_("a duration in minutes, or with s, m, h, d, w")},
    [VALUE_INTERVAL] = {value_parse_interval, NULL, N_("a duration with s, m, h, d or w; or empty")},
    [VALUE_KEEP] = {value_parse_keep, NULL, N_("no, yes or a number of days such as 14d")},
    [VALUE_WORD] = {value_parse_word, NULL, N_("one of")},
    [VALUE_WORDS] = {value_parse_words, NULL, N_("some of")},
    [VALUE_DAYS] = {value_parse_days, NULL, N_("days of the week: mon-fri, sat")},
    [VALUE_PIXELS] = {value_parse_pixels, NULL, N_("width and height in pixels: 1600x1600")},
    [VALUE_HOURS] = {value_parse_hours, NULL, N_("hours: 08:00-19:00")},
    [VALUE_QUEUED] = {value_parse_queued, NULL, N_("a number of messages, a duration, or both: 5, "
        "30m")},
    [VALUE_TIMES] = {value_parse_times, clear_numbers, N_("times of day: 08:30, 13:00")},
    [VALUE_DATES] = {value_parse_dates, clear_numbers, N_("dates: 2026-12-31, 12-31")},
    [VALUE_DURATIONS] = {value_parse_durations, clear_numbers, N_("durations: 5m, 1h; 5m..4h "
        "doubles")},
    [VALUE_USERS] = {value_parse_users, clear_list, N_("users")},
    [VALUE_MEMBERS] = {value_parse_members, clear_list, N_("users, perhaps with a right: ivan, maria:read")},
    [VALUE_MAILBOXES] = {value_parse_mailboxes, clear_list, N_("users, or users and folders: ivan, ivan/Invoices")},
    [VALUE_NAMES] = {value_parse_names, clear_list, N_("local names or mail addresses")},
    [VALUE_ADDRESSES] = {value_parse_addresses, clear_list, N_("mail addresses")},
    [VALUE_SENDERS] = {value_parse_senders, clear_list, N_("mail addresses or domains")},
    [VALUE_DOMAINS] = {value_parse_domains, clear_list, N_("domains")},
    [VALUE_PATTERNS] = {value_parse_patterns, clear_list, N_("patterns of file names: *.exe, *.scr")},
    [VALUE_LISTEN] = {value_parse_listen, clear_list, N_("addresses of this computer")},
    [VALUE_NETS] = {value_parse_nets, clear_nets, N_("ranges of addresses: 10.0.0.0/8, 10.0.0.1-10.0.0.9, 192.168, fe80::/10")},
    [VALUE_FOLDER_AGES] = {value_parse_folder_ages, clear_folder_ages, N_("folders with a duration each: Trash 30d, Junk 14d")},
    [VALUE_SIZES] = {value_parse_sizes, clear_sizes, N_("a size, and others for some hours: 200K, unlimited 20:00-07:00")},
    [VALUE_PRICE] = {value_parse_price, NULL, N_("a price: 0.35")},
    [VALUE_FOLDERS] = {value_parse_folders, clear_list, N_("folders of the provider: INBOX, Spam, \"Clients/*\"")},
    [VALUE_FOLDER_TARGETS] = {value_parse_folder_targets, clear_list, N_("folders and where their mail goes: Spam -> */Junk, Orders -> ivan/Orders")},
    [VALUE_FOLDER_KEEPS] = {value_parse_folder_keeps, clear_folder_ages, N_("folders with no, yes or a number of days each: Spam no, \"Clients/*\" 30d")},
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
	return type == VALUE_SECRET || type == VALUE_HASH || type == VALUE_SCRAM;
}
