/*
 * The line to the outside: the admin's commands that bring it up and take it down.
 */
#ifndef LANPOST_GATEWAY_LINE_H
#define LANPOST_GATEWAY_LINE_H

#include "config/conf.h"

#include <stdatomic.h>

/* Runs connect_command; without one the line is always on. An exit code other than 0 is an error; it is
 * stopped once *cancel is true. */
int line_up(const struct conf_line *line, const atomic_bool *cancel, struct error *error);
/* Runs disconnect_command. What goes wrong is logged: there is nothing else to do. */
void line_down(const struct conf_line *line);

#endif
