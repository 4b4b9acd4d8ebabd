/*
 * Copies and moves between folders. A message has a new unique name where it arrives, which keeps the id under which it was accepted: so
 * each file leaves a folder once, and what the log says of it holds whatever comes after (spool/QUEUE.md, "Folders").
 */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/mailbox/maildir_change.h"
#include "spool/mailbox/maildir_flags.h"
#include "spool/mailbox/maildir_name.h"
#include "spool/mailbox_name.h"
#include "spool/reserve.h"
#include "spool/storage/intake.h"
#include "spool/storage/mailbox.h"

#include <errno.h>
#include <stdlib.h>

/* Marks of one person for messages that arrive; seen_mark.line is the number of the message among the folder_marks. */
struct folder_carry {
	struct folder_seen *to;
	struct seen_mark *marks;
	size_t count;
};
struct folder_carries {
	struct folder_carry *items;
	size_t count;
};

struct transfer {
	struct folder *from, *to;
	struct folder_seen *seen; /* of the person, if the first one is shared */
	char *person;		  /* who does it */
	bool is_move;
	bool is_within;	   /* one mailbox */
	bool to_is_shared; /* the other one is not this person's own */
	struct folder_marks marks;
	size_t at; /* the next one to apply */
	struct folder_carries carries;
};

/* --- names */

/* The keyword of one folder in another one; without a place there it is lost. */
static uint32_t flags_there(struct transfer *transfer, uint32_t flags)
{
	const uint32_t others = (1u << FOLDER_KEYWORD_BIT) - 1;
	uint32_t there = flags & others;

	if (transfer->from == transfer->to || (flags & ~others) == 0)
		return flags;
	folder_keyword_bit(transfer->from, "", false); /* reads the names */
	for (int n = 0; n < FOLDER_KEYWORDS_MAX; n++)
		if ((flags >> (FOLDER_KEYWORD_BIT + n) & 1) != 0 && transfer->from->keywords[n] != NULL)
			there |= folder_keyword_bit(transfer->to, transfer->from->keywords[n], true);
	return there;
}

/* \Seen in the name of the file holds for all. */
static uint32_t flags_to_keep(const struct transfer *transfer, const struct folder_entry *entry)
{
	uint64_t modseq;
	uint32_t flags = transfer->is_within ? entry->flags : folder_seen_flags(transfer->seen, entry, &modseq);

	return transfer->to_is_shared ? flags & ~(uint32_t)FOLDER_SEEN : flags;
}

/* "<time>.<new id>.<id>.<host>,S=<size>:2,<flags>". A foreign file stays one: its lines may end in bare LF. */
static char *name_there(struct transfer *transfer, const struct folder_entry *entry)
{
	char letters[MAILDIR_LETTERS_MAX], origin[72], *host, *base, *name;
	struct msgid id = msgid_new();

	folder_entry_id(entry, origin);
	host = xasprintf("%s.%s", origin, intake_hostname(transfer->to->spool->intake));
	base = entry->ours && entry->size_known ? maildir_name(entry->time, &id, host, entry->size)
						: maildir_foreign_name(entry->time, &id, host);
	name = maildir_flags_name(base, maildir_flags_letters(flags_there(transfer, flags_to_keep(transfer, entry)), letters));
	free(base);
	free(host);
	return name;
}

static void mark_messages(struct transfer *transfer, const uint32_t *uids, size_t count)
{
	struct folder_table *table = &transfer->from->table;

	for (size_t i = 0; i < count; i++) {
		size_t index = folder_table_by_uid(table, uids[i]);
		struct folder_mark *mark;

		if (index == SIZE_MAX)
			continue;
		folder_marks_add(&transfer->marks, index, 0);
		mark = &transfer->marks.items[transfer->marks.count - 1];
		mark->unique = slice_dup(folder_entry_unique(&table->items[index]));
		mark->name = name_there(transfer, &table->items[index]);
		mark->number = i;
		mark->time = table->items[index].time;
	}
}

/* --- copies wait in tmp/ until the record is durable */

