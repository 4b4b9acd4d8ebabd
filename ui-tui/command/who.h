/*
 * The clients of the LAN server, formatted for people: for `lanpost who` and the screen.
 */
#ifndef LANPOST_UI_TUI_WHO_H
#define LANPOST_UI_TUI_WHO_H

#include <jansson.h>
#include <stddef.h>

/* "pop3s", or "pop3 (TLS)" if TLS began after the connection; returns out. */
const char *who_protocol(const json_t *client, char *out, size_t size);
/* The user's name, or a text for no login. */
const char *who_user(const json_t *client);
/* "" if the gateway does not report it. */
const char *who_address(const json_t *client);
/* "RETR", "RETR, then waits"; returns out. */
const char *who_activity(const json_t *client, char *out, size_t size);
/* "5 s", "2 min", "3 h"; returns out. */
const char *who_idle(const json_t *client, char *out, size_t size);

#endif
