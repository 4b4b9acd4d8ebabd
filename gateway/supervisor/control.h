/*
 * The control socket's clients: requests in, events and one final answer out.
 *
 * A verb is a row in control.c's table and a function of struct control_hooks, by which the supervisor
 * does what was asked. Only root and the group of the socket reach it (mode 0660).
 */
#ifndef LANPOST_GATEWAY_CONTROL_H
#define LANPOST_GATEWAY_CONTROL_H

#include "base/net/ctl_wire.h"
#include "gateway/session/session_request.h"
#include "spool/spool.h"

#include <poll.h>

#define CONTROL_CLIENTS_MAX 32
#define CONTROL_WAITING_MAX 24 /* of them for the end of a session */

struct control_client {
	int fd; /* -1: free */
	struct ctl_reader reader;
	int64_t since;	    /* when it came */
	uint64_t waits_for; /* number of the session whose end is its answer, 0: none */
	bool watches;	    /* gets the events of all sessions until it hangs up */
	bool watches_one;   /* gets those of the running session, whose end is its answer */
	bool has_more;	    /* may have said more than was served in this turn */
};

struct control_hooks {
	void *context;
	/* Begins a session or asks for one more; returns its number. */
	uint64_t (*session)(void *context, const struct session_request *request);
	/* Answers on fd, perhaps later and from another process. */
	void (*status)(void *context, int fd);
	int (*reload)(void *context, struct error *error);
	void (*stop)(void *context);
	bool (*account_exists)(void *context, const char *name);
	/* Ends the running session and forgets the one that is wanted next; false if none runs. */
	bool (*cancel)(void *context);
	bool (*session_runs)(void *context);
	json_t *(*clients)(void *context); /* who is connected to the LAN server; the caller's */
};

struct control {
	int fd; /* listening */
	struct control_hooks hooks;
	struct control_client clients[CONTROL_CLIENTS_MAX];
	json_t *told; /* the last event of each account of the running session, for those who come to watch late */
};

int control_open(struct control *control, const struct spool *spool, const struct control_hooks *hooks,
    struct error *error);
void control_close(struct control *control, const struct spool *spool);
/* Appends what to wait for; returns how many (at most CONTROL_CLIENTS_MAX + 1). */
size_t control_poll(const struct control *control, struct pollfd *fds);
/* Serves those that are ready, looking without waiting, each for a few requests. */
void control_serve(struct control *control);
/* True if some may have to be served again at once, whatever poll() says. */
bool control_has_more(const struct control *control);
/* Notifies all who watch that a session has begun. */
void control_session_began(struct control *control);
/* Passes an event of that session on to all who wait for it or watch; is_final ends the requests of the former. */
void control_publish(struct control *control, uint64_t session, json_t *object, bool is_final);

#endif
