/*
 * The control socket's clients: requests in, events and one final answer out.
 *
 * A verb is a row in control.c's table and a function of struct control_hooks, by which the
 * supervisor carries it out. Only root and the group of the socket reach it (mode 0660).
 */
#ifndef LANPOST_GATEWAY_CONTROL_H
#define LANPOST_GATEWAY_CONTROL_H

#include "base/net/ctl_wire.h"
#include "gateway/session/session_request.h"
#include "spool/spool.h"

#include <poll.h>

#define CONTROL_CLIENTS_MAX 32
#define CONTROL_WAITING_MAX 24 /* of these, clients that wait for the end of a session */

struct control_client {
	int fd; /* -1: free */
	struct ctl_reader reader;
	int64_t since;	    /* when it connected */
	uint64_t waits_for; /* number of the session whose end is its answer, 0: none */
	bool watches;	    /* gets the events of all sessions until it disconnects */
	bool watches_one;   /* gets those of the running session, and its end is the answer */
	bool has_more;	    /* may have sent more requests than were served in this turn */
};

struct control_hooks {
	void *context;
	/* Begins a session or requests one more; returns its number. */
	uint64_t (*session)(void *context, const struct session_request *request);
	/* Writes the answer to fd, perhaps later and from another process. */
	void (*status)(void *context, int fd);
	int (*reload)(void *context, struct error *error);
	void (*stop)(void *context);
	bool (*account_exists)(void *context, const char *name);
	/* Ends the running session and drops the requested next one; returns false if none runs. */
	bool (*cancel)(void *context);
	bool (*session_runs)(void *context);
	json_t *(*clients)(void *context); /* the clients of the LAN server; owned by the caller */
};

struct control {
	int fd; /* listening */
	struct control_hooks hooks;
	struct control_client clients[CONTROL_CLIENTS_MAX];
	json_t *told; /* the last event of each account of the running session, for clients that begin to watch later */
};

int control_open(struct control *control, const struct spool *spool, const struct control_hooks *hooks,
    struct error *error);
void control_close(struct control *control, const struct spool *spool);
/* Appends the descriptors to poll; returns their number (at most CONTROL_CLIENTS_MAX + 1). */
size_t control_poll(const struct control *control, struct pollfd *fds);
/* Serves the ready clients without waiting, a few requests each. */
void control_serve(struct control *control);
/* True if some clients must be served again at once, regardless of poll(). */
bool control_has_more(const struct control *control);
/* Notifies all watching clients that a session has begun. */
void control_session_began(struct control *control);
/* Passes an event of that session on to all clients that wait for it or watch; is_final answers the waiting
 * ones. */
void control_publish(struct control *control, uint64_t session, json_t *object, bool is_final);

#endif
