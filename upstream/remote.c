#include "upstream/remote_priv.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/net/deflate.h"
#include "config/endpoint.h"
#include "upstream/curl_handle.h"
#include "upstream/remote_portal.h"

#include <stdlib.h>
#include <unistd.h>

#define HEARD_MAX 16384
#define REST_MAX (128u << 10) /* above one read of a caller */
#define LOGINS_MAX 3 /* connections per login: some servers disconnect after a refusal */

bool remote_is_cancelled(const struct remote *remote)
{
	return remote->cancel != NULL && atomic_load(remote->cancel);
}

/* --- libcurl's output while it connects */

/* The only place where libcurl reports it after a connection is handed over. */
static void note_tls(struct remote *remote, struct slice line)
{
	static const char *const before = "SSL connection using ";
	struct slice version;

	if (!slice_begins_nocase(line, before))
		return;
	line = slice_from(line, strlen(before));
	version = slice_trim(slice_cut(&line, ' '));
	str_printable(remote->tls, sizeof(remote->tls), version);
}

/* libcurl has requested the server's capabilities, but does not return the reply. With a proxy the greeting is not
 * the first line. */
static void note_line(struct remote *remote, struct slice line)
{
	static const char *const greetings[] = {[LOGIN_POP3] = "+OK", [LOGIN_IMAP] = "* ", [LOGIN_SMTP] = "220"};

	if (remote->greeting.len == 0 && !remote->has_web_proxy && remote_portal_is_greeting(line))
		remote->is_web_server = true;
	if (remote->greeting.len == 0 && slice_begins_nocase(line, greetings[remote->protocol]))
		buf_append_slice(&remote->greeting, line);
	buf_append_slice(&remote->heard, line);
	buf_append_text(&remote->heard, "\r\n");
}

static int on_debug(CURL *curl, curl_infotype type, char *data, size_t len, void *context)
{
	struct remote *remote = context;
	struct slice line = slice_trim(slice_make(data, len));

	(void)curl;
	if (type == CURLINFO_TEXT)
		note_tls(remote, line);
	if (type == CURLINFO_HEADER_OUT)
		buf_reset(&remote->heard);
	if (type != CURLINFO_HEADER_IN || line.len == 0)
		return 0;
	note_line(remote, line);
	str_printable(remote->words, sizeof(remote->words), line);
	return 0;
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
    curl_off_t up)
{
	struct remote *remote = context;
	curl_off_t connected = 0;

	(void)down_total, (void)down, (void)up_total, (void)up;
	if (remote_is_cancelled(remote) || remote->is_web_server) /* libcurl would wait for a greeting */
		return 1;
	curl_easy_getinfo(remote->curl, CURLINFO_CONNECT_TIME_T, &connected);
	remote->cannot_connect = connected == 0 && clock_now_ms() > remote->started + remote->connect_ms;
	return remote->cannot_connect;
}

/* --- settings */

/* A CA or a key in the configuration means: only this server. Otherwise an attacker in between could hide STARTTLS. */
static enum conf_tls tls_of(const struct conf_remote *conf)
{
	return conf_remote_names_its_server(conf) ? TLS_REQUIRED : conf->tls;
}

static long use_ssl(enum conf_tls tls)
{
	static const long values[] = {
	    [TLS_REQUIRED] = CURLUSESSL_ALL,
	    [TLS_OPPORTUNISTIC] = CURLUSESSL_TRY,
	    [TLS_NONE] = CURLUSESSL_NONE,
	};

	return values[tls];
}

/* An attacker who can present a wrong certificate can also hide STARTTLS: an opportunistic connection that required a
 * valid one would only fail where it could have been encrypted (RFC 7435). */
static bool trusts_anybody(const struct conf_remote *conf, bool tls_from_start)
{
	return tls_of(conf) == TLS_OPPORTUNISTIC && !tls_from_start;
}

static void set_trust(struct remote *remote, const struct conf_remote *conf)
{
	bool pin_alone = conf->pin_sha256[0] != '\0' && conf->ca_file[0] == '\0';
	bool verify = !pin_alone && !trusts_anybody(conf, remote->is_secure);
	CURL *curl = remote->curl;
	char *pin;

	remote->is_verified = verify || pin_alone;
	curl_easy_setopt(curl, CURLOPT_USE_SSL, use_ssl(tls_of(conf)));
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
	if (conf->ca_file[0] != '\0')
		curl_easy_setopt(curl, CURLOPT_CAINFO, conf->ca_file);
	if (conf->pin_sha256[0] == '\0')
		return;
	pin = xasprintf("%s%s", strncmp(conf->pin_sha256, "sha256//", 8) == 0 ? "" : "sha256//",
	    conf->pin_sha256);
	curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, pin);
	free(pin);
}

