/*
 * The screens' line to the gateway: its status now and then, and what its sessions tell as they go.
 *
 * Nothing here waits: the control socket is looked at whenever the loop of the screens turns.
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
	bool is_up;		  /* a gateway answers at this spool */
	json_t *status;		  /* its last answer, NULL before the first */
	unsigned status_number;	  /* counts the answers */
	int64_t asked, tried;	  /* when, clock_now_ms() */
	json_t *clients;	  /* who is connected, as asked last; NULL */
	unsigned clients_number;  /* counts these answers */
	int64_t asked_clients;
	bool session_runs;
	struct progress progress; /* of the session that runs, or of the last one */
	json_t *result;		  /* how the last one ended, NULL */
};

void tui_link_init(struct tui_link *link);
void tui_link_clear(struct tui_link *link);
#define TUI_LINK_WIRES 3
/* Appends what to wait for; at most TUI_LINK_WIRES. */
size_t tui_link_poll(const struct tui_link *link, struct pollfd *fds);
/* Takes what has come, connects and asks where it is time. */
void tui_link_serve(struct tui_link *link, const struct conf *conf);
/* Asks for the status as soon as possible. */
void tui_link_ask(struct tui_link *link);

/* Asks who is connected, if that was not asked just now. */
void tui_link_ask_clients(struct tui_link *link, const struct conf *conf);

#endif
