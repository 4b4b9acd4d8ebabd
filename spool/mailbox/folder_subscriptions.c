/*
 * The folders that a user has subscribed to: the file `subscriptions`, as Dovecot writes it. Its second version has a head, then a line
 * for each folder with tabs between the parts; the first one has only lines, with the dots of Maildir++.
 */
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/map.h"
#include "message/imap/folder_name.h"
#include "message/imap/imap_utf7.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/folder_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define FILE_MAX (8u << 20)
#define SUBSCRIBED "subscriptions"
#define KNOWN "lanpost-shared"
static const char head[] = "V\t2\n\n";

/* Each once. */
static void add_name(const char *name, struct map *seen, struct strlist *names)
{
	if (map_get(seen, slice_of(name)) != NULL)
		return;
	map_put(seen, slice_of(name), (void *)1);
	strlist_add(names, name);
}

/* Appends the name in a line, if it is one. */
static void read_line(struct slice line, char separator, struct map *seen, struct strlist *names)
{
	struct buf name = BUF_INIT(4 * FOLDER_NAME_MAX);

	if (slice_is_nocase(line, "INBOX")) {
		add_name("INBOX", seen, names);
		return;
	}
	while (line.ptr != NULL) {
		if (name.len > 0)
			buf_append_byte(&name, '/');
		if (imap_utf7_decode(slice_cut(&line, separator), "./", &name) != 0)
			break;
	}
	if (line.ptr == NULL && folder_name_is_valid(buf_slice(&name)))
		add_name(buf_text(&name), seen, names);
	buf_clear(&name);
}

static void write_line(const char *name, struct buf *out)
{
	struct slice rest = slice_of(name);

	do {
		imap_utf7_encode(slice_cut(&rest, '/'), "./", out);
		buf_append_byte(out, rest.ptr != NULL ? '\t' : '\n');
	} while (rest.ptr != NULL);
}

static int read_names(const struct spool *spool, const char *user, const char *file, struct strlist *names, struct error *error)
{
	char *path = layout_mailbox(spool, user, file), *text = NULL;
	struct map seen = MAP_INIT;
	char separator = '.';
	struct slice rest;
	size_t len;
	int result = fsx_read(path, FILE_MAX, &text, &len, error);

	free(path);
	if (result != 0)
		return error->saved_errno == ENOENT ? 0 : -1;
	rest = slice_make(text, len);
	if (len >= strlen(head) && memcmp(text, head, strlen(head)) == 0) {
		rest = slice_from(rest, strlen(head));
		separator = '\t';
	}
	while (rest.len > 0 && names->count < FOLDERS_MAX) {
		struct slice line = slice_cut(&rest, '\n');

		if (line.len > 0)
			read_line(line, separator, &seen, names);
	}
	map_clear(&seen);
	free(text);
	return 0;
}

int folder_subscriptions(const struct spool *spool, const char *user, struct strlist *names, struct error *error)
{
	return read_names(spool, user, SUBSCRIBED, names, error);
}

static int write_names(const struct spool *spool, const char *user, const char *file, const struct strlist *names, struct error *error)
{
	struct buf text = BUF_INIT(FILE_MAX);
	char *path = layout_mailbox(spool, user, file);
	int result;

	buf_append_text(&text, head);
	for (size_t i = 0; i < names->count; i++)
		write_line(names->items[i], &text);
	result = fsx_replace(path, buf_slice(&text), 0600, error);
	buf_clear(&text);
	free(path);
	return result;
}

static int change(const struct spool *spool, const char *user, const char *name, bool on, struct error *error)
{
	struct strlist names = {0}, kept = {0};
	int result = folder_subscriptions(spool, user, &names, error);
	bool is_on = strlist_has(&names, name);

	for (size_t i = 0; i < names.count; i++)
		if (on || strcmp(names.items[i], name) != 0)
			strlist_add(&kept, names.items[i]);
	if (on)
		strlist_add(&kept, name);
	if (result == 0 && on && !is_on && names.count >= FOLDERS_MAX)
		result = error_set(error, ERROR_LIMIT, N_("%s has %d subscriptions, which is the limit"), user, FOLDERS_MAX);
	if (result == 0 && on != is_on)
		result = write_names(spool, user, SUBSCRIBED, &kept, error);
	strlist_clear(&kept);
	strlist_clear(&names);
	return result;
}

int folder_subscribe(const struct spool *spool, const char *user, const char *name, bool on, struct error *error)
{
	int lock = folder_lock(spool, user, error), result;

	if (lock < 0)
		return -1;
	result = change(spool, user, name, on, error);
	close(lock);
	return result;
}

/* --- folders that are new to a user */

static bool is_same(const struct strlist *a, const struct strlist *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static int add_new(const struct spool *spool, const char *user, const struct strlist *names, const struct strlist *known, struct error *error)
{
	struct strlist subscribed = {0};
	struct map seen = MAP_INIT;
	int result = folder_subscriptions(spool, user, &subscribed, error);
	size_t before = subscribed.count;

	for (size_t i = 0; i < before; i++)
		map_put(&seen, slice_of(subscribed.items[i]), (void *)1);
	for (size_t i = 0; i < known->count; i++)
		map_put(&seen, slice_of(known->items[i]), (void *)1);
	for (size_t i = 0; i < names->count && subscribed.count < FOLDERS_MAX; i++)
		add_name(names->items[i], &seen, &subscribed);
	map_clear(&seen);
	if (result == 0 && subscribed.count > before)
		result = write_names(spool, user, SUBSCRIBED, &subscribed, error);
	strlist_clear(&subscribed);
	return result;
}

int folder_subscribe_new(const struct spool *spool, const char *user, const struct strlist *names, struct error *error)
{
	struct strlist known = {0};
	int lock = -1, result = read_names(spool, user, KNOWN, &known, error);

	if (result == 0 && !is_same(&known, names)) {
		lock = folder_lock(spool, user, error);
		result = lock < 0 ? -1 : add_new(spool, user, names, &known, error);
	}
	if (result == 0 && lock >= 0)
		result = write_names(spool, user, KNOWN, names, error);
	if (lock >= 0)
		close(lock);
	strlist_clear(&known);
	return result;
}
