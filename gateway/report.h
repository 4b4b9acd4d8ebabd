/*
 * Mail that the gateway itself writes: from postmaster, in the configured language.
 */
#ifndef LANPOST_GATEWAY_REPORT_H
#define LANPOST_GATEWAY_REPORT_H

#include "config/conf.h"
#include "mail/intake.h"

#define REPORT_TEXT_MAX (256u << 10)

/* Sends a report to a local address (or wherever the address leads); facts become durable with it. An address that
 * leads nowhere goes to postmaster. subject and text are UTF-8, text with \n line ends. */
int report_send(const struct conf *conf, struct intake *intake, const char *session, const char *to,
    const char *subject, struct slice text, const struct fact *facts, size_t fact_count,
    struct error *error);

/* The same with another shape of the text for those who read HTML. */
int report_send_page(const struct conf *conf, struct intake *intake, const char *session, const char *to,
    const char *subject, struct slice text, struct slice html, struct error *error);

/* A problem begins (or changes its class): postmaster is told, once. key and class as in state_problem_set(); what: its name, may be a phrase. details: lines
 * that stand below it, may be empty. */
void report_problem(const struct conf *conf, struct intake *intake, struct state *state,
    const char *session, const char *key, const char *what, const struct error *problem, struct slice details);
/* It is over: postmaster is told when it had been reported. */
void report_recovery(const struct conf *conf, struct intake *intake, struct state *state,
    const char *session, const char *key, const char *what);

#endif
