/*
 * Warnings about accounts and smarthosts at whose provider nobody has signed in (mail/sign_in.h).
 */
#ifndef LANPOST_UI_TUI_CHECK_SIGN_IN_H
#define LANPOST_UI_TUI_CHECK_SIGN_IN_H

#include "config/conf.h"

/* Reads the spool as its owner; adds nothing about what it cannot read. */
void check_sign_in(const struct conf *conf, struct conf_problems *problems);

#endif
