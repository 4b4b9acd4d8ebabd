/*
 * The verbs of the command line, each a row in main.c and a function in cmd_*.c that returns an enum cli_exit.
 */
#ifndef LANPOST_UI_TUI_VERBS_H
#define LANPOST_UI_TUI_VERBS_H

#include "config/conf.h"
#include "ui-tui/command/cli.h"

#include <jansson.h>

int cmd_account_add(struct cli *cli);
int cmd_account_disable(struct cli *cli);
int cmd_account_enable(struct cli *cli);
int cmd_account_import(struct cli *cli);
int cmd_account_list(struct cli *cli);
int cmd_account_passwd(struct cli *cli);
int cmd_account_login(struct cli *cli);
int cmd_account_remove(struct cli *cli);
int cmd_account_set(struct cli *cli);
int cmd_account_test(struct cli *cli);
int cmd_backup(struct cli *cli);
int cmd_check(struct cli *cli);
int cmd_client_setup(struct cli *cli);
int cmd_completion(struct cli *cli);
int cmd_config_reference(struct cli *cli);
int cmd_decode(struct cli *cli);
int cmd_demo(struct cli *cli);
int cmd_dkim(struct cli *cli);
int cmd_mailbox_add(struct cli *cli);
int cmd_mailbox_archive(struct cli *cli);
int cmd_learn(struct cli *cli);
int cmd_mailbox_fetch(struct cli *cli);
int cmd_mailbox_list(struct cli *cli);
int cmd_mailbox_purge(struct cli *cli);
int cmd_mailbox_remove(struct cli *cli);
int cmd_mailbox_set(struct cli *cli);
int cmd_mailbox_show(struct cli *cli);
int cmd_queue_delete(struct cli *cli);
int cmd_queue_flush(struct cli *cli);
int cmd_queue_hold(struct cli *cli);
int cmd_queue_list(struct cli *cli);
int cmd_queue_release(struct cli *cli);
int cmd_queue_retry(struct cli *cli);
int cmd_queue_show(struct cli *cli);
int cmd_reload(struct cli *cli);
int cmd_restore(struct cli *cli);
int cmd_rule_add(struct cli *cli);
int cmd_rule_list(struct cli *cli);
int cmd_rule_move(struct cli *cli);
int cmd_rule_remove(struct cli *cli);
int cmd_rule_set(struct cli *cli);
int cmd_rule_test(struct cli *cli);
int cmd_session(struct cli *cli);
/* Requests a session (takes ownership of the request) and shows it to its end. Returns the exit code. */
int cmd_session_run(const struct cli *cli, const struct conf *conf, json_t *request);
int cmd_setup(struct cli *cli);
int cmd_smarthost_test(struct cli *cli);
int cmd_smarthost_login(struct cli *cli);
int cmd_scanner_test(struct cli *cli);
int cmd_quarantine_list(struct cli *cli);
int cmd_quarantine_show(struct cli *cli);
int cmd_quarantine_release(struct cli *cli);
int cmd_quarantine_delete(struct cli *cli);
int cmd_sort(struct cli *cli);
int cmd_status(struct cli *cli);
int cmd_stop(struct cli *cli);
int cmd_trace(struct cli *cli);
int cmd_usage(struct cli *cli);
int cmd_user_add(struct cli *cli);
int cmd_user_friends(struct cli *cli);
int cmd_user_list(struct cli *cli);
int cmd_user_passwd(struct cli *cli);
int cmd_user_remove(struct cli *cli);
int cmd_user_set(struct cli *cli);
int cmd_who(struct cli *cli);

#endif
