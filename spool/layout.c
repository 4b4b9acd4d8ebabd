#include "spool/layout_priv.h"

#include "base/alloc.h"
#include "message/imap/folder_name.h"
#include "spool/mailbox_name.h"

#include <stdlib.h>

const char *const queue_state_names[QUEUE_STATES] = {"active", "deferred", "hold", "corrupt"};

/* A file in a folder; file "": the folder. */
static char *below(const struct spool *spool, const char *folder, const char *file)
{
	return file[0] == '\0' ? xasprintf("%s/%s", spool->folder, folder) : xasprintf("%s/%s/%s", spool->folder, folder, file);
}

char *layout_version(const struct spool *spool)
{
	return below(spool, "version", "");
}

char *layout_gateway_lock(const struct spool *spool)
{
	return below(spool, "lanpostd.lock", "");
}

char *layout_line_up(const struct spool *spool)
{
	return below(spool, "line.up", "");
}

char *layout_reserve(const struct spool *spool)
{
	return below(spool, "reserve", "");
}

char *layout_state(const struct spool *spool)
{
	return below(spool, "state.db", "");
}

char *layout_state_file(const struct spool *spool, const char *suffix)
{
	return xasprintf("%s/state.db%s", spool->folder, suffix);
}

char *layout_seen(const struct spool *spool, const char *suffix)
{
	return xasprintf("%s/seen.db%s", spool->folder, suffix);
}

char *layout_wal(const struct spool *spool, const char *file)
{
	return below(spool, "wal", file);
}

char *layout_body(const struct spool *spool, const char *id)
{
	return xasprintf("%s/wal/%s.msg", spool->folder, id);
}

char *layout_partial(const struct spool *spool, const char *file)
{
	return below(spool, "partial", file);
}

char *layout_mailboxes(const struct spool *spool)
{
	return below(spool, "mailboxes", "");
}

/* "ivan" or "ivan/.Archive.2026", in new memory. */
static char *mailbox_folder(const char *mailbox)
{
	struct slice name = slice_of(mailbox), folder = mailbox_name_folder(name);
	struct buf out = BUF_INIT(4096);

	buf_append_slice(&out, mailbox_name_user(name));
	if (folder.len > 0) {
		buf_append_byte(&out, '/');
		if (slice_is(folder, LAYOUT_OUTBOX))
			buf_append_text(&out, "lanpost-outbox");
		else
			folder_name_to_disk(folder, &out);
	}
	return buf_take(&out);
}

char *layout_mailbox(const struct spool *spool, const char *mailbox, const char *file)
{
	char *folder = mailbox_folder(mailbox);
	char *path = xasprintf("%s/mailboxes/%s%s%s", spool->folder, folder, file[0] == '\0' ? "" : "/", file);

	free(folder);
	return path;
}

char *layout_archive(const struct spool *spool)
{
	return below(spool, "archive", "");
}

/* A folder is in the month of its user's archive, so that this is Maildir++, too. */
char *layout_archive_month(const struct spool *spool, const char *mailbox, int year, int month)
{
	char *folder = mailbox_folder(mailbox), *rest = strchr(folder, '/'), *path;

	path = xasprintf("%s/archive/%.*s/%04d-%02d%s", spool->folder, (int)strcspn(folder, "/"), folder, year, month, rest == NULL ? "" : rest);
	free(folder);
	return path;
}

char *layout_queues(const struct spool *spool)
{
	return below(spool, "queue", "");
}

char *layout_queue(const struct spool *spool, enum queue_state state)
{
	return below(spool, "queue", queue_state_names[state]);
}

char *layout_queue_file(const struct spool *spool, enum queue_state state, const char *name, const char *suffix)
{
	return xasprintf("%s/queue/%s/%s%s", spool->folder, queue_state_names[state], name, suffix);
}

char *layout_queue_lock(const struct spool *spool)
{
	return below(spool, "queue", ".lock");
}

char *layout_tls(const struct spool *spool, const char *file)
{
	return below(spool, "tls", file);
}

char *layout_sign_in(const struct spool *spool, const char *file)
{
	return below(spool, "sign-in", file);
}

char *layout_login_notes(const struct spool *spool)
{
	return below(spool, "login-notes", "");
}

char *layout_login_key(const struct spool *spool)
{
	return below(spool, "login-salt.key", "");
}
