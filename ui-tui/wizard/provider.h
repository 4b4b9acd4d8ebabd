/*
 * Large providers: finds the servers for a mail address.
 */
#ifndef LANPOST_UI_TUI_PROVIDER_H
#define LANPOST_UI_TUI_PROVIDER_H

#include "base/str.h"

struct provider {
	const char *name;
	const char *domains; /* separated by blanks */
	const char *fetch, *send; /* URLs */
};

/* By the domain of an address, NULL if unknown. */
const struct provider *provider_of(struct slice address);
/* A guess for any other domain, from the beginning of the URL and the port: "pop3s://pop" and 995 give
 * "pop3s://pop.example.ru:995". New memory; NULL if the address has no domain. */
char *provider_guess(struct slice address, const char *begin, int port);

#endif
