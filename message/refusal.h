/*
 * What a mail server's refusal means, in words for people. A reply may be a phrase (base/phrase.h): one of our own.
 */
#ifndef LANPOST_MESSAGE_REFUSAL_H
#define LANPOST_MESSAGE_REFUSAL_H

#include "base/str.h"

/* Writes "5.1.1" out of a reply such as "550 5.1.1 no such user"; without an enhanced code (RFC 3463) its class alone. */
void refusal_status(const char *reply, char *out, size_t size);
/* Whether it is about an address that does not exist: the sender's own mistake. */
bool refusal_is_about_address(const char *reply);
/* A sentence or two, marked with N_(); NULL where the reply is not one that we know. */
const char *refusal_explain(const char *reply);

#endif
