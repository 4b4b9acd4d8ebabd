#include "gateway/services/lan_sandbox.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/log.h"
#include "gateway/process/limits.h"
#include "gateway/process/sandbox.h"
#include "spool/layout_priv.h"
#include "spool/reserve.h"

#include <stdlib.h>
#include <string.h>

#define MEGA (1024 * 1024)
#define MEMORY_ALWAYS (512 * (rlim_t)MEGA)
#define MEMORY_OF_A_SESSION (4 * (rlim_t)MEGA) /* a session with a message in progress needs about one */

/* --- files */

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL || slash == path ? xstrdup("") : xstrndup(path, (size_t)(slash - path));
}

/* A rule applies to files that exist when it is made. Returns the path. */
static char *made(char *path)
{
	struct error error;

	if (fsx_make_dirs(path, &error) != 0)
		log_warnx("event=sandbox-rule-failed path=%s reason=%s", LOG_CSTR(path), LOG_ERROR(&error));
	return path;
}

static void bind_process(const struct conf *conf)
{
	const struct spool *spool = SPOOL_OF(conf);
	char *writes[] = {made(layout_mailboxes(spool)), made(layout_wal(spool, "")), made(layout_queues(spool)), layout_state(spool),
	    layout_state_file(spool, "-wal"), layout_state_file(spool, "-shm"), layout_reserve(spool), folder_of(conf->log.file), NULL};
	const char *const lists[] = {spool->folder, NULL};

	sandbox_enter(&(struct sandbox){
	    .may = SANDBOX_FILES | SANDBOX_ACCEPT | SANDBOX_MEMORY,
	    .lists = lists,
	    .writes = (const char *const *)writes,
	});
	for (size_t i = 0; i < ARRAY_LEN(writes); i++)
		free(writes[i]);
}

/* --- limits */

/* No core dump with mail in it. Memory: more than all sessions can need, less than what would exhaust the machine.
 * lan-server/server/lan_server.c limits descriptors. Not limited: NPROC, which also counts the user's other processes (no
 * process can be created anyway), and FSIZE, which would truncate a message or the journal. */
static void limit_resources(const struct conf *conf)
{
	limits_set(RLIMIT_CORE, 0);
	limits_set(RLIMIT_MEMLOCK, 0);
	limits_set(RLIMIT_MSGQUEUE, 0);
#if !defined(LANPOST_SANITIZED) /* sanitizers reserve terabytes */
	limits_set(RLIMIT_DATA, MEMORY_ALWAYS + (rlim_t)conf->lan.max_sessions * MEMORY_OF_A_SESSION);
#else
	(void)conf;
#endif
}

void lan_sandbox_enter(const struct conf *conf)
{
	reserve_keep(SPOOL_OF(conf)); /* later it can only be released and refilled, not created */
	limit_resources(conf);
	bind_process(conf);
}
