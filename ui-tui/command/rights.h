/*
 * Missing permissions and the solution: sudo, or the group by which the service reads its configuration.
 */
#ifndef LANPOST_UI_TUI_RIGHTS_H
#define LANPOST_UI_TUI_RIGHTS_H

#include <stdbool.h>

/* Whether the file exists but access(2) with R_OK or W_OK is denied; reported with cli_fail(). */
bool rights_missing(const char *path, int how);

#endif
