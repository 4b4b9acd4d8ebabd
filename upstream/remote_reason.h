/*
 * Why libcurl could not connect, as texts that can be translated: its own texts are English, and go into
 * the log.
 */
#ifndef LANPOST_UPSTREAM_REMOTE_REASON_H
#define LANPOST_UPSTREAM_REMOTE_REASON_H

#include <curl/curl.h>
#include <stdbool.h>

/* A word marked with N_(), for PHRASE_WORD(). curl: the handle that failed. */
const char *remote_reason(CURL *curl, CURLcode code);

/* Whether the reason is a certificate that was issued for another name. */
bool remote_reason_is_name(CURL *curl, CURLcode code);

#endif
