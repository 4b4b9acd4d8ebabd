#include "gateway/services/listeners.h"

#include "base/i18n.h"
#include "base/log.h"
#include "base/net/net.h"
#include "gateway/process/child.h"

#include <unistd.h>

static int open_one(struct listeners *listeners, const char *address, enum lan_kind kind, int64_t port,
    struct error *error)
{
	struct lan_listener *listener = &listeners->items[listeners->count];
	enum net_bound result;

	if (listeners->count >= LISTENERS_MAX)
		return error_set(error, ERROR_CONFIG, N_("[lan] listen has too many addresses"));
	result = net_bind(address, (uint16_t)port, &listener->fd, error);
	if (result == NET_NOT_BOUND && lan_kind_is_optional(kind)) {
		log_warnx("event=not-listening service=%s reason=%s", lan_kind_name(kind), LOG_ERROR(error));
		return 0;
	}
	if (result == NET_NOT_BOUND)
		return error_context(error, N_("[lan] %s_port"), lan_kind_name(kind));
	if (result == NET_NO_SUCH_ADDRESS) {
		log_warnx("event=no-such-address reason=%s", LOG_ERROR(error));
		return 0;
	}
	child_close_in_children(listener->fd);
	listener->kind = kind;
	listeners->count++;
	log_info("event=listening service=%s address=%s port=%lld", lan_kind_name(kind),
	    LOG_CSTR(address), (long long)port);
	return 0;
}

int listeners_open(struct listeners *listeners, const struct conf_lan *lan, struct error *error)
{
	listeners->count = 0;
	for (size_t i = 0; i < lan->listen.count; i++)
		for (enum lan_kind kind = 0; kind < LAN_KINDS; kind++) {
			int64_t port = lan_kind_port(kind, lan);

			if (port == 0 ||
			    open_one(listeners, lan->listen.items[i], kind, port, error) == 0)
				continue;
			listeners_close(listeners);
			return -1;
		}
	return 0;
}

int listeners_listen(const struct listeners *listeners, struct error *error)
{
	for (size_t i = 0; i < listeners->count; i++)
		if (net_listen(listeners->items[i].fd, error) != 0)
			return error_context(error, N_("[lan] %s_port"), lan_kind_name(listeners->items[i].kind));
	return 0;
}

void listeners_close(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		child_closed(listeners->items[i].fd);
		close(listeners->items[i].fd);
	}
	listeners->count = 0;
}

bool listeners_same(const struct conf_lan *a, const struct conf_lan *b)
{
	if (a->listen.count != b->listen.count)
		return false;
	for (size_t i = 0; i < a->listen.count; i++)
		if (strcmp(a->listen.items[i], b->listen.items[i]) != 0)
			return false;
	for (enum lan_kind kind = 0; kind < LAN_KINDS; kind++)
		if (lan_kind_port(kind, a) != lan_kind_port(kind, b))
			return false;
	return true;
}
