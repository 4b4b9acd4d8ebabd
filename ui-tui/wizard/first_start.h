/*
 * Defaults for a first configuration from this computer: its networks, and free ports.
 */
#ifndef LANPOST_UI_TUI_FIRST_START_H
#define LANPOST_UI_TUI_FIRST_START_H

#include "base/buf.h"

/* Appends the LAN networks of its interfaces: "127.0.0.0/8, ::1/128, 192.168.1.0/24". */
void first_start_networks(struct buf *out);
/* Appends the address by which the PCs of the LAN reach this computer: the first private one; nothing if it has
 * none. */
void first_start_address(struct buf *out);
/* Whether we may listen on this port and it is free. */
bool first_start_port_is_free(int port);

#endif
