/*
 * Rules that probably do not work as intended: their condition cannot hold, an earlier rule that ends
 * sorting always matches first, they discard all mail, or test a header field that mail does not have.
 * There are no false reports; not every such rule is found.
 */
#ifndef LANPOST_SORTER_RULE_LINT_H
#define LANPOST_SORTER_RULE_LINT_H

#include "config/conf.h"

/* Adds a warning for each such rule. Rules with an invalid condition are skipped. */
void rule_lint(const struct conf *conf, struct conf_problems *problems);

/* Whether the rule discards all mail that reaches it. */
bool rule_drops_all(const struct conf *conf, const struct conf_rule *rule);

#endif
