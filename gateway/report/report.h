/*
 * Mail that the gateway itself writes, from postmaster. Problems and their end are reported in the language of the user
 * who reads postmaster's mail.
 */
#ifndef LANPOST_GATEWAY_REPORT_H
#define LANPOST_GATEWAY_REPORT_H

#include "config/conf.h"
#include "message/addr.h"
#include "spool/storage/storage.h"

#define REPORT_TEXT_MAX (256u << 10)

struct report {
	const char *to;		 /* a local address, with its forwards; an unknown one goes to postmaster */
	const char *subject;	 /* UTF-8 */
	struct slice text;	 /* UTF-8, \n line ends */
	struct slice html;	 /* the same as HTML; may be empty */
	const struct addr *reply_to; /* NULL: postmaster */
	const char *answers;	 /* the Message-ID of the message that it answers; NULL: none */
};

/* The process that reports; all borrowed. */
struct reporter {
	const struct conf *conf;
	const struct spool *spool; /* open */
	const char *session;	   /* its id, "" for none */
};

/* Sends it; the facts become durable with it. */
int report_send(const struct reporter *reporter, const struct report *report, const struct fact *facts, size_t fact_count,
    struct error *error);

/* Reports the beginning of a problem (or a change of its class) to postmaster, once. key and class as in
 * state_problem_set(); what: its name, may be a phrase. details: further lines, may be empty. */
void report_problem(const struct reporter *reporter, const char *key, const char *what, const struct error *problem, struct slice details);
/* Reports its end to postmaster, if it had been reported. */
void report_recovery(const struct reporter *reporter, const char *key, const char *what);

#endif
