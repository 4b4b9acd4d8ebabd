/*
 * Starting a gateway that is down: by systemd where it keeps the service, else lanpostd itself.
 */
#ifndef LANPOST_UI_TUI_START_H
#define LANPOST_UI_TUI_START_H

#include "ui-tui/command/cli.h"

/* A job_start() function; context is a struct cli. Prints how it went and returns an exit code. */
int start_gateway(void *context);
/* Whether systemd keeps the gateway of this configuration. */
bool start_is_service(const struct cli *cli);
/* Lets systemd start it at each boot. Returns an exit code, after a message. */
int start_at_boot(void);

#endif
