/*
 * The way to a provider, step by step, with what to do where it ends.
 */
#ifndef LANPOST_UI_TUI_ACCOUNT_TEST_H
#define LANPOST_UI_TUI_ACCOUNT_TEST_H

#include "config/conf.h"

/* Prints each step on standard output as it is done. Fetches nothing. Returns an exit code. */
int account_test(const struct conf *conf, const struct conf_account *account);

#endif
