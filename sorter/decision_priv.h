/*
 * Building a decision: who gets the message, and why. For sorter.c only.
 */
#ifndef LANPOST_SORTER_DECISION_PRIV_H
#define LANPOST_SORTER_DECISION_PRIV_H

#include "sorter/match.h"
#include "sorter/sorter.h"

/* Adds each recipient once, with the first reason; a delivery replaces an earlier copy. name, folder and
 * rule must outlive the decision. */
void decision_add_recipient(struct sorter_decision *decision, enum sorter_action action,
    const char *name, const char *folder, const char *rule, const char *reason);
/* Users by name, alias or group, perhaps with a folder; never daemon. */
void decision_add_users(const struct conf *conf, struct sorter_decision *decision,
    enum sorter_action action, const struct strlist *names, const char *rule, const char *reason);
void decision_add_addresses(struct sorter_decision *decision, enum sorter_action action,
    const struct strlist *addresses, const char *rule, const char *reason);
/* True if a user gets more than a copy. */
bool decision_is_placed(const struct sorter_decision *decision);
/* Records that a rule has matched, with the reason; takes ownership of the texts of the hit. */
const struct sorter_match *decision_add_match(
    struct sorter_decision *decision, const struct conf_rule *rule, struct hit *hit);

#endif
