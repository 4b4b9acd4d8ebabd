/*
 * The process `watch`, on a line that is always up ([line] permanent): it waits at the IMAP providers for new mail, and tells the supervisor, which
 * starts a session.
 *
 * It reads replies of providers, as a session does, so it is sandboxed like one, but cannot reach the spool; its passwords are with a process of its
 * own (secrets.h).
 */
#ifndef LANPOST_GATEWAY_LINE_WATCH_H
#define LANPOST_GATEWAY_LINE_WATCH_H

#include "config/conf.h"

/* An event of the process: the name of the account that may have new mail. */
#define LINE_WATCH_NEWS "news"
/* Another: that name, with "state" ("watching", or "resting" until the next try), "since", "folders" (objects with "name" and "way": "idle", "notify"
 * or "polled"), "more" (how many folders are not named), "next" and "error", as in the answer of `lanpost status`. */
#define LINE_WATCH_STATE "watch"

/* Whether there is an account to watch. */
bool line_watch_is_wanted(const struct conf *conf);
/* The main function of the process. context: its copy of the struct conf. */
int line_watch_run(void *context, int event_fd);

#endif
