/*
 * Header names in rules that no message is likely to have: a typing mistake makes a rule silently dead.
 */
#ifndef LANPOST_SORTER_RULE_HEADER_H
#define LANPOST_SORTER_RULE_HEADER_H

#include "config/conf.h"
#include "sorter/rule_parse.h"

/* Adds a warning for each name in the condition of this rule that is not a known header field. Names of one's own that begin
 * with X- are taken as they are, unless they differ in one message from a common one. */
void rule_header_check(const struct conf_rule *rule, const struct condition *condition, struct conf_problems *problems);

#endif
