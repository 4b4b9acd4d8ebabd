/* How far a connection attempt came, and why it failed: an error for the admin, by libcurl's code and the server's last words. */
#include "upstream/remote_priv.h"

#include "base/i18n.h"
#include "base/log.h"
#include "upstream/remote_portal.h"
#include "upstream/remote_reason.h"

#include <errno.h>
#include <stdio.h>

/* Response codes of RFC 2449, RFC 3206 and RFC 5530; SMTP replies 4xx. */
static bool is_temporary_reply(const struct remote *remote)
{
	const char *words = remote->words;

	if (remote->protocol == LOGIN_SMTP)
		return words[0] == '4';
	return strcasestr(words, "[SYS/TEMP") != NULL || strcasestr(words, "[IN-USE]") != NULL ||
	       strcasestr(words, "[INUSE]") != NULL || strcasestr(words, "[LOGIN-DELAY]") != NULL ||
	       strcasestr(words, "[UNAVAILABLE]") != NULL;
}

static bool is_refusal(const struct remote *remote)
{
	const char *words = remote->words;

	if (remote->protocol == LOGIN_SMTP)
		return words[0] == '4' || words[0] == '5';
	if (remote->protocol == LOGIN_POP3)
		return strncasecmp(words, "-ERR", 4) == 0;
	words += strcspn(words, " "); /* the tag */
	return strncasecmp(words, " NO", 3) == 0 || strncasecmp(words, " BAD", 4) == 0 ||
	       strncasecmp(words, " BYE", 4) == 0;
}

static int tls_refused(const struct remote *remote, struct error *error)
{
	if (is_refusal(remote) && is_temporary_reply(remote))
		return error_set(error, ERROR_TEMPORARY, N_("%s temporarily refuses TLS: %s"),
		    remote->host, remote->words);
	return error_set(error, ERROR_PERMANENT,
	    N_("%s does not offer TLS, and nothing was sent without encryption: see tls and url of "
	       "this server"),
	    remote->host);
}

/* libcurl names a connection that breaks in the handshake as an error of TLS; OpenSSL has only "SYSCALL" or an end of file. */
static bool is_broken_handshake(const struct remote *remote, CURLcode code)
{
	long number = 0;

	if (code != CURLE_SSL_CONNECT_ERROR)
		return false;
	curl_easy_getinfo(remote->curl, CURLINFO_OS_ERRNO, &number);
	return number == ECONNRESET || number == EPIPE || strstr(remote->curl_text, "SSL_ERROR_SYSCALL") != NULL ||
	       strstr(remote->curl_text, "onnection reset") != NULL || strcasestr(remote->curl_text, "unexpected eof") != NULL;
}

static int explain(const struct remote *remote, CURLcode code, struct error *error)
{
	const char *why = PHRASE_WORD(remote_reason(remote->curl, code));

	log_info("event=connect-failed host=%s code=%d reason=%s", LOG_CSTR(remote->host), (int)code,
	    LOG_CSTR(remote->curl_text[0] != '\0' ? remote->curl_text : curl_easy_strerror(code)));
	if (is_broken_handshake(remote, code))
		return error_set(error, ERROR_TEMPORARY, N_("%s: connection lost (%s)"), remote->host, PHRASE_WORD(N_("beginning TLS")));
	switch (code) {
	case CURLE_USE_SSL_FAILED:
		return tls_refused(remote, error);
	case CURLE_PEER_FAILED_VERIFICATION:
		return error_set(error, ERROR_PERMANENT,
		    N_("the certificate of %s cannot be trusted: %s (see ca_file and pin_sha256)"),
		    remote->host, why);
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return error_set(error, ERROR_PERMANENT,
		    N_("the key of the certificate of %s does not match pin_sha256"),
		    remote->host);
	case CURLE_SSL_CACERT_BADFILE:
		return error_set(error, ERROR_CONFIG, N_("%s: cannot use ca_file: %s"),
		    remote->host, why);
	case CURLE_SSL_CONNECT_ERROR:
		return error_set(error, ERROR_PERMANENT,
		    N_("TLS with %s failed: %s (check the port and the certificate)"),
		    remote->host, why);
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		return error_set(error, ERROR_CONFIG, N_("%s: cannot use url: %s"),
		    remote->host, why);
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_PROXY:
		return error_set(error, ERROR_TEMPORARY, N_("cannot connect to %s: %s"),
		    remote->host, why);
	default:
		break;
	}
	if (is_refusal(remote))
		return error_set(error, ERROR_TEMPORARY, N_("%s refuses the connection: %s"),
		    remote->host, remote->words);
	return error_set(error, ERROR_TEMPORARY, N_("cannot connect to %s: %s"), remote->host, why);
}

int remote_connect_failed(const struct remote *remote, CURLcode code, struct error *error)
{
	if (remote_is_cancelled(remote))
		return error_set(error, ERROR_CANCELLED, N_("the connection attempt to %s was cancelled"),
		    remote->host);
	if (remote->is_web_server || remote_reason_is_name(remote->curl, code))
		remote_portal_note_sign();
	if (remote->is_web_server)
		return error_set(error, ERROR_PERMANENT,
		    N_("%s answers as a web server, not as a mail server. Check url, or log in to the captive portal of the line."),
		    remote->host);
	if (remote->cannot_connect)
		return error_set(error, ERROR_TEMPORARY,
		    N_("cannot connect to %s: no reply within %d seconds"), remote->host,
		    (int)(remote->connect_ms / 1000));
	return explain(remote, code, error);
}

static enum remote_step step_reached(const struct remote *remote, CURLcode code)
{
	curl_off_t connected = 0;

	switch (code) {
	case CURLE_OK:
		return REMOTE_READY;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_URL_MALFORMAT:
		return REMOTE_NAME;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_USE_SSL_FAILED:
		return REMOTE_TLS;
	default:
		curl_easy_getinfo(remote->curl, CURLINFO_CONNECT_TIME_T, &connected);
		return connected == 0 || remote->cannot_connect ? REMOTE_CONNECT : REMOTE_LOGIN;
	}
}

void remote_fill_report(const struct remote *remote, CURLcode code, struct remote_report *report)
{
	char *address = NULL;

	*report = (struct remote_report){.step = step_reached(remote, code)};
	if (curl_easy_getinfo(remote->curl, CURLINFO_PRIMARY_IP, &address) == CURLE_OK && address != NULL)
		snprintf(report->address, sizeof(report->address), "%s", address);
	snprintf(report->tls, sizeof(report->tls), "%s", remote->tls);
}
