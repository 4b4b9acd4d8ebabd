/*
 * The control socket: how `lanpost` talks to a running gateway.
 *
 * A UNIX stream socket at `<spool>/control.sock`, one JSON object per line, at most CTL_LINE_MAX
 * bytes. The client sends one request ({"verb": ...}); the gateway answers with any number of
 * event lines ({"event": ...}) and exactly one final line ({"ok": true, ...} or {"ok": false,
 * "error": "text"}).
 *
 * The calls work on blocking and non-blocking sockets and never wait beyond their deadline, so a
 * client that stalls cannot delay the gateway.
 */
#ifndef LANPOST_BASE_CTL_WIRE_H
#define LANPOST_BASE_CTL_WIRE_H

#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

#define CTL_LINE_MAX (1024 * 1024)
#define CTL_SEND_MS 2000 /* time limit for a peer to make room for a line */
#define CTL_SOCKET_NAME "control.sock"
#define CTL_GROUP "lanpost-control" /* the group of operators, who may use the socket of the service but not read mail */

/* Results of ctl_read(); -1 for an error. */
enum ctl_result {
	CTL_OBJECT, /* the caller frees *object with json_decref() */
	CTL_AGAIN,  /* no whole line arrived before the deadline */
	CTL_CLOSED, /* the peer closed the connection between two lines */
};

struct ctl_reader {
	int fd; /* borrowed: the caller that opened it closes it */
	struct buf buf;
	size_t searched; /* bytes at the front of buf that contain no line end */
};

void ctl_reader_init(struct ctl_reader *reader, int fd);
void ctl_reader_clear(struct ctl_reader *reader);
/* The next object. deadline: as clock_now_ms(); 0: do not wait. Returns an enum ctl_result, or
 * -1: ERROR_PROTOCOL for a line that is not a JSON object (the line is consumed, reading may
 * continue) or a connection closed within a line, ERROR_LIMIT for a line that is too long, and
 * ERROR_IO (close the connection). */
int ctl_read(struct ctl_reader *reader, json_t **object, int64_t deadline, struct error *error);

/* Sends one object as a line; borrows it. Waits at most CTL_SEND_MS for room (ERROR_TEMPORARY:
 * the line may be incomplete, so close the connection). */
int ctl_send(int fd, const json_t *object, struct error *error);

/* Creates `<spool>/control.sock` (mode 0660) and listens. A socket that was left behind is
 * replaced, so the caller must hold the lock of the spool. Returns a non-blocking fd, or -1. */
int ctl_listen(const char *path, struct error *error);
/* Connects to it. Returns a fd, or -1; saved_errno is ENOENT or ECONNREFUSED if no gateway runs. */
int ctl_connect(const char *path, struct error *error);

/* Translates the phrases (base/phrase.h) in an answer to a language (NULL: the thread's). Returns the answer, changed. */
json_t *ctl_say(json_t *answer, const char *language);

#endif
