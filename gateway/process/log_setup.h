/*
 * Applies the [log] section to base/log.h.
 */
#ifndef LANPOST_GATEWAY_LOG_SETUP_H
#define LANPOST_GATEWAY_LOG_SETUP_H

#include "config/conf.h"

void log_setup(const struct conf_log *conf, const char *process);
/* The same without the file: for root, which must not open the gateway's files. */
void log_setup_without_file(const struct conf_log *conf, const char *process);

#endif
