/*
 * For whom this computer, where it is, would send mail: what the configuration alone does not show.
 */
#ifndef LANPOST_UI_TUI_CHECK_RELAY_H
#define LANPOST_UI_TUI_CHECK_RELAY_H

#include "config/conf.h"

/* Adds a warning for each router (default route) and each bridge of containers whose address may send mail to the outside without a login. A
 * router may give its own address to what comes from outside. */
void check_relay(const struct conf *conf, struct conf_problems *problems);

#endif
