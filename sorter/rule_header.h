/*
 * Header names in rules that no message is likely to have: a typing error silently disables a rule.
 */
#ifndef LANPOST_SORTER_RULE_HEADER_H
#define LANPOST_SORTER_RULE_HEADER_H

#include "config/conf.h"
#include "sorter/rule_parse.h"

/* Adds a warning for each name in the condition of this rule that is not a known header field. Names that begin with X-
 * are accepted, unless they differ by one character from a common one. */
void rule_header_check(const struct conf_rule *rule, const struct condition *condition, struct conf_problems *problems);

#endif
