/*
 * The screens' connection to the gateway: its status periodically, and the events of its
 * sessions.
 *
 * Nothing here waits: the control socket is checked in every cycle of the screens' loop.
 */
#ifndef LANPOST_UI_TUI_TUI_LINK_H
#define LANPOST_UI_TUI_TUI_LINK_H

#include "base/net/ctl_wire.h"
#include "config/conf.h"
#include "ui-tui/command/progress.h"

#include <poll.h>

/* One connection. */
struct tui_wire {
	struct ctl_reader reader; /* fd -1: closed */
};

struct tui_link {
	struct tui_wire status_wire, watch_wire, who_wire;
	bool is_up;		  /* a gateway answers for this spool */
	json_t *status;		  /* its last answer, NULL before the first */
	unsigned status_number;	  /* counts the answers */
	int64_t asked, tried;	  /* when, clock_now_ms() */
	json_t *clients;	  /* the connected clients of the last answer; NULL */
	unsigned clients_number;  /* counts these answers */
	int64_t asked_clients;
	bool session_runs;
	struct progress progress; /* of the running or the last session */
	json_t *result;		  /* result of the last session, NULL */
};

void tui_link_init(struct tui_link *link);
void tui_link_clear(struct tui_link *link);
#define TUI_LINK_WIRES 3
/* Appends the descriptors to poll; at most TUI_LINK_WIRES. */
size_t tui_link_poll(const struct tui_link *link, struct pollfd *fds);
/* Reads the input, connects and sends requests when due. */
void tui_link_serve(struct tui_link *link, const struct conf *conf);
/* Requests the status as soon as possible. */
void tui_link_ask(struct tui_link *link);

/* Requests the connected clients, unless just requested. */
void tui_link_ask_clients(struct tui_link *link, const struct conf *conf);

#endif
