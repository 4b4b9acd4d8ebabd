/*
 * The LAN server as its supervisor sees it: a program of its own (gateway/lan_main.c), so that nothing the supervisor knows is in its memory.
 */
#ifndef LANPOST_GATEWAY_LAN_CHILD_H
#define LANPOST_GATEWAY_LAN_CHILD_H

#include "gateway/process/child.h"
#include "gateway/services/listeners.h"

/* Opens the program's file, beside this program or where `make install` puts it. Returns a descriptor, or -1. */
int lan_child_find(struct error *error);
/* Starts it with a view of the configuration, the listeners and its end of the socket to the process that holds the verifiers. program: of
 * lan_child_find(). */
int lan_child_start(struct child *child, int program, const struct conf *conf, const struct listeners *listeners, int auth_fd,
    struct error *error);
/* Sends it a view of a new configuration; what it cannot use it says in the log. */
int lan_child_reload(const struct child *child, const struct conf *conf, struct error *error);
/* False where files have moved that a running LAN server is bound to: then it must be started anew. */
bool lan_child_can_reload(const struct conf *old, const struct conf *next);

#endif
