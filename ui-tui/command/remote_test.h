/*
 * Tests the connection to an external server step by step, with advice for the failed step.
 */
#ifndef LANPOST_UI_TUI_REMOTE_TEST_H
#define LANPOST_UI_TUI_REMOTE_TEST_H

#include "config/conf.h"

#include <jansson.h>

/* Prints each step on standard output when it is done; with report (an object with an array "steps") adds it there
 * instead: "step" and "result" of each, "messages" of an account, "max_size" of a smarthost, or "failed_step", "error" and
 * "hint". Fetches and sends nothing. Returns an exit code. */
int remote_test_account(const struct conf *conf, const struct conf_account *account, json_t *report);
int remote_test_smarthost(const struct conf *conf, const struct conf_smarthost *smarthost, json_t *report);

#endif
