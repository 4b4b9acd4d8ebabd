/*
 * Hints for the admin when a large provider refuses the login: the most common replies and their solutions.
 */
#ifndef LANPOST_UPSTREAM_PROVIDER_HINT_H
#define LANPOST_UPSTREAM_PROVIDER_HINT_H

/* By the server's name and its reply; translated. NULL if there is no hint. */
const char *provider_hint(const char *host, const char *words);

#endif
