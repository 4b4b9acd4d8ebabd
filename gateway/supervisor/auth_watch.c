#include "gateway/supervisor/auth_watch.h"

#include "lan-server/login/auth_wire.h"

#include <poll.h>
#include <unistd.h>

#define FULL_RETRY_MS 1000 /* the socket is full */

void auth_watch_reset(struct auth_watch *watch, int64_t now)
{
	if (watch->fd >= 0)
		close(watch->fd);
	*watch = (struct auth_watch){.fd = -1, .next = now + AUTH_WATCH_EVERY_MS};
}

static bool is_answered(const struct auth_watch *watch)
{
	struct pollfd ready = {.fd = watch->fd, .events = POLLIN};

	/* Closed without an answer: the process has died, or has too many questions. Neither is
	 * a hang. */
	return watch->fd >= 0 && poll(&ready, 1, 0) > 0;
}

bool auth_watch_look(struct auth_watch *watch, int lan_fd, int64_t now)
{
	const struct auth_question question = {.kind = ASK_OFFERS};
	struct error ignored;

	if (is_answered(watch))
		auth_watch_reset(watch, now);
	if (watch->fd < 0 && now >= watch->next) {
		watch->fd = auth_ask_begin(lan_fd, &question, now, &ignored);
		watch->since = watch->since == 0 ? now : watch->since;
		watch->next = now + FULL_RETRY_MS;
	}
	return watch->since == 0 || now - watch->since < AUTH_WATCH_PATIENCE_MS;
}

int64_t auth_watch_due(const struct auth_watch *watch)
{
	return watch->fd < 0 ? watch->next : watch->since + AUTH_WATCH_PATIENCE_MS;
}
