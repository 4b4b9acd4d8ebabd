/*
 * The addresses by which the PCs of the LAN reach this computer.
 */
#ifndef LANPOST_BASE_LAN_ADDRESS_H
#define LANPOST_BASE_LAN_ADDRESS_H

#include "base/str.h"

/* Adds the private IPv4 addresses (RFC 1918) of interfaces that are up, in their order. Omits addresses that change by
 * themselves or are not of the LAN, so that a certificate with these names stays valid: the line to the provider (public,
 * point to point), IPv6 (temporary addresses), bridges of containers and virtual machines. */
void lan_addresses(struct strlist *out);
/* Whether an interface of that name is a bridge of containers or virtual machines, or leads to one. */
bool lan_is_virtual(const char *interface);
/* Whether the name resolves to one of them, so that it may be shown to others. */
bool lan_knows(const char *name);

#endif
