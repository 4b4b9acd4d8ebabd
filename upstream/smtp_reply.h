/*
 * The reply of an SMTP server: its code and its text.
 */
#ifndef LANPOST_UPSTREAM_SMTP_REPLY_H
#define LANPOST_UPSTREAM_SMTP_REPLY_H

#include <stdbool.h>

#define SMTP_REPLY_TEXT 256

struct smtp_reply {
	int code;		    /* 0: none received */
	char text[SMTP_REPLY_TEXT]; /* code and text, its lines joined, printable */
};

/* Copies a reply; for a result that the gateway decides itself. */
void smtp_reply_set(struct smtp_reply *reply, int code, const char *text);
/* Whether a refusal concerns the connection (such as too many connections), not the message: 432, 421 4.3.2 and
 * 4.7.0. */
bool smtp_reply_is_of_connection(const struct smtp_reply *reply);
static inline bool smtp_reply_ok(const struct smtp_reply *reply)
{
	return reply->code >= 200 && reply->code < 300;
}
static inline bool smtp_reply_is_permanent(const struct smtp_reply *reply)
{
	return reply->code >= 500;
}

#endif
