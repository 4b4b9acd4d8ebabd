/*
 * Programs in the commands of the configuration that need rights of their file (setuid, setgid, capabilities): the gateway starts all of its
 * processes without the right to gain any (NoNewPrivs), so that such a program runs without them.
 */
#ifndef LANPOST_UI_TUI_CHECK_COMMANDS_H
#define LANPOST_UI_TUI_CHECK_COMMANDS_H

#include "config/conf.h"

/* Adds a warning for each. */
void check_commands(const struct conf *conf, struct conf_problems *problems);

#endif
