#include "gateway/services/lan_child.h"

#include "base/alloc.h"
#include "base/program_path.h"
#include "base/i18n.h"
#include "base/net/pass_fd.h"
#include "base/process/sealed.h"
#include "config/conf_view.h"
#include "config/schema.h"
#include "gateway/services/lan_process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROGRAM "lanpost-lan-server"

int lan_child_find(struct error *error)
{
	char *paths[] = {program_path(PROGRAM), program_path("../libexec/lanpost/" PROGRAM), xstrdup(LANPOST_LIBEXECDIR "/" PROGRAM)};
	int fd = -1;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		if (fd < 0 && paths[i] != NULL)
			fd = open(paths[i], O_PATH | O_CLOEXEC);
		free(paths[i]);
	}
	if (fd < 0)
		error_set(error, ERROR_CONFIG, N_("the program %s is not installed: reinstall "
		    "lanpost"), LANPOST_LIBEXECDIR "/" PROGRAM);
	return fd;
}

static int make_view(const struct conf *conf, struct error *error)
{
	struct buf text = BUF_INIT(CONF_VIEW_MAX);
	int fd = -1;

	if (conf_view_write(conf, SCHEMA_FOR_LAN, &text, error) == 0)
		fd = sealed_new("lanpost-view", buf_slice(&text), error);
	buf_clear(&text);
	return fd;
}

int lan_child_start(struct child *child, int program, const struct conf *conf, const struct listeners *listeners, int auth_fd,
    int filter_fd, struct error *error)
{
	const char *arguments[LISTENERS_MAX + 2] = {PROGRAM};
	int fds[LAN_FD_LISTENERS - CHILD_FDS + LISTENERS_MAX];
	struct child_program what = {.fd = program, .arguments = arguments, .fds = fds};
	int result;

	fds[LAN_FD_VIEW - CHILD_FDS] = make_view(conf, error);
	if (fds[LAN_FD_VIEW - CHILD_FDS] < 0)
		return -1;
	fds[LAN_FD_AUTH - CHILD_FDS] = auth_fd;
	fds[LAN_FD_FILTER - CHILD_FDS] = filter_fd;
	for (size_t i = 0; i < listeners->count; i++) {
		arguments[1 + i] = lan_kind_name(listeners->items[i].kind);
		fds[LAN_FD_LISTENERS - CHILD_FDS + i] = listeners->items[i].fd;
	}
	what.fd_count = LAN_FD_LISTENERS - CHILD_FDS + listeners->count;
	result = child_exec(child, "lan", &what, error);
	close(fds[LAN_FD_VIEW - CHILD_FDS]);
	return result;
}

int lan_child_reload(const struct child *child, const struct conf *conf, struct error *error)
{
	int view = make_view(conf, error), result;

	if (view < 0)
		return -1;
	result = pass_fd_send(child->fd, SLICE_LITERAL("."), view, MSG_NOSIGNAL | MSG_DONTWAIT) == 1
		     ? 0
		     : error_errno(error, N_("cannot communicate with the %s process"), "lan");
	close(view);
	return result;
}

bool lan_child_can_reload(const struct conf *old, const struct conf *next)
{
	return strcmp(old->log.file, next->log.file) == 0;
}
