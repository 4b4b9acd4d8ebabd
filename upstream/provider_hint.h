/*
 * What the admin of a small office must do when a large provider refuses the login: the commonest answers and their cures.
 */
#ifndef LANPOST_UPSTREAM_PROVIDER_HINT_H
#define LANPOST_UPSTREAM_PROVIDER_HINT_H

/* By the server's name and its own words; translated. NULL where nothing is known. */
const char *provider_hint(const char *host, const char *words);

#endif
