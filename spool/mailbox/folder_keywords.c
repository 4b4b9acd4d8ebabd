/* The names of the keywords of a folder: the file `dovecot-keywords`, a number (0 for "a") and a name per line. */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/log.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/folder_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#define FILE_MAX 65536
#define NAME_MAX_LEN 250

/* RFC 3501: flag-keyword is an atom. */
static bool is_keyword(struct slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] >= 0x7f || strchr("(){%*\"\\]", name.ptr[i]) != NULL)
			return false;
	return name.len > 0 && name.len <= NAME_MAX_LEN;
}

static void read_line(struct folder *folder, struct slice line)
{
	uint64_t number;
	struct slice digits = slice_cut(&line, ' ');

	if (!slice_number(digits, 0, FOLDER_KEYWORDS_MAX - 1, &number) || !is_keyword(line) || folder->keywords[number] != NULL)
		return;
	folder->keywords[number] = slice_dup(line);
}

/* Names that other programs have added meanwhile are read, too; ours stay. */
static int read_file(struct folder *folder, struct error *error)
{
	char *path = layout_mailbox(folder->spool, folder->mailbox, "dovecot-keywords"), *text;
	struct slice rest;
	size_t len;
	int result = fsx_read(path, FILE_MAX, &text, &len, error);

	free(path);
	if (result != 0)
		return error->saved_errno == ENOENT ? 0 : -1;
	for (rest = slice_make(text, len); rest.len > 0;)
		read_line(folder, slice_cut(&rest, '\n'));
	free(text);
	return 0;
}

static int write_file(struct folder *folder, struct error *error)
{
	char *path = layout_mailbox(folder->spool, folder->mailbox, "dovecot-keywords");
	struct buf text = BUF_INIT(FILE_MAX);
	int result;

	for (size_t i = 0; i < FOLDER_KEYWORDS_MAX; i++)
		if (folder->keywords[i] != NULL)
			buf_printf(&text, "%zu %s\n", i, folder->keywords[i]);
	result = fsx_replace(path, buf_slice(&text), 0600, error);
	buf_clear(&text);
	free(path);
	return result;
}

static size_t find(const struct folder *folder, const char *name)
{
	for (size_t i = 0; i < FOLDER_KEYWORDS_MAX; i++)
		if (folder->keywords[i] != NULL && strcasecmp(folder->keywords[i], name) == 0)
			return i;
	return SIZE_MAX;
}

/* The keyword gets a place, durably, before it is used. */
static size_t add(struct folder *folder, const char *name)
{
	struct error error;
	size_t free_at = 0;

	while (free_at < FOLDER_KEYWORDS_MAX && folder->keywords[free_at] != NULL)
		free_at++;
	if (free_at == FOLDER_KEYWORDS_MAX || !is_keyword(slice_of(name)))
		return SIZE_MAX;
	folder->keywords[free_at] = xstrdup(name);
	if (write_file(folder, &error) == 0)
		return free_at;
	log_warnx("event=keyword-not-kept folder=%s reason=%s", LOG_CSTR(folder->mailbox), LOG_ERROR(&error));
	free(folder->keywords[free_at]);
	folder->keywords[free_at] = NULL;
	return SIZE_MAX;
}

static void read_once(struct folder *folder)
{
	struct error error;

	if (!folder->keywords_are_read && read_file(folder, &error) != 0)
		log_warnx("event=keywords-unreadable folder=%s reason=%s", LOG_CSTR(folder->mailbox), LOG_ERROR(&error));
	else
		folder->keywords_are_read = true;
}

uint32_t folder_keyword_bit(struct folder *folder, const char *name, bool may_create)
{
	struct error error;
	size_t found;

	if (strcasecmp(name, "$Forwarded") == 0)
		return FOLDER_FORWARDED;
	read_once(folder);
	found = find(folder, name);
	if (found == SIZE_MAX && may_create && !folder->is_deleted && read_file(folder, &error) == 0) {
		found = find(folder, name);
		if (found == SIZE_MAX)
			found = add(folder, name);
	}
	return found == SIZE_MAX ? 0 : 1u << (FOLDER_KEYWORD_BIT + found);
}

uint32_t folder_keyword_on_disk(const struct spool *spool, const char *mailbox, const char *name)
{
	struct folder folder = {.spool = spool, .mailbox = xstrdup(mailbox)};
	uint32_t bit = folder_keyword_bit(&folder, name, false);

	for (size_t i = 0; i < FOLDER_KEYWORDS_MAX; i++)
		free(folder.keywords[i]);
	free(folder.mailbox);
	return bit;
}

uint32_t folder_keyword(struct folder *folder, const char *name, bool may_create)
{
	uint32_t bit;

	folder = folder_common(folder);
	pthread_mutex_lock(&folder->lock);
	bit = folder_keyword_bit(folder, name, may_create);
	pthread_mutex_unlock(&folder->lock);
	return bit;
}

size_t folder_keywords(struct folder *folder, const char *names[FOLDER_KEYWORDS_MAX])
{
	size_t count = 0;

	folder = folder_common(folder);
	pthread_mutex_lock(&folder->lock);
	read_once(folder);
	for (size_t i = 0; i < FOLDER_KEYWORDS_MAX; i++) {
		names[i] = folder->keywords[i] == NULL ? "" : folder->keywords[i];
		if (folder->keywords[i] != NULL)
			count = i + 1;
	}
	pthread_mutex_unlock(&folder->lock);
	return count;
}
