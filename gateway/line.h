/*
 * The line to the outside: the admin's commands that bring it up and take it down.
 *
 * While it may be up a file in the spool says so: whoever finds it after a session that died hangs up.
 */
#ifndef LANPOST_GATEWAY_LINE_H
#define LANPOST_GATEWAY_LINE_H

#include "config/conf.h"

#include <stdatomic.h>

/* Runs connect_command and waits for a route; without a command the line is always on. A command that fails and a route that
 * does not come are errors (what the command said is in the text); both are given up once *cancel is true. */
int line_up(const struct conf *conf, const atomic_bool *cancel, struct error *error);
/* Runs disconnect_command. */
int line_down(const struct conf *conf, struct error *error);
/* Whether somebody has brought it up and not taken it down. */
bool line_was_left_up(const struct conf *conf);

#endif