static int link_waiting(void *context, struct folder *folder, const struct folder_entry *entry, const char *file, struct error *error)
{
	const char *path = context;
	char *source = folder_path(folder, entry);
	struct slice bytes;
	int result = fsx_link(source, path, error);

	(void)file;
	/* Too many links, or another file system. */
	if (result != 0 && error->saved_errno != ENOENT && error->saved_errno != EEXIST && fsx_map(source, &bytes, error) == 0) {
		if (reserve_has_room(folder->spool, bytes.len))
			result = fsx_create(path, &bytes, 1, 0600, error);
		else
			error_set(error, ERROR_FULL, N_("the disk is nearly full"));
		if (result == 0)
			result = fsx_check_map(bytes, error);
		fsx_unmap(bytes);
	}
	free(source);
	return result;
}

static char *waiting_path(const struct transfer *transfer, const struct folder_mark *mark)
{
	char *waiting = maildir_change_waiting(mark->name), *path = layout_mailbox(transfer->to->spool, transfer->to->mailbox, waiting);

	free(waiting);
	return path;
}

/* Messages that are gone are left out. */
static int link_all(struct transfer *transfer, struct error *error)
{
	struct folder_marks *marks = &transfer->marks;
	size_t kept = 0;
	int result = 0;

	for (size_t i = 0; i < marks->count; i++) {
		char *path = waiting_path(transfer, &marks->items[i]);
		int done = result == 0 ? folder_on_file(transfer->from, marks->items[i].index, link_waiting, path, error) : -1;

		free(path);
		if (done < 0)
			result = -1;
		if (done > 0) {
			struct folder_mark mark = marks->items[kept];

			marks->items[kept++] = marks->items[i];
			marks->items[i] = mark;
		}
	}
	while (marks->count > kept) {
		free(marks->items[--marks->count].unique);
		free(marks->items[marks->count].name);
	}
	return result;
}

static void unlink_all(const struct transfer *transfer)
{
	struct error ignored;

	for (size_t i = 0; i < transfer->marks.count; i++) {
		char *path = waiting_path(transfer, &transfer->marks.items[i]);

		fsx_unlink(path, &ignored);
		free(path);
	}
}

/* --- the change */

static int move_file(void *context, struct folder *folder, const struct folder_entry *entry, const char *file, struct error *error)
{
	const struct fact *fact = context;

	(void)entry;
	return maildir_change_file(folder->spool, folder->mailbox, file, fact->to, fact->id, error);
}

static int apply(void *context, const struct fact *facts, size_t count, struct error *error)
{
	struct transfer *transfer = context;
	const struct spool *spool = transfer->to->spool;
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		struct folder_mark *mark = &transfer->marks.items[transfer->at++];

		if (transfer->is_move) {
			int done = folder_on_file(transfer->from, mark->index, move_file, (void *)(uintptr_t)&facts[i], error);

			mark->arrived = done > 0;
			mark->stays = done < 0;
		} else {
			mark->arrived = maildir_change_place(spool, facts[i].name, &facts[i].text, 1, error) == 0;
			mark->stays = !mark->arrived;
		}
		result = mark->stays ? -1 : result;
	}
	return result;
}

static int commit(struct transfer *transfer, struct error *error)
{
	struct folder_marks *marks = &transfer->marks;
	const char *from = transfer->from->mailbox, *to = transfer->to->mailbox;
	struct fact *facts = xcalloc(marks->count, sizeof(*facts));
	int result;

	for (size_t i = 0; i < marks->count; i++)
		facts[i] = transfer->is_move
			       ? (struct fact){.kind = FACT_MOVE, .id = marks->items[i].name, .name = from, .text = marks->items[i].unique, .to = to}
			       : (struct fact){.kind = FACT_COPY, .id = "", .name = to, .text = marks->items[i].name, .to = from};
	result = intake_change(transfer->to->spool->intake, facts, marks->count, apply, transfer, error);
	free(facts);
	return result;
}

/* --- \Seen of people, durable before the messages arrive */

static int carry_of(struct transfer *transfer, const char *person, bool all_people, struct error *error)
{
	struct folder_seen *seen = all_people ? folder_seen_of(transfer->from, person, error) : transfer->seen;
	struct folder_carry carry = {.to = folder_seen_of(transfer->to, person, error)};

	if (carry.to == NULL || (all_people && seen == NULL))
		return -1;
	for (size_t i = 0; i < transfer->marks.count; i++) {
		const struct folder_entry *entry = &transfer->from->table.items[transfer->marks.items[i].index];
		uint64_t modseq;
		bool is_seen = folder_seen_flags(seen, entry, &modseq) & FOLDER_SEEN;

		if (all_people ? is_seen == ((entry->flags & FOLDER_SEEN) != 0) : !is_seen)
			continue; /* as the name of the file says */
		ARRAY_GROW(carry.marks, carry.count);
		carry.marks[carry.count++] = (struct seen_mark){.is_seen = is_seen, .line = i};
	}
	ARRAY_GROW(transfer->carries.items, transfer->carries.count);
	transfer->carries.items[transfer->carries.count++] = carry;
	return 0;
}

