/*
 * Signs of a captive portal: a line whose owner answers in place of all servers, until a user has logged in or paid there.
 *
 * A web server's greeting and a certificate for another name are signs. One wrong server shows the same, so a portal is
 * what answers while no server of this process does. A process has one session, so the counts are global; thread-safe.
 */
#ifndef LANPOST_UPSTREAM_REMOTE_PORTAL_H
#define LANPOST_UPSTREAM_REMOTE_PORTAL_H

#include "base/str.h"

#include <stdbool.h>

/* Whether the first line of a server is that of a web server: a status line of HTTP, or HTML. */
bool remote_portal_is_greeting(struct slice line);
/* A server has shown a sign, or has answered as a mail server, trusted where the configuration requires it. */
void remote_portal_note_sign(void);
void remote_portal_note_server(void);
/* Whether there were signs, and no server. */
bool remote_portal_was_met(void);

#endif
