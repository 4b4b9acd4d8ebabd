/*
 * The daily list of a user: which messages for them are in the quarantine since the last list, and how to get one.
 */
#ifndef LANPOST_GATEWAY_KEPT_LIST_H
#define LANPOST_GATEWAY_KEPT_LIST_H

#include "gateway/report/report.h"

/* Sends the lists of all users, if it is time for them ([filter] daily_list). A user for whom nothing was kept gets none. */
void kept_list_send_due(const struct reporter *reporter);

#endif
