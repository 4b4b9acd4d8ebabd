/*
 * Starts the gateway: by systemd if it manages the service, else lanpostd directly.
 */
#ifndef LANPOST_UI_TUI_START_H
#define LANPOST_UI_TUI_START_H

#include "ui-tui/command/cli.h"

/* A job_start() function; context is a struct cli. Prints the result and returns an exit code. */
int start_gateway(void *context);
/* Whether systemd manages the gateway of this configuration. */
bool start_is_service(const struct cli *cli);
/* Enables it at boot with systemd. Returns an exit code, after a message. */
int start_at_boot(void);

#endif
