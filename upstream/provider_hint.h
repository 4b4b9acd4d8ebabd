/*
 * What large providers want of a login: hints for the admin, also for the most common replies, and who takes no password.
 */
#ifndef LANPOST_UPSTREAM_PROVIDER_HINT_H
#define LANPOST_UPSTREAM_PROVIDER_HINT_H

/* By the server's name and its reply; translated. NULL if there is no hint. */
const char *provider_hint(const char *host, const char *words);
/* The value of oauth2 for a server that takes no password, for which there is a hint; NULL: it takes one, as far as is known. */
const char *provider_hint_oauth2(const char *url);

#endif
