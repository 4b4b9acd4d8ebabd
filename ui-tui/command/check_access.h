/*
 * What root sees and the gateway's own user does not: files of the configuration, keys, the spool.
 */
#ifndef LANPOST_UI_TUI_CHECK_ACCESS_H
#define LANPOST_UI_TUI_CHECK_ACCESS_H

#include "config/conf.h"

/* Adds a warning for each file that the owner of the spool could not use (where root owns it: user lanpost, for the
 * configuration of the service; else nothing is known). Does nothing when not run by root. Changes the effective user
 * of the process meanwhile: not with other threads. */
void check_access(const struct conf *conf, struct conf_problems *problems);

#endif
