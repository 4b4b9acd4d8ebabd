#include "spool/mailbox/maildir_name.h"

#include "base/alloc.h"

#include <stdio.h>

#define TIME_MAX (INT64_MAX / 1000000)

/* Maildir's own rule: the host part must not contain '/' and ':'. */
static char *without_marks(char *name)
{
	for (char *at = name; *at != '\0'; at++)
		if (*at == '/' || *at == ':')
			*at = '_';
	return name;
}

char *maildir_name(int64_t time, const struct msgid *id, const char *host, uint64_t size)
{
	return without_marks(xasprintf("%lld.%s.%s,S=%llu", (long long)time, id->text, host, (unsigned long long)size));
}

char *maildir_foreign_name(int64_t time, const struct msgid *id, const char *host)
{
	return without_marks(xasprintf("%lld.L%s.%s", (long long)time, id->text, host));
}

bool maildir_unique_id(struct slice unique, struct slice *id)
{
	uint64_t time;
	struct slice rest = unique, stamp = slice_cut(&rest, '.');

	*id = slice_cut(&rest, '.');
	return rest.len > 0 && slice_number(stamp, 0, UINT64_MAX, &time) && msgid_is(*id);
}

bool maildir_unique_origin(struct slice unique, struct slice *id)
{
	struct slice rest = unique, origin;

	if (!maildir_unique_id(unique, id))
		return false;
	slice_cut(&rest, '.');
	slice_cut(&rest, '.');
	origin = slice_cut(&rest, '.');
	if (rest.ptr != NULL && msgid_is(origin))
		*id = origin;
	return true;
}

bool maildir_unique_ids(struct slice unique, struct slice *id, struct slice *origin)
{
	struct slice rest = unique;

	slice_cut(&rest, '.');
	*id = slice_cut(&rest, '.');
	*origin = slice_cut(&rest, '.');
	if (id->len > 0 && id->ptr[0] == 'L') /* of a foreign file */
		*id = slice_from(*id, 1);
	return rest.ptr != NULL && msgid_is(*id) && msgid_is(*origin);
}

int64_t maildir_unique_time(struct slice unique)
{
	uint64_t time;

	if (!slice_number(slice_cut(&unique, '.'), 0, INT64_MAX, &time))
		return 0;
	return time < TIME_MAX ? (int64_t)time : TIME_MAX;
}

bool maildir_name_size(const char *text, uint64_t *size)
{
	struct slice name = slice_of(text);
	ptrdiff_t comma;

	while ((comma = slice_find(name, ',')) >= 0) {
		struct slice field;
		ptrdiff_t colon;

		name = slice_from(name, (size_t)comma + 1);
		field = name;
		if ((colon = slice_find(field, ':')) >= 0)
			field.len = (size_t)colon;
		field = slice_cut(&field, ',');
		if (slice_begins_nocase(field, "S=") &&
		    slice_number(slice_from(field, 2), 0, UINT64_MAX, size))
			return true;
	}
	return false;
}

/* Whether a name ends in a field of Maildir++ ("S=1234", "W=1250") after this comma. */
static bool is_size_field(struct slice field)
{
	uint64_t size;

	return (slice_begins_nocase(field, "S=") || slice_begins_nocase(field, "W=")) &&
	       slice_number(slice_from(field, 2), 0, UINT64_MAX, &size);
}

struct slice maildir_without_sizes(struct slice name)
{
	ptrdiff_t at;

	while ((at = slice_find_last(name, ',')) >= 0 && is_size_field(slice_from(name, (size_t)at + 1)))
		name.len = (size_t)at;
	return name;
}

/* Commas and colons are part of a name that another program has chosen, and so is a size: two files that differ only in
 * the size are two messages, and the removal of one keeps the other. */
struct slice maildir_unique(const char *name)
{
	struct slice unique = slice_of(name), id;

	for (const char *at = strchr(name, ':'); at != NULL; at = strchr(at + 1, ':'))
		if (strncmp(at, ":2,", 3) == 0 || strncmp(at, ":1,", 3) == 0)
			unique.len = (size_t)(at - name);
	return maildir_unique_id(maildir_without_sizes(unique), &id) ? maildir_without_sizes(unique) : unique;
}

char *maildir_file(const char *name)
{
	return xasprintf("%s/%s", strstr(name, ":2,") != NULL ? "cur" : "new", name);
}
