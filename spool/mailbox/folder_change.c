/*
 * Changes of the messages in one folder: flags, and removal. The log first, then the files, then the index (spool/QUEUE.md, "Folders").
 */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/mailbox/maildir_flags.h"
#include "spool/storage/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define FIND_TRIES 3

/* --- the messages of one change */

void folder_marks_add(struct folder_marks *marks, size_t index, uint32_t flags)
{
	ARRAY_GROW(marks->items, marks->count);
	marks->items[marks->count++] = (struct folder_mark){.index = index, .flags = flags};
}

void folder_marks_clear(struct folder_marks *marks)
{
	for (size_t i = 0; i < marks->count; i++) {
		free(marks->items[i].unique);
		free(marks->items[i].name);
	}
	free(marks->items);
	*marks = (struct folder_marks){0};
}

int folder_on_file(struct folder *folder, size_t index, folder_file_fn fn, void *context, struct error *error)
{
	for (int tries = 0; tries < FIND_TRIES; tries++) {
		const struct folder_entry *entry = &folder->table.items[index];
		char *file = xasprintf("%s/%s", folder_parts[entry->in_new ? FOLDER_NEW : FOLDER_CUR], entry->name);
		int result = fn(context, folder, entry, file, error);

		free(file);
		if (result == 0)
			return 1;
		if (error->saved_errno != ENOENT)
			return -1;
		if (!folder_find_file(folder, index))
			return 0;
	}
	return 0;
}

/* --- flags */

struct storing {
	struct folder *folder;
	struct folder_seen *seen; /* of the person, in a shared mailbox */
	struct folder_marks marks;
	struct seen_mark *seen_marks;
	size_t seen_count;
	size_t at; /* the next one to apply */
};

/* The folder is open meanwhile: a path that is looked up twice for each of 10,000 messages takes a fifth of the time. */
struct giving {
	int fd;
	char *path;
	const char *letters;
};

static int give_flags(void *context, struct folder *folder, const struct folder_entry *entry, const char *file, struct error *error)
{
	const struct giving *giving = context;
	char *name = maildir_flags_name(entry->name, giving->letters), *target = xasprintf("%s/%s", folder_parts[FOLDER_CUR], name);
	int result = strcmp(file, target) == 0 ? 0 : fsx_rename_in(giving->fd, giving->path, file, target, error);

	(void)folder;
	free(target);
	free(name);
	return result;
}

