/*
 * Rules that can do nothing: their condition cannot hold, or a rule above that ends sorting holds
 * whenever they do. What is told is so; not all that is so is told.
 */
#ifndef LANPOST_SORTER_RULE_LINT_H
#define LANPOST_SORTER_RULE_LINT_H

#include "config/conf.h"

/* Adds a warning for each such rule. Rules whose condition cannot be read are passed over. */
void rule_lint(const struct conf *conf, struct conf_problems *problems);

#endif
