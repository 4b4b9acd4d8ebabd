#include "gateway/session/session_sandbox.h"

#include "base/alloc.h"
#include "gateway/process/sandbox.h"

#include <stdlib.h>

static void add(struct strlist *paths, const char *path)
{
	if (path[0] != '\0')
		strlist_add(paths, path);
}

/* A file is renewed by replacing it, so its folder must be allowed. "" for none. */
static void add_folder_of(struct strlist *paths, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL || slash == path ? xstrdup("") : xstrndup(path, (size_t)(slash - path));

	add(paths, folder);
	free(folder);
}

static const char *const *list_of(struct strlist *paths)
{
	ARRAY_GROW(paths->items, paths->count);
	paths->items[paths->count] = NULL;
	return (const char *const *)paths->items;
}

void session_sandbox_enter(const struct conf *conf)
{
	struct strlist reads = {NULL, 0}, writes = {NULL, 0};

	for (size_t i = 0; i < conf->account_count; i++)
		add(&reads, conf->accounts[i].remote.ca_file);
	for (size_t i = 0; i < conf->smarthost_count; i++)
		add(&reads, conf->smarthosts[i].remote.ca_file);
	add(&writes, conf->gateway.spool);
	add_folder_of(&writes, conf->log.file);
	sandbox_enter(&(struct sandbox){.may = SANDBOX_FILES | SANDBOX_CONNECT, .reads = list_of(&reads), .writes = list_of(&writes)});
	strlist_clear(&reads);
	strlist_clear(&writes);
}
