/*
 * The addresses by which the PCs of the LAN know this computer.
 */
#ifndef LANPOST_BASE_LAN_ADDRESS_H
#define LANPOST_BASE_LAN_ADDRESS_H

#include "base/str.h"

/* Adds the private IPv4 addresses (RFC 1918) of interfaces that are up, in their order. Left out: what changes by itself or is no
 * business of the LAN, so that a certificate with these names lasts: the line to the provider (public, point to point), IPv6
 * (temporary addresses), bridges of containers and virtual machines. */
void lan_addresses(struct strlist *out);
/* Whether an interface of that name is a bridge of containers or virtual machines, or leads to one. */
bool lan_is_virtual(const char *interface);
/* Whether the name resolves to one of them, so that it may be shown to others. */
bool lan_knows(const char *name);

#endif
