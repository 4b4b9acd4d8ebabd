/*
 * The output of --help: for lanpost, for a group of verbs (lanpost user --help), for a verb. Fits 80
 * columns.
 */
#ifndef LANPOST_UI_TUI_CLI_HELP_H
#define LANPOST_UI_TUI_CLI_HELP_H

#include "ui-tui/command/cli.h"

void cli_help_all(const struct cli *cli);
/* Prints the help of the group that is the first and only word. Returns false, with nothing printed, if
 * there is no such group. */
bool cli_help_group(const struct cli *cli);
bool cli_help_verb(const struct verb *verb); /* always true */

#endif
