/*
 * File names in the folders of a spool, as other programs may create them: each message of a mailbox is listed once, with
 * a unique and valid UIDL, is found by its name, and its removal affects no other; in queue and log only valid names
 * count.
 *
 * The input is a list of names. The first byte of each is its folder.
 */
#include "spool/mailbox/maildir.h"
#include "spool/queue/queue_priv.h"
#include "spool/log/wal.h"
#include "spool/storage/mailbox.h"
#include "tests/fuzz/common/fuzz.h"

#include <fcntl.h>

#define NAMES_MAX 12

static const char *const folders[] = {"mailboxes/u/new", "mailboxes/u/cur", "queue/active", "queue/hold", "wal", "mailboxes/u/new"};

static struct spool spool;

static void set_up(void)
{
	struct error error;
	char *wal;

	if (spool.folder != NULL)
		return;
	spool = spool_at(xstrdup(fuzz_folder()));
	wal = xasprintf("%s/wal", spool.folder);
	assert(mkdir(wal, 0700) == 0 && queue_make(&spool, &error) == 0 && mailbox_make(&spool, "u", &error) == 0);
	free(wal);
}

/* Returns the path of the new file, NULL if it cannot have that name. */
static char *put(struct slice name)
{
	const char *folder = folders[fuzz_byte(&name) % ARRAY_LEN(folders)];
	char *path;
	int fd;

	if (name.len == 0 || name.len > 200 || slice_find(name, '\0') >= 0 || slice_find(name, '/') >= 0)
		return NULL;
	path = xasprintf("%s/%s/%.*s", spool.folder, folder, SLICE_PRINT(name));
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		free(path);
		return NULL;
	}
	close(fd);
	return path;
}

/* Ids follow the time of their creation: no program gives one another time. */
static bool have_other_stamps(const struct mailbox_message *a, const struct mailbox_message *b)
{
	struct slice one = slice_of(a->unique), other = slice_of(b->unique);

	return a->ours && b->ours && !slice_equal(slice_cut(&one, '.'), slice_cut(&other, '.'));
}

static void check_message(const struct mailbox_list *list, size_t i)
{
	const struct mailbox_message *message = &list->items[i];
	struct error error;
	size_t len = strlen(message->uidl);
	char *found;

	assert(len >= 1 && len <= 70);
	for (size_t j = 0; j < len; j++)
		assert(message->uidl[j] > 0x20 && message->uidl[j] < 0x7f);
	for (size_t j = 0; j < i; j++) {
		assert(strcmp(list->items[j].uidl, message->uidl) != 0 || have_other_stamps(&list->items[j], message));
		assert(strcmp(list->items[j].unique, message->unique) != 0);
	}
	assert(maildir_find(&spool, "u", message->unique, &found, &error) == 0 && found != NULL);
	free(found);
}

static void check_mailbox(void)
{
	struct mailbox_list list, rest;
	struct error error;

	assert(mailbox_list(&spool, "u", &list, &error) == 0);
	for (size_t i = 0; i < list.count; i++)
		check_message(&list, i);
	if (list.count > 0) {
		const char *gone = list.items[0].unique;

		assert(maildir_unlink(&spool, "u", &gone, 1, &error) == 0);
		assert(mailbox_list(&spool, "u", &rest, &error) == 0 && rest.count == list.count - 1);
		for (size_t i = 0; i < rest.count; i++)
			assert(strcmp(rest.items[i].unique, list.items[i + 1].unique) == 0);
		mailbox_list_clear(&rest);
	}
	mailbox_list_clear(&list);
}

static void check_queue_and_log(void)
{
	struct queue_items items;
	struct wal_names names;
	struct error error;

	assert(queue_list(&spool, QUEUE_ALL, &items, &error) == 0);
	for (size_t i = 0; i < items.count; i++)
		assert(msgid_is(slice_of(items.items[i].id.text)));
	queue_items_clear(&items);
	assert(wal_list(&spool, &names, &error) == 0);
	for (size_t i = 0; i < names.count; i++) {
		assert(strlen(names.items[i].file) < sizeof(names.items[i].file));
		assert(i == 0 || names.items[i - 1].number <= names.items[i].number);
	}
	wal_names_clear(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_make((const char *)data, size);
	char *paths[NAMES_MAX];
	size_t count = 0;

	set_up();
	while (rest.len > 0 && count < NAMES_MAX) {
		paths[count] = put(slice_cut(&rest, '\n'));
		count += paths[count] != NULL;
	}
	check_queue_and_log();
	check_mailbox();
	for (size_t i = 0; i < count; i++) {
		unlink(paths[i]);
		free(paths[i]);
	}
	return 0;
}
