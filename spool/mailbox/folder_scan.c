/*
 * Looks at the files of a folder: what other processes and programs have added, renamed and removed since.
 *
 * new/ and cur/ are read only if their times have changed. A time may stay the same although a file was changed in the same tick of the
 * clock: so a folder that was changed just before it was read is read again.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/mailbox/maildir.h"
#include "spool/mailbox/maildir_name.h"
#include "spool/mailbox/maildir_flags.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TICK_MS 20	/* a clock of a local file system */
#define RACY_MS 2000	/* that of any */
#define BOTH (1 << FOLDER_NEW | 1 << FOLDER_CUR)

const char *const folder_parts[2] = {"new", "cur"};

struct newcomer {
	char *name;
	int64_t time, arrived; /* arrived: microseconds, of the id in our names */
	bool in_new;
};
struct scan {
	struct folder *folder;
	struct newcomer *newcomers;
	size_t count;
	bool has_changed;
};

/* --- whether there is anything to see */

/* A part that does not exist has the time 0. */
static struct timespec time_of(const struct folder *folder, int part)
{
	char *path = layout_mailbox(folder->spool, folder->mailbox, folder_parts[part]);
	struct stat st = {0};

	if (stat(path, &st) != 0)
		st.st_mtim = (struct timespec){0};
	free(path);
	return st.st_mtim;
}

static int64_t age_of(struct timespec changed)
{
	return clock_wall_us() / 1000 - (changed.tv_sec * 1000 + changed.tv_nsec / 1000000);
}

