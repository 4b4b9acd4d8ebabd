#include "upstream/curl_handle.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>

static void start_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* libcurl's own sockets would otherwise be inherited by commands. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)context, (void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* OpenSSL would handle records without data (TLS 1.3: KeyUpdate) within one call, as long as more of them come: a server
 * that never stops must not exceed our deadlines. Without auto-retry each of them ends a call. */
static CURLcode set_tls(CURL *curl, void *tls, void *context)
{
	(void)curl, (void)context;
	SSL_CTX_clear_mode(tls, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_read_ahead(tls, 0); /* poll() must see what has not been read */
	return CURLE_OK;
}

CURL *curl_handle_new(const char *proxy)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	CURL *curl;

	pthread_once(&once, start_curl);
	curl = curl_easy_init();
	if (curl == NULL)
		return NULL;
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	/* Also if empty: otherwise libcurl would use the environment. */
	curl_easy_setopt(curl, CURLOPT_PROXY, proxy);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
	/* Independent of this computer's OpenSSL settings (RFC 8996). */
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, set_tls);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	return curl;
}
