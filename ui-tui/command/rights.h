/*
 * What the caller may not do, and what helps: sudo, or the group that the service reads its configuration by.
 */
#ifndef LANPOST_UI_TUI_RIGHTS_H
#define LANPOST_UI_TUI_RIGHTS_H

#include <stdbool.h>

/* Whether the file is kept from us, not absent, for access(2)'s R_OK, W_OK: that is reported with cli_fail() then. */
bool rights_missing(const char *path, int how);

#endif
