/*
 * The LAN server as seen by its supervisor: a separate program (gateway/lan_main.c), so that its memory has none of the
 * supervisor's data.
 */
#ifndef LANPOST_GATEWAY_LAN_CHILD_H
#define LANPOST_GATEWAY_LAN_CHILD_H

#include "gateway/process/child.h"
#include "gateway/services/listeners.h"

/* Opens the program's file, beside this program or where `make install` puts it. Returns a descriptor, or -1. */
int lan_child_find(struct error *error);
/* Starts it with a view of the configuration, the listeners and its ends of the sockets to the process that holds the verifiers, and
 * to the one that asks the scanners. program: of
 * lan_child_find(). */
int lan_child_start(struct child *child, int program, const struct conf *conf, const struct listeners *listeners, int auth_fd,
    int filter_fd, struct error *error);
/* Sends it a view of a new configuration; it logs what it cannot use. */
int lan_child_reload(const struct child *child, const struct conf *conf, struct error *error);
/* Returns false if files have moved that the sandbox of a running LAN server allows: then it must
 * be restarted. */
bool lan_child_can_reload(const struct conf *old, const struct conf *next);

#endif
