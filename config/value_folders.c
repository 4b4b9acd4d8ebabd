/* Folders and how long messages stay in each: "Trash 30d, Sent Items 365d"; folders of an IMAP account and what differs in them. */
#include "config/value_priv.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "message/imap/folder_name.h"

#include <stdlib.h>
#include <string.h>

/* The duration is the last word; a name may have blanks. */
static int read_item(struct slice item, const struct value_limits *limits, struct conf_folder_age *age, struct error *error)
{
	ptrdiff_t blank = slice_find_last(item, ' ');
	struct slice name = blank < 0 ? SLICE_NONE : slice_trim(slice_make(item.ptr, (size_t)blank));

	if (slice_is_nocase(name, "INBOX") || slice_is_nocase(item, "INBOX"))
		return error_set(error, ERROR_CONFIG, N_("the Inbox is not a folder here: use expire for it"));
	if (name.len == 0 || !folder_name_is_valid(name))
		return value_wrong(error, N_("`%s` is not a folder and a duration (example: Trash 30d)"), item);
	if (value_read_duration(slice_trim(slice_from(item, (size_t)blank)), limits, &age->seconds, error) != 0)
		return -1;
	age->folder = slice_dup(name);
	return 0;
}

static int check_new(const struct conf_folder_ages *ages, const char *folder, struct error *error)
{
	for (size_t i = 0; i + 1 < ages->count; i++)
		if (strcmp(ages->items[i].folder, folder) == 0)
			return value_wrong(error, N_("the folder `%s` is named twice"), slice_of(folder));
	return 0;
}

int value_parse_folder_ages(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	struct conf_folder_ages *place = field, ages = {NULL, 0};
	int result = 0;

	while (result == 0 && text.len > 0) {
		struct conf_folder_age age = {NULL, 0};

		result = read_item(slice_trim(slice_cut(&text, ',')), limits, &age, error);
		if (result != 0)
			break;
		ARRAY_GROW(ages.items, ages.count);
		ages.items[ages.count++] = age;
		result = check_new(&ages, age.folder, error);
	}
	if (result != 0) {
		value_clear(VALUE_FOLDER_AGES, &ages);
		return -1;
	}
	value_clear(VALUE_FOLDER_AGES, place);
	*place = ages;
	return 0;
}

/* --- folders of an IMAP account */

#define FOLDER_PATTERN_MAX 500 /* bytes */

/* The next item; a comma within quotes does not end it. Returns false at the end. */
static bool next_item(struct slice *rest, struct slice *item)
{
	bool is_quoted = false;
	size_t len = 0;

	if (rest->len == 0)
		return false;
	for (; len < rest->len && (is_quoted || rest->ptr[len] != ','); len++)
		is_quoted = is_quoted != (rest->ptr[len] == '"');
	*item = slice_trim(slice_make(rest->ptr, len));
	*rest = len < rest->len ? slice_from(*rest, len + 1) : SLICE_NONE;
	return true;
}

/* "INBOX" in any case is one name. New memory; NULL for what is no name of a folder. */
static char *read_pattern(struct slice text)
{
	char *pattern;

	if (text.len > 1 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
		text = slice_make(text.ptr + 1, text.len - 2);
	if (text.len == 0 || text.len > FOLDER_PATTERN_MAX || slice_find(text, '"') >= 0 || text.ptr[0] == '/' || text.ptr[text.len - 1] == '/')
		return NULL;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return NULL;
	pattern = slice_dup(text);
	if (slice_begins_nocase(text, "INBOX") && (text.len == 5 || text.ptr[5] == '/'))
		memcpy(pattern, "INBOX", 5);
	return pattern;
}

static int put_list(struct strlist *place, struct strlist *list, int result)
{
	strlist_clear(result == 0 ? place : list);
	if (result == 0)
		*place = *list;
	return result;
}

int value_parse_folders(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	struct strlist list = {NULL, 0};
	struct slice item;
	int result = 0;

	(void)limits;
	while (result == 0 && next_item(&text, &item)) {
		char *pattern = read_pattern(item);

		if (pattern == NULL)
			result = value_wrong(error, N_("`%s` is not a folder (examples: INBOX, \"Clients/*\")"), item);
		else if (!strlist_has(&list, pattern))
			strlist_add(&list, pattern);
		free(pattern);
	}
	if (result == 0 && list.count == 0)
		result = error_set(error, ERROR_CONFIG, N_("needs at least one folder"));
	return put_list(field, &list, result);
}

/* "ivan", "ivan/Orders"; "*" instead of the user means those whom sorting finds. */
static bool is_target(struct slice target)
{
	if (target.len > 2 && target.ptr[0] == '*' && target.ptr[1] == '/')
		return folder_name_is_valid(slice_from(target, 2)) && !slice_is_nocase(slice_from(target, 2), "INBOX");
	return value_is_mailbox(target);
}

static int read_target(struct slice item, struct strlist *list, struct error *error)
{
	ptrdiff_t arrow = slice_search(item, SLICE_LITERAL("->"));
	struct slice target = arrow < 0 ? SLICE_NONE : slice_trim(slice_from(item, (size_t)arrow + 2));
	char *pattern = arrow < 0 ? NULL : read_pattern(slice_trim(slice_make(item.ptr, (size_t)arrow)));
	char *entry;

	if (pattern == NULL || !is_target(target)) {
		free(pattern);
		return value_wrong(error, N_("`%s` is not a folder and where its mail goes (examples: Orders -> ivan/Orders, Spam -> */Junk)"), item);
	}
	entry = xasprintf("%s -> %.*s", pattern, SLICE_PRINT(target));
	strlist_add(list, entry);
	free(entry);
	free(pattern);
	return 0;
}

int value_parse_folder_targets(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	struct strlist list = {NULL, 0};
	struct slice item;
	int result = 0;

	(void)limits;
	while (result == 0 && next_item(&text, &item))
		result = read_target(item, &list, error);
	return put_list(field, &list, result);
}

static int read_keep(struct slice item, const struct value_limits *limits, struct conf_folder_age *keep, struct error *error)
{
	ptrdiff_t blank = slice_find_last(item, ' ');
	int64_t days;

	keep->folder = blank < 0 ? NULL : read_pattern(slice_trim(slice_make(item.ptr, (size_t)blank)));
	if (keep->folder == NULL)
		return value_wrong(error, N_("`%s` is not a folder and how long its messages stay (example: Spam 14d)"), item);
	if (value_parse_keep(slice_trim(slice_from(item, (size_t)blank)), limits, &days, error) != 0) {
		free(keep->folder);
		return -1;
	}
	keep->seconds = days < 0 ? -1 : days * 24 * 3600;
	return 0;
}

int value_parse_folder_keeps(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	struct conf_folder_ages *place = field, keeps = {NULL, 0};
	struct slice item;
	int result = 0;

	while (result == 0 && next_item(&text, &item)) {
		struct conf_folder_age keep = {NULL, 0};

		result = read_keep(item, limits, &keep, error);
		if (result != 0)
			break;
		ARRAY_GROW(keeps.items, keeps.count);
		keeps.items[keeps.count++] = keep;
	}
	value_clear(VALUE_FOLDER_KEEPS, result == 0 ? place : &keeps);
	if (result == 0)
		*place = keeps;
	return result;
}
