/*
 * What this computer reports by itself about a first configuration: its networks, and which ports are free.
 */
#ifndef LANPOST_UI_TUI_FIRST_START_H
#define LANPOST_UI_TUI_FIRST_START_H

#include "base/buf.h"

/* Appends the networks of its interfaces that represent a LAN: "127.0.0.0/8, ::1/128, 192.168.1.0/24". */
void first_start_networks(struct buf *out);
/* Appends the address at which the PCs of the LAN find this computer: the first private one; nothing if it has none. */
void first_start_address(struct buf *out);
/* Whether we may listen on this port and nobody else does. */
bool first_start_port_is_free(int port);

#endif
