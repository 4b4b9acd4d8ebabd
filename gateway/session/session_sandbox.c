#include "gateway/session/session_sandbox.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/log.h"
#include "gateway/process/sandbox.h"
#include "spool/layout_priv.h"
#include "spool/reserve.h"
#include "spool/storage/storage.h"

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

static void add_own(struct strlist *paths, char *path)
{
	add(paths, path);
	free(path);
}

/* A rule applies only to files that exist when it is created. */
static void add_folder(struct strlist *paths, char *path)
{
	struct error error;

	if (fsx_make_dirs(path, &error) != 0)
		log_warnx("event=sandbox-rule-failed path=%s reason=%s", LOG_CSTR(path), LOG_ERROR(&error));
	add_own(paths, path);
}

static bool archives(const struct conf *conf)
{
	bool found = false;

	for (size_t i = 0; i < conf->user_count && !found; i++)
		found = conf->users[i].archive;
	for (size_t i = 0; i < conf->shared_count && !found; i++)
		found = conf->shareds[i].archive;
	return found;
}

/* The whole spool except the TLS key and the files that only the supervisor and the password process read. */
static void add_spool(struct strlist *paths, const struct conf *conf)
{
	const struct spool *spool = SPOOL_OF(conf);

	reserve_keep(spool);
	state_copy_prepare(spool);
	add_folder(paths, layout_mailboxes(spool));
	add_folder(paths, layout_wal(spool, ""));
	add_folder(paths, layout_partial(spool, ""));
	add_folder(paths, layout_queues(spool));
	if (archives(conf))
		add_folder(paths, layout_archive(spool));
	add_own(paths, layout_state(spool));
	add_own(paths, layout_state_file(spool, "-wal"));
	add_own(paths, layout_state_file(spool, "-shm"));
	add_own(paths, layout_seen(spool, ""));
	add_own(paths, layout_seen(spool, ".new"));
	add_own(paths, layout_reserve(spool));
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
	const char *const spool[] = {conf->gateway.spool, NULL};

	for (size_t i = 0; i < conf->account_count; i++)
		add(&reads, conf->accounts[i].remote.ca_file);
	for (size_t i = 0; i < conf->smarthost_count; i++)
		add(&reads, conf->smarthosts[i].remote.ca_file);
	add_spool(&writes, conf);
	add_folder_of(&writes, conf->log.file);
	sandbox_enter(&(struct sandbox){.may = SANDBOX_FILES | SANDBOX_CONNECT | (conf_has_filters(conf) ? SANDBOX_MEMORY : 0),
	    .lists = spool,
	    .makes = spool,
	    .reads = list_of(&reads),
	    .writes = list_of(&writes)});
	strlist_clear(&reads);
	strlist_clear(&writes);
}

void session_sandbox_enter_watch(const struct conf *conf)
{
	struct strlist reads = {NULL, 0}, writes = {NULL, 0};

	for (size_t i = 0; i < conf->account_count; i++)
		add(&reads, conf->accounts[i].remote.ca_file);
	add_folder_of(&writes, conf->log.file);
	sandbox_enter(&(struct sandbox){.may = SANDBOX_FILES | SANDBOX_CONNECT, .reads = list_of(&reads), .writes = list_of(&writes)});
	strlist_clear(&reads);
	strlist_clear(&writes);
}