static void set_url(struct remote *remote, const struct remote_options *options)
{
	const char *url = options->remote->url;
	struct slice place = endpoint_of(url).place;
	const char *end = place.ptr + place.len;
	char *full;

	/* libcurl sends the path after EHLO. */
	full = xasprintf("%.*s/%s", (int)(end - url), url,
	    remote->protocol == LOGIN_SMTP ? options->hostname : "");
	curl_easy_setopt(remote->curl, CURLOPT_URL, full);
	free(full);
}

static int close_socket(void *context, curl_socket_t socket)
{
	remote_count_end(context, socket);
	return close(socket);
}

static void set_options(struct remote *remote, const struct remote_options *options)
{
	CURL *curl = remote->curl;

	set_url(remote, options);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "pop3,pop3s,imap,imaps,smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(curl, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	curl_easy_setopt(curl, CURLOPT_CLOSESOCKETDATA, remote);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)REMOTE_LOGIN_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)REMOTE_LOGIN_MS);
	if (options->timeout > 0)
		curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)options->timeout);
	curl_easy_setopt(curl, CURLOPT_HTTPPROXYTUNNEL, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, remote->curl_text);
	curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(curl, CURLOPT_DEBUGDATA, remote);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, remote);
	set_trust(remote, options->remote);
}

/* --- life */

static enum login_protocol protocol_of(const struct endpoint *server)
{
	return server->protocol == ENDPOINT_SMTP ? LOGIN_SMTP : server->protocol == ENDPOINT_IMAP ? LOGIN_IMAP : LOGIN_POP3;
}

static struct remote *new_remote(const struct remote_options *options)
{
	struct remote *made = xcalloc(1, sizeof(*made));
	struct endpoint server = endpoint_of(options->remote->url);

	made->host = slice_dup(server.place);
	made->is_secure = server.tls;
	made->protocol = protocol_of(&server);
	made->connect_ms = options->remote->connect_timeout * 1000;
	made->reply_ms = options->timeout * 1000;
	made->cancel = options->cancel;
	made->wire = options->wire;
	made->has_web_proxy = strncasecmp(options->proxy, "http", 4) == 0;
	made->counted_fd = CURL_SOCKET_BAD;
	buf_init(&made->greeting, LOGIN_LINE_MAX);
	buf_init(&made->heard, HEARD_MAX);
	buf_init(&made->capabilities, LOGIN_LINE_MAX);
	buf_init(&made->rest, REST_MAX);
	buf_init(&made->out, SIZE_MAX / 4); /* bounded by what the caller sends at once */
	return made;
}

static void hang_up(struct remote *remote)
{
	if (remote->curl == NULL)
		return;
	/* libcurl's QUIT would wait for a reply on a connection that may be dead. */
	curl_easy_setopt(remote->curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, 1L);
	curl_easy_cleanup(remote->curl);
	remote->curl = NULL;
}

static int connect_remote(struct remote *remote, const struct remote_options *options, struct error *error)
{
	CURLcode code;

	remote->started = clock_now_ms();
	remote->is_web_server = false;
	buf_reset(&remote->greeting);
	buf_reset(&remote->heard);
	buf_reset(&remote->capabilities);
	remote->curl = curl_handle_new(options->proxy);
	if (remote->curl == NULL)
		return error_set(error, ERROR_TEMPORARY, N_("libcurl: out of memory"));
	set_options(remote, options);
	code = curl_easy_perform(remote->curl);
	if (options->report != NULL)
		remote_fill_report(remote, code, options->report);
	if (code != CURLE_OK || remote->is_web_server)
		return remote_connect_failed(remote, code, error);
	remote_portal_note_server();
	return 0;
}

static enum remote_login connect_and_log_in(struct remote *remote, const struct remote_options *options, struct login *login,
    struct error *error)
{
	enum remote_login result;

	if (connect_remote(remote, options, error) != 0)
		return REMOTE_LOGIN_FAILED;
	if (login == NULL || slice_begins_nocase(buf_slice(&remote->greeting), "* PREAUTH"))
		return REMOTE_LOGGED_IN;
	login_set_private(login, remote->is_verified && remote->tls[0] != '\0');
	result = remote_log_in(remote, login, error);
	if (options->report != NULL) {
		options->report->step = result == REMOTE_LOGGED_IN ? REMOTE_READY : REMOTE_LOGIN;
		options->report->way = login_way(login);
		options->report->refused = login_refused_way(login);
	}
	if (result == REMOTE_LOGGED_IN && options->known != NULL)
		*options->known = login_way(login);
	if (result == REMOTE_LOGIN_AGAIN)
		hang_up(remote);
	return result;
}

