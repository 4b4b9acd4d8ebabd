/* Folders and how long messages stay in each: "Trash 30d, Sent Items 365d". */
#include "config/value_priv.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "message/imap/folder_name.h"

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
