/*
 * Requests to release messages from the quarantine: a message to daemon with the subject "release 12345678", or a reply to the list of what was kept
 * back, with the number on a line of its own.
 */
#ifndef LANPOST_MAIL_FILTER_RELEASE_REQUEST_H
#define LANPOST_MAIL_FILTER_RELEASE_REQUEST_H

#include "base/buf.h"

#define RELEASE_MARK "[release]" /* in the subject of a list */
#define RELEASE_NUMBERS_MAX 50

/* Whether this is the subject of such a request. */
bool release_request_is(struct slice subject);
/* Appends the numbers in the subject, or in the text of the message, each with a blank before it. A number is 8 digits, or an id. Returns how
 * many there are. */
size_t release_request_numbers(struct slice subject, struct slice message, struct buf *out);
/* How the request of a user who has logged in waits for the session: nobody else can write such a subject, since release_request_is() finds it. */
void release_request_write(const char *user, struct slice numbers, struct buf *subject);
bool release_request_read(struct slice subject, struct slice *user, struct slice *numbers);

#endif