static bool is_same(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

void folder_scan_stamps(const struct folder *folder, struct folder_stamp stamps[2])
{
	for (int part = 0; part < 2; part++) {
		stamps[part].changed = time_of(folder, part);
		stamps[part].age_ms = age_of(stamps[part].changed);
	}
}

/* A bit for each part that must be read again. */
static int parts_to_read(const struct folder *folder, const struct folder_stamp now[2])
{
	int parts = 0;

	for (int part = 0; part < 2; part++) {
		const struct folder_stamp *last = &folder->stamps[part];
		bool is_quiet = is_same(last->changed, now[part].changed) && last->age_ms >= TICK_MS &&
				(last->age_ms >= RACY_MS || now[part].age_ms < RACY_MS);

		if (!is_quiet)
			parts |= 1 << part;
	}
	return parts;
}

/* What others have changed meanwhile is seen by the reading that follows RACY_MS later. */
void folder_scan_stamp(struct folder *folder, const struct folder_stamp before[2])
{
	for (int part = 0; part < 2; part++) {
		struct folder_stamp *last = &folder->stamps[part];

		if (!is_same(last->changed, before[part].changed) || last->age_ms < TICK_MS)
			continue; /* it must be read in any case */
		last->changed = time_of(folder, part);
		/* New messages arrive in new/, which is small, and are not to wait. */
		if (!is_same(last->changed, before[part].changed))
			last->age_ms = part == FOLDER_NEW ? 0 : TICK_MS;
	}
}

void folder_scan_again(struct folder *folder)
{
	pthread_mutex_lock(&folder->lock);
	for (int part = 0; part < 2; part++)
		folder->stamps[part].age_ms = 0;
	pthread_mutex_unlock(&folder->lock);
}

/* --- reading */

static void add_newcomer(struct scan *scan, int dir_fd, const char *name, bool in_new)
{
	struct newcomer newcomer = {.name = xstrdup(name), .time = maildir_unique_time(slice_of(name)), .in_new = in_new};
	struct slice id;
	struct stat st;

	if (newcomer.time == 0 && fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtime > 0)
		newcomer.time = st.st_mtime;
	newcomer.arrived = maildir_unique_id(maildir_unique(name), &id) ? msgid_time_us(id) : newcomer.time * 1000000;
	ARRAY_GROW(scan->newcomers, scan->count);
	scan->newcomers[scan->count++] = newcomer;
}

static void see_again(struct scan *scan, size_t index, const char *name, bool in_new)
{
	struct folder *folder = scan->folder;
	struct folder_entry *entry = &folder->table.items[index];
	uint32_t flags;

	entry->was_found = true;
	if (entry->in_new == in_new && strcmp(entry->name, name) == 0)
		return;
	flags = maildir_flags_of(name);
	folder_table_rename(&folder->table, index, xstrdup(name), in_new);
	if (flags == entry->flags)
		return;
	if (!scan->has_changed)
		folder->modseq++;
	scan->has_changed = true;
	folder_note_flags(folder, entry, flags);
	entry->modseq = folder->modseq;
	folder_index_changed(folder, entry);
}

static int see(void *context, int dir_fd, const char *part, const char *name)
{
	struct scan *scan = context;
	bool in_new = strcmp(part, folder_parts[FOLDER_NEW]) == 0;
	size_t index = folder_table_find(&scan->folder->table, maildir_unique(name));

	if (index == SIZE_MAX)
		add_newcomer(scan, dir_fd, name, in_new);
	else
		see_again(scan, index, name, in_new);
	return 0;
}

/* The messages in these parts that were not found. Those in the others count as found. */
static size_t count_missing(const struct folder *folder, int parts)
{
	size_t missing = 0;

	for (size_t i = 0; i < folder->table.count; i++) {
		const struct folder_entry *entry = &folder->table.items[i];

		missing += folder_entry_is_live(entry) && !entry->was_found && (parts >> (entry->in_new ? FOLDER_NEW : FOLDER_CUR) & 1) != 0;
	}
	return missing;
}

static void newcomers_clear(struct scan *scan)
{
	for (size_t i = 0; i < scan->count; i++)
		free(scan->newcomers[i].name);
	free(scan->newcomers);
	scan->newcomers = NULL;
	scan->count = 0;
}

static int read_parts(struct scan *scan, int parts, struct error *error)
{
	struct folder *folder = scan->folder;

	newcomers_clear(scan);
	for (int part = 0; part < 2; part++)
		if ((parts >> part & 1) != 0 &&
		    maildir_each_file_in(folder->spool, folder->mailbox, folder_parts[part], see, scan, error) != 0)
			return -1;
	return 0;
}

/* A file that another program renames while a folder is read may be missed: it is looked for once more, in both parts. */
static int read_changed(struct scan *scan, int parts, struct error *error)
{
	struct folder_table *table = &scan->folder->table;

	for (size_t i = 0; i < table->count; i++)
		table->items[i].was_found = false;
	if (read_parts(scan, parts, error) != 0)
		return -1;
	if (count_missing(scan->folder, parts) > 0 && read_parts(scan, BOTH, error) != 0)
		return -1;
	for (size_t i = 0; i < table->count && parts != BOTH; i++)
		if ((parts >> (table->items[i].in_new ? FOLDER_NEW : FOLDER_CUR) & 1) == 0)
			table->items[i].was_found = true;
	return 0;
}

/* --- what follows */

static void drop_missing(struct scan *scan)
{
	struct folder *folder = scan->folder;
	bool some = false;

	for (size_t i = 0; i < folder->table.count; i++) {
		struct folder_entry *entry = &folder->table.items[i];

		if (!folder_entry_is_live(entry) || entry->was_found)
			continue;
		if (!some)
			folder->modseq++;
		some = true;
		folder_table_drop(&folder->table, i);
		folder_index_gone(folder, entry->uid);
	}
	if (some)
		folder_table_tidy(&folder->table);
}

static int by_arrival(const void *a, const void *b)
{
	const struct newcomer *x = a, *y = b;

	if (x->arrived != y->arrived)
		return x->arrived < y->arrived ? -1 : 1;
	return strcmp(x->name, y->name);
}

uint32_t folder_scan_add(struct folder *folder, char *name, bool in_new, int64_t time)
{
	struct slice unique = maildir_unique(name), id;
	struct folder_entry entry = {
	    .uid = folder->uid_next,
	    .modseq = folder->modseq,
	    .time = time,
	    .saved = clock_wall(),
	    .name = name,
	    .unique_len = (uint32_t)unique.len,
	    .in_new = in_new,
	    .ours = maildir_unique_id(unique, &id),
	    .was_found = true,
	};

	if (entry.uid == UINT32_MAX)
		return 0;
	folder_note_flags(folder, &entry, maildir_flags_of(name));
	entry.size_known = entry.ours && maildir_name_size(name, &entry.size);
	folder->uid_next++;
	folder_table_add(&folder->table, &entry);
	folder_index_added(folder, &entry);
	return entry.uid;
}

/* A name may have been found twice: in new/ and then in cur/, or under two names in one. The last one is right. */
static void add_newcomers(struct scan *scan)
{
	struct folder *folder = scan->folder;

	if (scan->count > 1)
		qsort(scan->newcomers, scan->count, sizeof(*scan->newcomers), by_arrival);
	if (scan->count > 0)
		folder->modseq++;
	for (size_t i = 0; i < scan->count; i++) {
		struct newcomer *newcomer = &scan->newcomers[i];
		size_t index = folder_table_find(&folder->table, maildir_unique(newcomer->name));

		if (index != SIZE_MAX)
			see_again(scan, index, newcomer->name, newcomer->in_new);
		else if (folder_scan_add(folder, newcomer->name, newcomer->in_new, newcomer->time) != 0)
			newcomer->name = NULL;
	}
}

/* UIDs that could not be made durable are given again, perhaps to others. */
static int finish(struct scan *scan, struct error *error)
{
	struct folder *folder = scan->folder;
	size_t before = folder->table.count;
	uint32_t uid_next = folder->uid_next;

	add_newcomers(scan);
	if (folder_index_write(folder, folder->uid_next != uid_next, error) == 0)
		return 0;
	if (folder->uid_next == uid_next)
		return 0; /* flags are in the names of the files, too */
	folder_table_cut(&folder->table, before);
	folder->uid_next = uid_next;
	return -1;
}

int folder_scan(struct folder *folder, struct error *error)
{
	struct scan scan = {.folder = folder};
	struct folder_stamp now[2];
	int parts, result;

	folder_scan_stamps(folder, now);
	parts = parts_to_read(folder, now);
	if (parts == 0)
		return 0;
	result = read_changed(&scan, parts, error);
	if (result == 0) {
		drop_missing(&scan);
		result = finish(&scan, error);
	}
	newcomers_clear(&scan);
	if (result == 0)
		memcpy(folder->stamps, now, sizeof(now));
	return result;
}