static int apply_flags(void *context, const struct fact *facts, size_t count, struct error *error)
{
	struct storing *storing = context;
	struct folder *folder = storing->folder;
	struct giving giving = {.path = layout_mailbox(folder->spool, folder->mailbox, "")};
	int result = 0;

	giving.fd = open(giving.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (giving.fd < 0) {
		storing->at += count;
		result = errno == ENOENT ? 0 : error_errno(error, N_("cannot open %s"), giving.path); /* with the folder its messages are gone */
	}
	for (size_t i = 0; i < count && giving.fd >= 0; i++) {
		size_t index = storing->marks.items[storing->at++].index;
		struct folder_entry *entry;
		int done;

		giving.letters = facts[i].to;
		done = folder_on_file(folder, index, give_flags, &giving, error);
		entry = &folder->table.items[index];
		if (done < 0)
			result = -1;
		if (done > 0)
			folder_table_rename(&folder->table, index, maildir_flags_name(entry->name, facts[i].to), false);
	}
	if (giving.fd >= 0)
		close(giving.fd);
	free(giving.path);
	return result;
}

static uint32_t changed(uint32_t flags, enum folder_change change, uint32_t by)
{
	switch (change) {
	case FOLDER_SET:
		return by;
	case FOLDER_ADD:
		return flags | by;
	case FOLDER_TAKE:
		break;
	}
	return flags & ~by;
}

/* \Seen of a person does not change the file. */
static void mark_change(struct storing *storing, size_t index, uint32_t before, uint32_t now)
{
	const struct folder_entry *entry = &storing->folder->table.items[index];

	if (storing->seen != NULL && ((before ^ now) & FOLDER_SEEN) != 0) {
		ARRAY_GROW(storing->seen_marks, storing->seen_count);
		storing->seen_marks[storing->seen_count++] = (struct seen_mark){.uid = entry->uid, .is_seen = (now & FOLDER_SEEN) != 0};
	}
	if (storing->seen != NULL)
		now = (now & ~(uint32_t)FOLDER_SEEN) | (entry->flags & FOLDER_SEEN);
	if (now != entry->flags)
		folder_marks_add(&storing->marks, index, now);
}

static void mark_changes(struct storing *storing, const uint32_t *uids, size_t count, enum folder_change change, uint32_t flags,
    uint64_t unchanged_since, uint32_t **left, size_t *left_count)
{
	const struct folder_table *table = &storing->folder->table;

	for (size_t i = 0; i < count; i++) {
		size_t index = folder_table_by_uid(table, uids[i]);
		uint32_t before;
		uint64_t modseq;

		if (index == SIZE_MAX)
			continue;
		before = folder_seen_flags(storing->seen, &table->items[index], &modseq);
		if (modseq > unchanged_since) {
			ARRAY_GROW(*left, *left_count);
			(*left)[(*left_count)++] = uids[i];
			continue;
		}
		mark_change(storing, index, before, changed(before, change, flags));
	}
}

static int commit_flags(struct storing *storing, struct error *error)
{
	struct folder *folder = storing->folder;
	struct folder_marks *marks = &storing->marks;
	struct fact *facts = xcalloc(marks->count, sizeof(*facts));
	char(*letters)[MAILDIR_LETTERS_MAX] = xcalloc(marks->count, sizeof(*letters));
	int result;

	for (size_t i = 0; i < marks->count; i++) {
		marks->items[i].unique = slice_dup(folder_entry_unique(&folder->table.items[marks->items[i].index]));
		facts[i] = (struct fact){.kind = FACT_FLAGS,
		    .name = folder->mailbox,
		    .text = marks->items[i].unique,
		    .to = maildir_flags_letters(marks->items[i].flags, letters[i])};
	}
	/* Nothing of Outbox is in the log. */
	result = folder_is_outbox(folder) ? apply_flags(storing, facts, marks->count, error)
					  : intake_change(folder->spool->intake, facts, marks->count, apply_flags, storing, error);
	free(letters);
	free(facts);
	return result;
}

static int store(struct storing *storing, struct error *error)
{
	struct folder *folder = storing->folder;
	struct folder_stamp before[2];
	struct error ignored;

	folder_scan_stamps(folder, before);
	if (commit_flags(storing, error) != 0)
		return -1;
	folder->modseq++;
	for (size_t i = 0; i < storing->marks.count; i++) {
		struct folder_entry *entry = &folder->table.items[storing->marks.items[i].index];

		folder_note_flags(folder, entry, storing->marks.items[i].flags);
		entry->modseq = folder->modseq;
		folder_index_changed(folder, entry);
	}
	folder_index_write(folder, false, &ignored); /* the names of the files have the flags */
	folder_scan_stamp(folder, before);
	return 0;
}

int folder_store(struct folder *folder, const uint32_t *uids, size_t count, enum folder_change change, uint32_t flags,
    uint64_t unchanged_since, uint32_t **left, size_t *left_count, struct error *error)
{
	struct storing storing = {.folder = folder_common(folder), .seen = folder->seen};
	int result = 0;

	*left = NULL;
	*left_count = 0;
	folder = storing.folder;
	pthread_mutex_lock(&folder->lock);
	mark_changes(&storing, uids, count, change, flags, unchanged_since, left, left_count);
	if (storing.marks.count > 0)
		result = store(&storing, error);
	if (result == 0 && storing.seen_count > 0)
		result = folder_seen_mark(folder, storing.seen, storing.seen_marks, storing.seen_count, error);
	pthread_mutex_unlock(&folder->lock);
	free(storing.seen_marks);
	folder_marks_clear(&storing.marks);
	return result;
}

/* --- removal */

static int unlink_file(void *context, struct folder *folder, const struct folder_entry *entry, const char *file, struct error *error)
{
	char *path = layout_mailbox(folder->spool, folder->mailbox, file);
	bool is_there = access(path, F_OK) == 0;
	int result = 0;

	(void)context;
	(void)entry;
	if (!is_there) {
		error_set(error, ERROR_TEMPORARY, N_("the message is gone"));
		error->saved_errno = ENOENT;
		result = -1;
	} else {
		result = fsx_unlink(path, error);
	}
	free(path);
	return result;
}

static int apply_removal(void *context, const struct fact *facts, size_t count, struct error *error)
{
	struct storing *storing = context;
	int result = 0;

	(void)facts;
	for (size_t i = 0; i < count; i++)
		if (folder_on_file(storing->folder, storing->marks.items[storing->at++].index, unlink_file, NULL, error) < 0)
			result = -1;
	return result;
}

static int commit_removal(struct storing *storing, struct error *error)
{
	struct folder *folder = storing->folder;
	struct folder_marks *marks = &storing->marks;
	struct fact *facts = xcalloc(marks->count, sizeof(*facts));
	int result;

	for (size_t i = 0; i < marks->count; i++) {
		marks->items[i].unique = slice_dup(folder_entry_unique(&folder->table.items[marks->items[i].index]));
		facts[i] = (struct fact){.kind = FACT_REMOVE, .name = folder->mailbox, .text = marks->items[i].unique};
	}
	result = intake_change(folder->spool->intake, facts, marks->count, apply_removal, storing, error);
	free(facts);
	return result;
}

void folder_drop_marks(struct folder *folder, const struct folder_marks *marks)
{
	folder->modseq++;
	for (size_t i = 0; i < marks->count; i++) {
		size_t index = marks->items[i].index;

		if (marks->items[i].stays || !folder_entry_is_live(&folder->table.items[index]))
			continue;
		folder_index_gone(folder, folder->table.items[index].uid);
		folder_table_drop(&folder->table, index);
	}
}

int folder_expunge(struct folder *folder, const uint32_t *uids, size_t count, struct error *error)
{
	struct storing storing = {.folder = folder_common(folder)};
	struct folder_stamp before[2];
	struct error ignored;
	int result = 0;

	folder = storing.folder;
	pthread_mutex_lock(&folder->lock);
	for (size_t i = 0; i < count; i++) {
		size_t index = folder_table_by_uid(&folder->table, uids[i]);

		if (index != SIZE_MAX)
			folder_marks_add(&storing.marks, index, 0);
	}
	folder_scan_stamps(folder, before);
	if (storing.marks.count > 0)
		result = commit_removal(&storing, error);
	if (result == 0 && storing.marks.count > 0) {
		folder_drop_marks(folder, &storing.marks);
		folder_table_tidy(&folder->table);
		folder_index_write(folder, false, &ignored); /* no file has these UIDs any more */
		folder_scan_stamp(folder, before);
	}
	pthread_mutex_unlock(&folder->lock);
	folder_marks_clear(&storing.marks);
	return result;
}
