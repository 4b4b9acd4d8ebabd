/*
 * Gives verbs the configuration, and finds items in it by the names that users enter.
 */
#ifndef LANPOST_UI_TUI_CLI_CONF_H
#define LANPOST_UI_TUI_CLI_CONF_H

#include "config/conf.h"
#include "spool/storage/storage.h"
#include "ui-tui/command/cli.h"

/* Whether the existing files of the configuration may be read; if not, reports what to do. */
bool cli_may_read(const struct cli *cli);
/* The configuration, or NULL with the reason reported: the verb then returns CLI_FAILED. If root runs the verb, everything
 * that follows is done with the rights of the spool's owner; only for opening a file that the admin has named it is root
 * (service_user_pause()), as config/ is when it reads and writes the configuration. */
struct conf *cli_conf(const struct cli *cli);
/* The same for verbs that talk to the running gateway, and for those that change the files: errors in the files do not
 * prevent the admin from inspecting, stopping or fixing it, as long as the files can be read. */
struct conf *cli_gateway_conf(const struct cli *cli);
/* The same for verbs that only talk to the gateway: a user who may not read the configuration may be an operator, in the
 * group of the service's control socket. */
struct conf *cli_control_conf(const struct cli *cli);
/* Runs a function with the state of the spool open; returns its exit code. */
int cli_with_state(struct cli *cli, int (*work)(const struct cli *cli, const struct conf *conf, const struct spool *spool));
/* The item of that name (made lower case), or NULL with the nearest one reported. */
const struct conf_user *cli_find_user(const struct conf *conf, char *name);
const struct conf_account *cli_find_account(const struct conf *conf, char *name);
const struct conf_smarthost *cli_find_smarthost(const struct conf *conf, char *name);
/* Runs a function for the user in the verb's first word. Returns an exit code. */
int cli_with_user(struct cli *cli, int (*work)(struct cli *cli, struct conf *conf, const struct conf_user *user));
/* Runs a function for the mailbox in the verb's first word, USER or USER/FOLDER, which must exist. Returns an exit code. */
int cli_with_mailbox(struct cli *cli, int (*work)(const struct cli *cli, const struct conf *conf, const char *mailbox));
/* The item of names[count] nearest to a wrong name, or NULL. names are `stride` bytes apart. */
const char *cli_nearest(const char *name, const void *names, size_t count, size_t stride);

#endif
