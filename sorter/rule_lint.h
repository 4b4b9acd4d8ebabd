/*
 * Rules that hardly do what was meant: their condition cannot hold, a rule above that ends sorting holds
 * whenever they do, they throw away all mail, or look at a header field that mail does not have. What is reported
 * is so; not all that is so is reported.
 */
#ifndef LANPOST_SORTER_RULE_LINT_H
#define LANPOST_SORTER_RULE_LINT_H

#include "config/conf.h"

/* Adds a warning for each such rule. Rules whose condition cannot be read are passed over. */
void rule_lint(const struct conf *conf, struct conf_problems *problems);

/* Whether the rule throws away all mail that reaches it. */
bool rule_drops_all(const struct conf *conf, const struct conf_rule *rule);

#endif
