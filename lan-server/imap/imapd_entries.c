#include "lan-server/imap/imapd_entries.h"

#include "base/alloc.h"
#include "message/imap/folder_use.h"
#include "spool/mailbox_name.h"
#include "spool/storage/storage.h"

#include "lan-server/imap/imapd_priv.h"

#include <stdlib.h>

static struct imapd_entry *entry_of(struct imapd_entries *entries, struct slice name)
{
	struct imapd_entry *entry = map_get(&entries->by_name, name);

	if (entry != NULL)
		return entry;
	entry = xcalloc(1, sizeof(*entry));
	entry->name = slice_dup(name);
	map_put(&entries->by_name, name, entry);
	ARRAY_GROW(entries->items, entries->count);
	entries->items[entries->count++] = entry;
	return entry;
}

/* The names above a folder are listed although they may be no folders. */
static void add_parents(struct imapd_entries *entries, const char *name)
{
	for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
		entry_of(entries, slice_make(name, (size_t)(slash - name)))->has_children = true;
}

static void note_subscription(struct imapd_entries *entries, const char *name)
{
	struct slice whole = slice_is_nocase(slice_of(name), "INBOX") ? SLICE_LITERAL("INBOX") : slice_of(name);

	entry_of(entries, whole)->is_subscribed = true;
	for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
		entry_of(entries, slice_make(name, (size_t)(slash - name)))->has_subscribed_below = true;
}

static int compare(const void *a, const void *b)
{
	const struct imapd_entry *one = *(struct imapd_entry *const *)a, *other = *(struct imapd_entry *const *)b;
	int inbox = (strcmp(other->name, "INBOX") == 0) - (strcmp(one->name, "INBOX") == 0);

	return inbox != 0 ? inbox : strcmp(one->name, other->name);
}

/* Of several folders that may have a use, the one with our own name has it, or the next in the list. */
static void assign_uses(struct imapd_entries *entries)
{
	struct {
		struct imapd_entry *entry;
		const char *use;
		size_t rank;
	} best[FOLDER_USES] = {{NULL, NULL, 0}};
	size_t count = 0, rank, at;

	for (size_t i = 0; i < entries->count; i++) {
		const char *use = entries->items[i]->exists ? folder_use(entries->items[i]->name, &rank) : NULL;

		if (use == NULL)
			continue;
		for (at = 0; at < count && best[at].use != use; at++)
			;
		if (at < count && best[at].rank <= rank)
			continue;
		count += at == count;
		best[at].entry = entries->items[i];
		best[at].use = use;
		best[at].rank = rank;
	}
	for (at = 0; at < count; at++)
		best[at].entry->use = best[at].use;
}

static void add_folder(struct imapd_entries *entries, const char *name, const char *mailbox)
{
	struct imapd_entry *entry = entry_of(entries, slice_of(name));

	entry->exists = true;
	free(entry->mailbox); /* a folder of the user that has the name of a shared one */
	entry->mailbox = xstrdup(mailbox);
	add_parents(entries, name);
}

/* prefix: of the names; "": none. */
static int add_folders(struct imapd_entries *entries, const struct spool *spool, const char *user, const char *prefix, struct error *error)
{
	struct strlist names = {.items = NULL};
	int result = folder_names(spool, user, &names, error);

	for (size_t i = 0; i < names.count; i++) {
		char *mailbox = mailbox_name_of(user, names.items[i]), *name = xasprintf("%s%s", prefix, prefix[0] == '\0' ? names.items[i] : mailbox);

		add_folder(entries, name, mailbox);
		free(name);
		free(mailbox);
	}
	strlist_clear(&names);
	return result;
}

int imapd_entries_read(struct imapd_entries *entries, const struct spool *spool, const char *user, const struct strlist *shared,
    struct error *error)
{
	struct strlist subscribed = {.items = NULL};
	int result;

	*entries = (struct imapd_entries){.items = NULL};
	result = add_folders(entries, spool, user, "", error);
	if (result == 0)
		result = folder_subscriptions(spool, user, &subscribed, error);
	add_folder(entries, "INBOX", user);
	for (size_t i = 0; i < shared->count && result == 0; i++) {
		char *name = xasprintf(IMAPD_SHARED "/%s", shared->items[i]);

		add_folder(entries, name, shared->items[i]);
		free(name);
		result = add_folders(entries, spool, shared->items[i], IMAPD_SHARED "/", error);
	}
	if (map_get(&entries->by_name, SLICE_LITERAL(OUTBOX_FOLDER)) == NULL) {
		char *outbox = mailbox_name_of(user, OUTBOX_FOLDER);

		add_folder(entries, OUTBOX_FOLDER, outbox);
		note_subscription(entries, OUTBOX_FOLDER);
		free(outbox);
	}
	for (size_t i = 0; i < subscribed.count && i < FOLDERS_MAX; i++)
		note_subscription(entries, subscribed.items[i]);
	qsort(entries->items, entries->count, sizeof(*entries->items), compare);
	assign_uses(entries);
	strlist_clear(&subscribed);
	return result;
}

void imapd_entries_clear(struct imapd_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		free(entries->items[i]->name);
		free(entries->items[i]->mailbox);
		free(entries->items[i]);
	}
	free(entries->items);
	map_clear(&entries->by_name);
	*entries = (struct imapd_entries){.items = NULL};
}

/* --- patterns: all positions of the pattern that are possible so far, so that the time is bounded */

static bool is_wildcard(char c)
{
	return c == '*' || c == '%';
}

static void skip_wildcards(struct slice pattern, bool *at)
{
	for (size_t i = 0; i < pattern.len; i++)
		if (at[i] && is_wildcard(pattern.ptr[i]))
			at[i + 1] = true;
}

bool imapd_pattern_matches(struct slice pattern, struct slice name)
{
	bool now[IMAPD_PATTERN_MAX + 1] = {true}, next[IMAPD_PATTERN_MAX + 1];

	if (pattern.len > IMAPD_PATTERN_MAX)
		return false;
	skip_wildcards(pattern, now);
	for (size_t i = 0; i < name.len; i++) {
		memset(next, 0, sizeof(next));
		for (size_t j = 0; j < pattern.len; j++) {
			if (!now[j])
				continue;
			if (pattern.ptr[j] == '*' || (pattern.ptr[j] == '%' && name.ptr[i] != '/'))
				next[j] = true;
			else if (pattern.ptr[j] == name.ptr[i])
				next[j + 1] = true;
		}
		skip_wildcards(pattern, next);
		memcpy(now, next, sizeof(now));
	}
	return now[pattern.len];
}
