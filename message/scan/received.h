/*
 * The last hop of a fetched message outside its provider, from its Received lines (RFC 5321 section 4.4).
 *
 * The address that scanners should judge (SPF, lists of addresses) is that of the server that gave the message to the provider. Each server puts its line on
 * top. So the lines are read from the top for as long as a server of the provider has written them (`by`); the last of these that took the message from
 * outside is the one. What is below it may be forged.
 */
#ifndef LANPOST_MESSAGE_RECEIVED_H
#define LANPOST_MESSAGE_RECEIVED_H

#include "base/str.h"

#include <netinet/in.h>

#define RECEIVED_NAME_MAX 256

struct received_hop {
	struct in6_addr address;
	char helo[RECEIVED_NAME_MAX]; /* what the server called itself; "" if not known */
	char name[RECEIVED_NAME_MAX]; /* its name by DNS, as the provider looked it up; "" if not known */
};

/* trusted: the provider's domains ("example.ru"), whose servers write true lines. Returns false if no such line is found. */
bool received_last_hop(struct slice message, const struct strlist *trusted, struct received_hop *hop);
/* The domains of a provider's servers by the host from which mail is fetched: those of a large provider, else the host's own
 * domain. Appended. */
void received_domains(struct slice host, struct strlist *domains);
/* Whether the line on top, which is our own in a message of our storage, says that it was fetched (POP3, IMAP). */
bool received_is_fetched(struct slice message);
/* The sender that the provider noted (Return-Path). Returns false if there is none; "" is the null sender. */
bool received_sender(struct slice message, char *out, size_t size);

#endif
