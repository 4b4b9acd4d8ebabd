/*
 * Messages that a user moves to Junk, or out of it, become lessons for the scanners (mail/lesson.h): before the reply, and as links, so that it costs little
 * and the lesson stays when the user deletes the message.
 */
#include "base/alloc.h"
#include "base/log.h"
#include "mail/lesson.h"

#include "lan-server/imap/imapd_priv.h"

#include <stdlib.h>

static int take(struct imapd *imapd, const char *mailbox, const uint32_t *uids, size_t count, const char *lessons, struct error *error)
{
	uint32_t *ignored = xcalloc(count + 1, sizeof(*ignored)), validity;
	struct folder *folder;
	int result;

	if (mailbox_make(imapd->options.spool, lessons, error) != 0 || imapd_folder_open(imapd, mailbox, &folder, error) != 0) {
		free(ignored);
		return -1;
	}
	result = folder_copy(folder, uids, count, lessons, ignored, &validity, error);
	folder_close(folder);
	free(ignored);
	return result;
}

void imapd_lesson(struct imapd *imapd, const char *from, const char *to, const uint32_t *uids, size_t count)
{
	const char *lessons = lesson_mailbox_of_move(from, to);
	uint32_t *there;
	size_t kept = 0;
	struct error error;

	if (lessons == NULL || !conf_learns(imapd->options.conf))
		return;
	there = xcalloc(count + 1, sizeof(*there));
	for (size_t i = 0; i < count; i++)
		if (uids[i] != 0)
			there[kept++] = uids[i];
	if (kept > 0 && !lesson_has_room(imapd->options.spool, kept))
		log_warnx("event=lessons-full session=%s mailbox=%s messages=%zu", imapd->options.session, LOG_CSTR(to), kept);
	else if (kept > 0 && take(imapd, to, there, kept, lessons, &error) != 0)
		log_warnx("event=lesson-not-taken session=%s mailbox=%s reason=%s", imapd->options.session, LOG_CSTR(to), LOG_ERROR(&error));
	free(there);
}
