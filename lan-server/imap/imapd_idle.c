/*
 * IDLE (RFC 2177): the session sleeps until the folder has news, the client says DONE, or nobody speaks for too long.
 */
#include "base/i18n.h"

#include "lan-server/imap/imapd_priv.h"

#include <sys/eventfd.h>
#include <unistd.h>

static int begin_watch(struct imapd *imapd, struct error *error)
{
	if (imapd->news_fd < 0)
		imapd->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (imapd->news_fd < 0)
		return error_errno(error, N_("cannot create an eventfd"));
	return folder_watch(imapd->view.folder, imapd->news_fd, error);
}

/* Without a mailbox nothing can happen. */
enum imapd_reply imapd_cmd_idle(struct imapd *imapd, struct imapd_args *args)
{
	struct error error = ERROR_INIT;

	(void)args;
	if (imapd->state == IMAPD_STATE_SELECTED && begin_watch(imapd, &error) != 0)
		return imapd_storage_failed(imapd, "idle", &error);
	imapd->waits = IMAPD_WAITS_DONE;
	client_limits_progress(&imapd->dialogue.limits);
	buf_clear(&imapd->command);
	imapd_continue(imapd, SLICE_LITERAL("idling"));
	if (imapd->state != IMAPD_STATE_SELECTED)
		return IMAPD_NONE;
	imapd->dialogue.wake_fd = imapd->news_fd;
	return imapd_tell_first(imapd, true, IMAPD_NONE); /* what came before the watch began */
}

enum imapd_reply imapd_idle_news(struct imapd *imapd)
{
	uint64_t count;

	while (read(imapd->news_fd, &count, sizeof(count)) == sizeof(count))
		;
	if (imapd_check_access(imapd) != IMAPD_NONE)
		return IMAPD_ACCESS_ENDED;
	return imapd_tell_first(imapd, true, IMAPD_NONE);
}

void imapd_idle_end(struct imapd *imapd)
{
	if (imapd->dialogue.wake_fd >= 0)
		folder_unwatch(imapd->view.folder, imapd->news_fd);
	imapd->dialogue.wake_fd = -1;
}

enum imapd_reply imapd_idle_line(struct imapd *imapd, struct slice line)
{
	imapd_idle_end(imapd);
	if (imapd_check_access(imapd) != IMAPD_NONE)
		return IMAPD_ACCESS_ENDED;
	return slice_is_nocase(slice_trim(line), "DONE") ? IMAPD_DONE : IMAPD_SYNTAX;
}
