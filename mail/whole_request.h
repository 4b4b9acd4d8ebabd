/*
 * Requests for the whole messages of stubs, of messages above max_size and of those whose attachments come later: a mail program makes them by IMAP, the
 * admin by a verb. A request is mail to daemon, as a reply to the stub would be: durable, and the next session answers it. The whole message takes the
 * place of the stub.
 */
#ifndef LANPOST_MAIL_WHOLE_REQUEST_H
#define LANPOST_MAIL_WHOLE_REQUEST_H

#include "config/conf.h"
#include "spool/storage/storage.h"

#define WHOLE_REQUESTS_MAX 1000 /* of one command */

struct whole_request {
	const struct conf *conf;
	const struct spool *spool; /* with an intake */
	const char *session;	   /* for the journal; "" if there is none */
	const char *asks;	   /* the user who gets a report if a message cannot be fetched */
	const char *mailbox;	   /* where the stubs are; its user gets the whole messages */
};

/* Requests the whole messages of the stubs with these ids, at most WHOLE_REQUESTS_MAX: all or, after an error, none. Durable when it returns 0. */
int whole_request_write(const struct whole_request *request, const struct strlist *ids, struct error *error);

#endif
