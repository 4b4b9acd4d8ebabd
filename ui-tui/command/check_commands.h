/*
 * Finds programs in the commands of the configuration that need privileges of their file (setuid, setgid, capabilities):
 * all processes of the gateway run with NoNewPrivs, so such a program runs without these privileges.
 */
#ifndef LANPOST_UI_TUI_CHECK_COMMANDS_H
#define LANPOST_UI_TUI_CHECK_COMMANDS_H

#include "config/conf.h"

/* Adds a warning for each such program. */
void check_commands(const struct conf *conf, struct conf_problems *problems);

#endif
