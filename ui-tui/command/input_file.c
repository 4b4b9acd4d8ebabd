#include "ui-tui/command/input_file.h"

#include "base/i18n.h"
#include "base/process/service_user.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int read_all(int fd, const char *name, struct buf *out, struct error *error)
{
	for (;;) {
		const size_t chunk = 64 << 10;
		char *room = buf_reserve(out, chunk);
		ssize_t got;

		if (room == NULL)
			return error_set(
			    error, ERROR_LIMIT, N_("%s is larger than %zu bytes"), name, out->limit);
		got = read(fd, room, chunk);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(error, N_("cannot read %s"), name);
		if (got == 0)
			return 0;
		out->len += (size_t)got;
	}
}

int input_file_read(const char *name, struct buf *out, struct error *error)
{
	int fd, result;
	bool paused;

	if (strcmp(name, "-") == 0)
		return read_all(STDIN_FILENO, _("standard input"), out, error);
	paused = service_user_pause(); /* the admin has named it, and may read it */
	fd = open(name, O_RDONLY | O_CLOEXEC);
	service_user_resume(paused);
	if (fd < 0)
		return error_errno(error, N_("cannot open %s"), name);
	result = read_all(fd, name, out, error);
	close(fd);
	return result;
}
