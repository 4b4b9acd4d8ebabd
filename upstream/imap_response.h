/*
 * Responses of an IMAP server that say something about its mailboxes, and not about a message (RFC 3501 sections 7.1 to 7.3).
 */
#ifndef LANPOST_UPSTREAM_IMAP_RESPONSE_H
#define LANPOST_UPSTREAM_IMAP_RESPONSE_H

#include "upstream/imap_client.h"

/* The response behind "* ". Returns the event, or IMAP_NEED if it says nothing to us. */
enum imap_what imap_response_read(struct imap_client *client, struct slice rest, struct imap_event *event);
/* Behind " FETCH ": the structure of a message. */
enum imap_what imap_response_structure(struct imap_client *client, struct slice attributes, struct imap_event *event);
/* Whether this is the command that the server answers now. */
static inline bool imap_client_is_oldest(const struct imap_client *client, enum imap_command command)
{
	return client->count > 0 && client->pending[client->first].command == command;
}

#endif