/* Within a mailbox what all have seen, into a shared one what this person has. With both locks. */
static int carry_seen(struct transfer *transfer, struct error *error)
{
	const struct strlist *people;
	int result;

	if (!transfer->is_within)
		return transfer->to_is_shared ? carry_of(transfer, transfer->person, false, error) : 0;
	result = folder_seen_people(transfer->from, &people, error);
	for (size_t i = 0; i < people->count && result == 0; i++)
		result = carry_of(transfer, people->items[i], true, error);
	return result;
}

static int write_carried(struct transfer *transfer, struct error *error)
{
	const char **names = xcalloc(transfer->marks.count + 1, sizeof(*names));
	int result = 0;

	for (size_t i = 0; i < transfer->carries.count && result == 0; i++) {
		const struct folder_carry *carry = &transfer->carries.items[i];

		for (size_t j = 0; j < carry->count; j++)
			names[j] = transfer->marks.items[carry->marks[j].line].name;
		if (carry->count > 0)
			result = folder_seen_write(transfer->to, carry->to, carry->marks, names, carry->count, error);
	}
	free(names);
	return result;
}

static void put_carried(struct transfer *transfer, const uint32_t *to_uids)
{
	for (size_t i = 0; i < transfer->carries.count; i++) {
		const struct folder_carry *carry = &transfer->carries.items[i];

		for (size_t j = 0; j < carry->count; j++) {
			struct seen_mark mark = carry->marks[j];

			mark.uid = to_uids[transfer->marks.items[mark.line].number];
			if (mark.uid != 0)
				folder_seen_put(transfer->to, carry->to, mark);
		}
	}
}

static void carries_clear(struct folder_carries *carries)
{
	for (size_t i = 0; i < carries->count; i++)
		free(carries->items[i].marks);
	free(carries->items);
}

/* UIDs where they arrive. If they cannot be made durable, the next look gives them. */
static void number_all(struct transfer *transfer, uint32_t *to_uids, uint32_t *uid_validity)
{
	struct folder *to = transfer->to;
	size_t before = to->table.count;
	uint32_t uid_next = to->uid_next;
	struct error ignored;

	to->modseq++;
	for (size_t i = 0; i < transfer->marks.count; i++) {
		const struct folder_mark *mark = &transfer->marks.items[i];

		if (mark->arrived)
			to_uids[mark->number] = folder_scan_add(to, xstrdup(mark->name), false, mark->time);
	}
	*uid_validity = to->validity;
	if (folder_index_write(to, true, &ignored) == 0)
		return;
	folder_table_cut(&to->table, before);
	to->uid_next = uid_next;
	for (size_t i = 0; i < transfer->marks.count; i++)
		to_uids[transfer->marks.items[i].number] = 0;
	to->stamps[FOLDER_CUR].age_ms = 0;
}

/* With the lock of the folder where they arrive; for a move, of both. */
static int commit_and_number(struct transfer *transfer, uint32_t *to_uids, uint32_t *uid_validity, struct error *error)
{
	struct folder_stamp before[2];

	if (transfer->marks.count == 0)
		return 0;
	folder_scan_stamps(transfer->to, before);
	if (write_carried(transfer, error) != 0 || commit(transfer, error) != 0)
		return -1;
	number_all(transfer, to_uids, uid_validity);
	put_carried(transfer, to_uids);
	folder_scan_stamp(transfer->to, before);
	return 0;
}

/* In one order, whatever the direction. */
static void lock_both(const struct transfer *transfer, bool lock)
{
	struct folder *a = transfer->from, *b = transfer->to, *order[] = {a < b ? a : b, a < b ? b : a};

	for (size_t i = 0; i < (a == b ? 1 : 2); i++)
		if (lock)
			pthread_mutex_lock(&order[i]->lock);
		else
			pthread_mutex_unlock(&order[i]->lock);
}

/* With the lock. */
static int check_target(const struct transfer *transfer, struct error *error)
{
	const struct folder *to = transfer->to;

	if (to->is_deleted)
		return error_set(error, ERROR_PERMANENT, N_("there is no folder %s"), to->mailbox);
	return mailbox_make(to->spool, to->mailbox, error); /* without its tmp/ each source would look gone */
}

