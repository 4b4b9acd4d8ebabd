#include "base/net/ctl_wire.h"

#include "base/clock.h"
#include "base/i18n.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define READ_SIZE 4096

void ctl_reader_init(struct ctl_reader *reader, int fd)
{
	*reader = (struct ctl_reader){.fd = fd};
	buf_init(&reader->buf, CTL_LINE_MAX + READ_SIZE);
}

void ctl_reader_clear(struct ctl_reader *reader)
{
	buf_clear(&reader->buf);
	reader->searched = 0;
}

/* Waits for the events until the deadline. Returns 1 if they occurred, 0 if not, -1 on error. */
static int wait_for(int fd, short events, int64_t deadline, struct error *error)
{
	struct pollfd poller = {.fd = fd, .events = events};

	for (;;) {
		int ready = poll(&poller, 1, clock_left_ms(deadline));

		if (ready > 0)
			return 1;
		if (ready < 0 && errno != EINTR)
			return error_errno(error, N_("control socket"));
		if (clock_left_ms(deadline) == 0)
			return 0;
	}
}

static int parse_line(struct slice line, json_t **object, struct error *error)
{
	json_error_t why;
	json_t *value = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, &why);

	if (value == NULL)
		return error_set(error, ERROR_PROTOCOL, N_("control socket: not JSON: %s"), why.text);
	if (!json_is_object(value)) {
		json_decref(value);
		return error_set(error, ERROR_PROTOCOL, N_("control socket: not a JSON object"));
	}
	*object = value;
	return CTL_OBJECT;
}

/* Takes a line out of the buffer. Returns as ctl_read(), CTL_AGAIN if no whole line is there. */
static int take_line(struct ctl_reader *reader, json_t **object, struct error *error)
{
	struct slice fresh = slice_from(buf_slice(&reader->buf), reader->searched);
	ptrdiff_t end = slice_find(fresh, '\n');
	size_t length;
	int result;

	if (end < 0) {
		reader->searched = reader->buf.len;
		if (reader->buf.len > CTL_LINE_MAX)
			return error_set(error, ERROR_LIMIT, N_("control socket: line too long"));
		return CTL_AGAIN;
	}
	length = reader->searched + (size_t)end;
	reader->searched = 0;
	if (length > CTL_LINE_MAX)
		return error_set(error, ERROR_LIMIT, N_("control socket: line too long"));
	result = parse_line(slice_make(reader->buf.ptr, length), object, error);
	buf_consume(&reader->buf, length + 1);
	return result;
}

int ctl_read(struct ctl_reader *reader, json_t **object, int64_t deadline, struct error *error)
{
	for (;;) {
		int result = take_line(reader, object, error);
		ssize_t got;
		char *room;

		if (result != CTL_AGAIN)
			return result;
		room = buf_reserve(&reader->buf, READ_SIZE);
		if (room == NULL)
			return error_set(error, ERROR_LIMIT, N_("control socket: line too long"));
		got = recv(reader->fd, room, READ_SIZE, MSG_DONTWAIT);
		if (got > 0) {
			reader->buf.len += (size_t)got;
			continue;
		}
		if (got == 0 && reader->buf.len > 0)
			return error_set(error, ERROR_PROTOCOL,
			    N_("control socket: connection closed in the middle of a line"));
		if (got == 0)
			return CTL_CLOSED;
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			return error_errno(error, N_("control socket"));
		result = wait_for(reader->fd, POLLIN, deadline, error);
		if (result <= 0)
			return result < 0 ? -1 : CTL_AGAIN;
	}
}

static int send_all(int fd, struct slice data, struct error *error)
{
	int64_t deadline = clock_now_ms() + CTL_SEND_MS;

	while (data.len > 0) {
		ssize_t done = send(fd, data.ptr, data.len, MSG_DONTWAIT | MSG_NOSIGNAL);
		int ready;

		if (done >= 0) {
			data = slice_from(data, (size_t)done);
			continue;
		}
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			return error_errno(error, N_("control socket"));
		ready = wait_for(fd, POLLOUT, deadline, error);
		if (ready < 0)
			return -1;
		if (ready == 0)
			return error_set(error, ERROR_TEMPORARY, N_("control socket: the peer does "
			    "not read"));
	}
	return 0;
}

int ctl_send(int fd, const json_t *object, struct error *error)
{
	char *text = json_dumps(object, JSON_COMPACT);
	size_t len;
	int result;

	if (text == NULL)
		return error_set(error, ERROR_PROTOCOL, N_("control socket: cannot encode the "
		    "message as JSON"));
	len = strlen(text);
	if (len > CTL_LINE_MAX) {
		free(text);
		return error_set(error, ERROR_LIMIT, N_("control socket: answer too long"));
	}
	text[len] = '\n'; /* replaces the NUL: one write per line */
	result = send_all(fd, slice_make(text, len + 1), error);
	free(text);
	return result;
}

/* The path of a socket has 107 bytes at most, and a spool's path may be longer: the folder is
 * opened and named by its descriptor, which must stay open until bind or connect has returned.
 * Returns it, or -1. */
static int socket_address(const char *path, struct sockaddr_un *address, struct error *error)
{
	int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return error_errno(error, N_("cannot open spool %s"), path);
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", folder,
	    CTL_SOCKET_NAME);
	return folder;
}

static int bind_anew(int fd, int folder, const struct sockaddr_un *address)
{
	if (unlinkat(folder, CTL_SOCKET_NAME, 0) != 0 && errno != ENOENT)
		return -1;
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0)
		return -1;
	/* fchmod() before bind does not change the file, and the umask belongs to the whole
	 * process. */
	if (fchmodat(folder, CTL_SOCKET_NAME, 0660, 0) != 0)
		return -1;
	return listen(fd, 16);
}

int ctl_listen(const char *path, struct error *error)
{
	struct sockaddr_un address;
	int folder = socket_address(path, &address, error);
	int fd;

	if (folder < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind_anew(fd, folder, &address) != 0) {
		error_errno(error, N_("cannot listen on %s/%s"), path, CTL_SOCKET_NAME);
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	close(folder);
	return fd;
}

/* Opens the socket itself, never the target of a link. Returns a descriptor (O_PATH), or -1. */
static int find_socket(const char *path, struct error *error)
{
	int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), found;
	struct stat st;

	if (folder < 0)
		return error_errno(error, N_("cannot open spool %s"), path);
	found = openat(folder, CTL_SOCKET_NAME, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	close(folder);
	if (found >= 0 && (fstat(found, &st) != 0 || !S_ISSOCK(st.st_mode))) {
		close(found);
		found = -1;
		errno = ECONNREFUSED;
	}
	return found >= 0 ? found : error_errno(error, N_("cannot connect to %s/%s"), path, CTL_SOCKET_NAME);
}

int ctl_connect(const char *path, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int found = find_socket(path, error), fd;

	if (found < 0)
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", found);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		error_errno(error, N_("cannot connect to %s/%s"), path, CTL_SOCKET_NAME);
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	close(found);
	return fd;
}

static json_t *said(json_t *value, const char *language)
{
	const char *text = json_string_value(value);
	char shown[PHRASE_TEXT_MAX];

	if (text == NULL || !phrase_is(text))
		return json_incref(ctl_say(value, language));
	return json_string(phrase_show(shown, sizeof(shown), text, language));
}

json_t *ctl_say(json_t *answer, const char *language)
{
	json_t *value;
	const char *key;
	size_t at;

	json_object_foreach(answer, key, value)
		json_object_set_new(answer, key, said(value, language));
	json_array_foreach(answer, at, value)
		json_array_set_new(answer, at, said(value, language));
	return answer;
}
