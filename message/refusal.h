/*
 * Explains a mail server's refusal to people. A reply may be a phrase (base/phrase.h): one of our own.
 */
#ifndef LANPOST_MESSAGE_REFUSAL_H
#define LANPOST_MESSAGE_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>

/* Writes "5.1.1" out of a reply such as "550 5.1.1 no such user"; only its class if there is no enhanced code (RFC
 * 3463). */
void refusal_status(const char *reply, char *out, size_t size);
/* Whether the reply means that the address does not exist: the sender's own mistake. */
bool refusal_is_about_address(const char *reply);
/* One or two sentences, marked with N_(); NULL if the reply is not known. */
const char *refusal_explain(const char *reply);

#endif
