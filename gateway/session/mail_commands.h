/*
 * Mail to the daemon: the subject is a command, the answer is a report by mail.
 *
 * `status`, `queue`, `fetch ACCOUNT`; `fetch ID`, also within the subject of a reply, for the message of a stub; any
 * other subject means a full session.
 */
#ifndef LANPOST_GATEWAY_MAIL_COMMANDS_H
#define LANPOST_GATEWAY_MAIL_COMMANDS_H

#include "gateway/report/report.h"
#include "gateway/session/session_result.h"
#include "gateway/session/session_request.h"
#include "spool/storage/storage.h"

/* Adds the requests of these triggers to the session request. */
void mail_commands_expand(const struct triggers *triggers, const struct conf *conf, struct state *state,
    struct session_request *request);
/* Answers each of them with one report; a trigger is done when its report is durable. */
void mail_commands_answer(const struct triggers *triggers, const struct reporter *reporter, const struct session_result *result);

#endif
