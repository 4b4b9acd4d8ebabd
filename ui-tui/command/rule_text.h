/*
 * A rule in one line.
 */
#ifndef LANPOST_UI_TUI_RULE_TEXT_H
#define LANPOST_UI_TUI_RULE_TEXT_H

#include "base/buf.h"
#include "config/conf.h"

/* Appends its actions in terms of its keys: "deliver ivan, olga; stop". */
void rule_actions(const struct conf_rule *rule, struct buf *text);

#endif
