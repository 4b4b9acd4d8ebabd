/*
 * Files that root can use but the gateway's own user cannot: the configuration, keys, the spool.
 */
#ifndef LANPOST_UI_TUI_CHECK_ACCESS_H
#define LANPOST_UI_TUI_CHECK_ACCESS_H

#include "config/conf.h"

/* Adds a warning for each file that the owner of the spool could not use (if root owns it: the user lanpost, for
 * the configuration of the service; otherwise unknown). Does nothing unless run by root. Changes the effective
 * user of the process meanwhile: not with other threads. */
void check_access(const struct conf *conf, struct conf_problems *problems);

#endif
