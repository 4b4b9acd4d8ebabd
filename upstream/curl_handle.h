/*
 * A handle of libcurl with what all connections to servers outside have in common, whatever the environment and the settings of OpenSSL on this
 * computer say.
 *
 * The proxy, or none, is the caller's; TLS is 1.2 or newer; commands do not inherit the socket; there are no signals; and a peer that sends records of
 * TLS without data does not keep libcurl from looking at its deadline.
 */
#ifndef LANPOST_UPSTREAM_CURL_HANDLE_H
#define LANPOST_UPSTREAM_CURL_HANDLE_H

#include <curl/curl.h>

/* proxy "": none. The caller calls curl_easy_cleanup(). NULL: out of memory. From any thread. */
CURL *curl_handle_new(const char *proxy);

#endif
