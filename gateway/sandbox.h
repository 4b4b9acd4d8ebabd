/*
 * What a process that parses strangers' bytes may still do when somebody has taken it over.
 */
#ifndef LANPOST_GATEWAY_SANDBOX_H
#define LANPOST_GATEWAY_SANDBOX_H

#include "config/conf.h"

/* For every child: no program that it starts gains privileges. */
void sandbox_children(void);
/* For the LAN server, which starts no program: it runs none, and writes nowhere but in the spool and beside the log file (Landlock,
 * where the kernel has it). Returns whether the kernel does. A log file that is moved elsewhere by a reload is out of its reach until
 * the gateway is started anew. */
bool sandbox_lan(const struct conf *conf);

#endif
