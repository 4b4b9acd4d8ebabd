/*
 * For which networks this computer would relay mail: depends on its interfaces, not only on the
 * configuration.
 */
#ifndef LANPOST_UI_TUI_CHECK_RELAY_H
#define LANPOST_UI_TUI_CHECK_RELAY_H

#include "config/conf.h"

/* Adds a warning for each router (default route) and each bridge of containers whose address may send mail to the internet
 * without a login. A router may use its own address for connections from outside. */
void check_relay(const struct conf *conf, struct conf_problems *problems);

#endif
