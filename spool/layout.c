#include "spool/layout.h"

#include "base/alloc.h"

const char *const queue_state_names[QUEUE_STATES] = {"active", "deferred", "hold", "corrupt"};

/* A file below a folder; file "": the folder. */
static char *below(const char *spool, const char *folder, const char *file)
{
	return file[0] == '\0' ? xasprintf("%s/%s", spool, folder) : xasprintf("%s/%s/%s", spool, folder, file);
}

char *layout_version(const char *spool)
{
	return below(spool, "version", "");
}

char *layout_gateway_lock(const char *spool)
{
	return below(spool, "lanpostd.lock", "");
}

char *layout_line_up(const char *spool)
{
	return below(spool, "line.up", "");
}

char *layout_reserve(const char *spool)
{
	return below(spool, "reserve", "");
}

char *layout_state(const char *spool)
{
	return below(spool, "state.db", "");
}

char *layout_state_file(const char *spool, const char *suffix)
{
	return xasprintf("%s/state.db%s", spool, suffix);
}

char *layout_seen(const char *spool, const char *suffix)
{
	return xasprintf("%s/seen.db%s", spool, suffix);
}

char *layout_wal(const char *spool, const char *file)
{
	return below(spool, "wal", file);
}

char *layout_body(const char *spool, const char *id)
{
	return xasprintf("%s/wal/%s.msg", spool, id);
}

char *layout_mailboxes(const char *spool)
{
	return below(spool, "mailboxes", "");
}

char *layout_mailbox(const char *spool, const char *user, const char *file)
{
	return xasprintf("%s/mailboxes/%s%s%s", spool, user, file[0] == '\0' ? "" : "/", file);
}

char *layout_archive_month(const char *spool, const char *user, int year, int month)
{
	return xasprintf("%s/archive/%s/%04d-%02d", spool, user, year, month);
}

char *layout_queues(const char *spool)
{
	return below(spool, "queue", "");
}

char *layout_queue(const char *spool, enum queue_state state)
{
	return below(spool, "queue", queue_state_names[state]);
}

char *layout_queue_file(const char *spool, enum queue_state state, const char *name, const char *suffix)
{
	return xasprintf("%s/queue/%s/%s%s", spool, queue_state_names[state], name, suffix);
}

char *layout_queue_lock(const char *spool)
{
	return below(spool, "queue", ".lock");
}

char *layout_tls(const char *spool, const char *file)
{
	return below(spool, "tls", file);
}

char *layout_login_notes(const char *spool)
{
	return below(spool, "login-notes", "");
}

char *layout_login_key(const char *spool)
{
	return below(spool, "login-salt.key", "");
}