/* The sync may take seconds: no other session waits for it. The links keep the messages meanwhile, whatever happens to the sources. */
static int copy(struct transfer *transfer, const uint32_t *uids, size_t count, uint32_t *to_uids, uint32_t *uid_validity, struct error *error)
{
	struct folder *to = transfer->to;
	int result;

	lock_both(transfer, true);
	*uid_validity = to->validity;
	result = check_target(transfer, error);
	if (result == 0) {
		mark_messages(transfer, uids, count);
		result = link_all(transfer, error);
	}
	if (result == 0)
		result = carry_seen(transfer, error);
	lock_both(transfer, false);
	if (result == 0 && transfer->marks.count > 0)
		result = intake_settle(to->spool->intake, error);
	if (result == 0) {
		pthread_mutex_lock(&to->lock);
		result = check_target(transfer, error);
		if (result == 0)
			result = commit_and_number(transfer, to_uids, uid_validity, error);
		pthread_mutex_unlock(&to->lock);
	}
	if (result != 0)
		unlink_all(transfer);
	return result;
}

static int move_locked(struct transfer *transfer, const uint32_t *uids, size_t count, uint32_t *to_uids, uint32_t *uid_validity, struct error *error)
{
	struct folder *from = transfer->from;
	struct folder_stamp before[2];
	struct error ignored;

	*uid_validity = transfer->to->validity;
	if (check_target(transfer, error) != 0)
		return -1;
	mark_messages(transfer, uids, count);
	folder_scan_stamps(from, before);
	if (carry_seen(transfer, error) != 0 || commit_and_number(transfer, to_uids, uid_validity, error) != 0)
		return -1;
	folder_drop_marks(from, &transfer->marks);
	folder_table_tidy(&from->table);
	folder_index_write(from, false, &ignored);
	if (from != transfer->to)
		folder_scan_stamp(from, before);
	return 0;
}

/* Who names a message by its UID has seen it: it was in the folder before this sync, which may take seconds, and no other session waits
 * for it. */
static int move(struct transfer *transfer, const uint32_t *uids, size_t count, uint32_t *to_uids, uint32_t *uid_validity, struct error *error)
{
	int result;

	if (count > 0 && intake_settle(transfer->to->spool->intake, error) != 0)
		return -1;
	lock_both(transfer, true);
	result = move_locked(transfer, uids, count, to_uids, uid_validity, error);
	lock_both(transfer, false);
	return result;
}

static int transfer(struct folder *folder, const uint32_t *uids, size_t count, const char *to, bool is_move, uint32_t *to_uids,
    uint32_t *uid_validity, struct error *error)
{
	struct transfer transfer = {.from = folder_common(folder), .seen = folder->seen, .is_move = is_move};
	struct slice from_user, to_user;
	int result;

	memset(to_uids, 0, count * sizeof(*to_uids));
	*uid_validity = 0;
	folder = transfer.from;
	if (folder_open(&transfer.to, folder->spool, to, error) != 0)
		return -1;
	from_user = mailbox_name_user(slice_of(folder->mailbox));
	to_user = mailbox_name_user(slice_of(to));
	transfer.person = transfer.seen != NULL ? xstrdup(transfer.seen->person) : slice_dup(from_user);
	transfer.is_within = slice_equal(from_user, to_user);
	transfer.to_is_shared = !transfer.is_within && !slice_is(to_user, transfer.person) && !slice_is(to_user, MAILBOX_LEARN);
	result = (is_move ? move : copy)(&transfer, uids, count, to_uids, uid_validity, error);
	folder_marks_clear(&transfer.marks);
	carries_clear(&transfer.carries);
	free(transfer.person);
	folder_close(transfer.to);
	return result;
}

int folder_copy(struct folder *folder, const uint32_t *uids, size_t count, const char *to, uint32_t *to_uids, uint32_t *uid_validity,
    struct error *error)
{
	return transfer(folder, uids, count, to, false, to_uids, uid_validity, error);
}

int folder_move(struct folder *folder, const uint32_t *uids, size_t count, const char *to, uint32_t *to_uids, uint32_t *uid_validity,
    struct error *error)
{
	return transfer(folder, uids, count, to, true, to_uids, uid_validity, error);
}