/* Stores the password, or its keeper, in settings. */
static int open_secret(const struct remote_options *options, struct login_settings *settings, char **secret,
    struct login_keeper *keeper, struct error *error)
{
	const struct remote_secrets *secrets = options->secrets;

	if (options->secret != NULL) {
		settings->secret = options->secret;
		return 0;
	}
	if (secrets == NULL) {
		if (conf_remote_password(options->remote, options->cancel, secret, error) != 0)
			return -1;
		settings->secret = *secret;
		return 0;
	}
	settings->keeper = keeper;
	if (secrets->open(secrets->context, options->remote, options->cancel, keeper, error) != 0)
		return -1;
	if (options->wire != NULL) {
		atomic_fetch_add(&options->wire->received, keeper->received);
		atomic_fetch_add(&options->wire->sent, keeper->sent);
	}
	return 0;
}

static void close_secret(const struct remote_options *options, char *secret, struct login_keeper *keeper, bool was_refused)
{
	if (options->secrets != NULL && options->secret == NULL)
		options->secrets->close(keeper, was_refused);
	conf_secret_free(secret);
}

static int open_remote(struct remote *remote, const struct remote_options *options, struct error *error)
{
	const struct conf_remote *conf = options->remote;
	struct login_settings settings = {
	    .protocol = remote->protocol,
	    .host = remote->host,
	    .user = conf->user,
	    .is_token = conf_remote_has_token(conf),
	    .auth = conf->auth,
	    .known = options->known == NULL ? AUTH_AUTO : *options->known,
	};
	struct login *login = NULL;
	struct login_keeper keeper;
	char *secret = NULL;
	enum remote_login result = REMOTE_LOGIN_AGAIN;

	if (conf->user[0] != '\0') {
		if (open_secret(options, &settings, &secret, &keeper, error) != 0)
			return -1;
		login = login_new(&settings);
	}
	for (int i = 0; i < LOGINS_MAX && result == REMOTE_LOGIN_AGAIN; i++)
		result = connect_and_log_in(remote, options, login, error);
	if (result == REMOTE_LOGIN_AGAIN)
		remote_error(remote, REMOTE_CLOSED, N_("logging in"), error);
	if (login != NULL)
		close_secret(options, secret, &keeper, result != REMOTE_LOGGED_IN && error->class == ERROR_LOGIN);
	login_free(login);
	return result == REMOTE_LOGGED_IN ? 0 : -1;
}

int remote_open(struct remote **remote, const struct remote_options *options, struct error *error)
{
	struct remote *made = new_remote(options);

	*remote = NULL;
	if (open_remote(made, options, error) != 0) {
		remote_close(made);
		return -1;
	}
	*remote = made;
	return 0;
}

void remote_close(struct remote *remote)
{
	if (remote == NULL)
		return;
	hang_up(remote);
	buf_clear(&remote->greeting);
	buf_clear(&remote->heard);
	buf_clear(&remote->capabilities);
	buf_clear(&remote->rest);
	buf_clear(&remote->out);
	deflate_free(remote->deflate);
	free(remote->host);
	free(remote);
}

const char *remote_host(const struct remote *remote)
{
	return remote->host;
}

struct slice remote_hello(const struct remote *remote)
{
	return buf_slice(&remote->heard);
}

struct slice remote_capabilities(const struct remote *remote)
{
	return buf_slice(&remote->capabilities);
}

/* --- failures */

int remote_error(const struct remote *remote, enum remote_result result, const char *doing,
    struct error *error)
{
	static const struct {
		enum error_class class;
		const char *format;
	} breaks[] = {
	    [REMOTE_TIMEOUT] = {ERROR_TEMPORARY, N_("%s: timed out (%s)")},
	    [REMOTE_CANCELLED] = {ERROR_CANCELLED, N_("%s: cancelled (%s)")},
	    [REMOTE_CLOSED] = {ERROR_TEMPORARY, N_("%s: connection lost (%s)")},
	    [REMOTE_GARBLED] = {ERROR_TEMPORARY, N_("%s: the compressed data is damaged (%s)")},
	};
	if (result == REMOTE_OK)
		result = REMOTE_CLOSED;
	return error_set(error, breaks[result].class, breaks[result].format, remote->host, PHRASE_WORD(doing));
}
