#include "upstream/oauth2.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "config/endpoint.h"
#include "upstream/curl_handle.h"
#include "upstream/remote_priv.h"
#include "upstream/remote_reason.h"

#include <stdlib.h>
#include <unistd.h>

#define FORM_MAX (32u << 10)

/* --- providers */

static const struct {
	const char *device_url, *token_url, *scope;
	int64_t refresh_lifetime;
} providers[] = {
    [OAUTH2_NONE] = {"", "", "", 0},
    [OAUTH2_OWN] = {"", "", "", 0},
    [OAUTH2_MICROSOFT] = {"https://login.microsoftonline.com/common/oauth2/v2.0/devicecode",
	"https://login.microsoftonline.com/common/oauth2/v2.0/token",
	"offline_access https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/POP.AccessAsUser.All "
	"https://outlook.office.com/SMTP.Send",
	90 * 86400},
    [OAUTH2_GOOGLE] = {"https://oauth2.googleapis.com/device/code", "https://oauth2.googleapis.com/token", "https://mail.google.com/", 0},
};

static const char *or_known(const char *configured, const char *known)
{
	return configured[0] != '\0' ? configured : known;
}

struct oauth2_client oauth2_client_of(const struct conf_remote *remote, const char *proxy)
{
	return (struct oauth2_client){
	    .device_url = or_known(remote->oauth2_device_url, providers[remote->oauth2].device_url),
	    .token_url = or_known(remote->oauth2_token_url, providers[remote->oauth2].token_url),
	    .scope = or_known(remote->oauth2_scope, providers[remote->oauth2].scope),
	    .id = remote->oauth2_client_id,
	    .secret = "",
	    .ca_file = remote->ca_file,
	    .proxy = proxy,
	    .refresh_lifetime = providers[remote->oauth2].refresh_lifetime,
	};
}

/* --- one request */

struct request {
	const struct oauth2_client *client;
	CURL *curl;
	struct buf form, answer;
	long status;
	int64_t deadline;
};

static void add(struct request *request, const char *key, const char *value)
{
	char *escaped;

	if (value[0] == '\0')
		return;
	escaped = curl_easy_escape(request->curl, value, (int)strlen(value));
	if (escaped == NULL)
		abort(); /* out of memory */
	buf_printf(&request->form, "%s%s=%s", request->form.len > 0 ? "&" : "", key, escaped);
	explicit_bzero(escaped, strlen(escaped));
	curl_free(escaped);
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
	struct request *request = context;

	return buf_append(&request->answer, bytes, size * count) == 0 ? size * count : 0;
}

/* libcurl's own time limit does not count all that a peer can make last. */
static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	const struct request *request = context;

	(void)down_total, (void)down, (void)up_total, (void)up;
	return (request->client->cancel != NULL && atomic_load(request->client->cancel)) || clock_left_ms(request->deadline) == 0;
}

static int close_socket(void *context, curl_socket_t socket)
{
	const struct request *request = context;
	struct remote_bytes bytes;

	if (request->client->bytes != NULL && remote_socket_bytes(socket, &bytes)) {
		request->client->bytes->received += bytes.received;
		request->client->bytes->sent += bytes.sent;
	}
	return close(socket);
}

static void set_options(struct request *request, const char *url)
{
	struct endpoint server = endpoint_of(url);
	CURL *curl = request->curl;

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, endpoint_is_local(&server) ? "https,http" : "https");
	if (request->client->ca_file[0] != '\0')
		curl_easy_setopt(curl, CURLOPT_CAINFO, request->client->ca_file);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, buf_text(&request->form));
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request->form.len);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)OAUTH2_REQUEST_MS);
	curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)OAUTH2_ANSWER_MAX);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, request);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, request);
	curl_easy_setopt(curl, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	curl_easy_setopt(curl, CURLOPT_CLOSESOCKETDATA, request);
}

static int failed(const struct request *request, const char *url, CURLcode code, struct error *error)
{
	struct endpoint server = endpoint_of(url);

	if (request->client->cancel != NULL && atomic_load(request->client->cancel))
		return error_set(error, ERROR_CANCELLED, N_("cancelled"));
	if (code == CURLE_WRITE_ERROR || code == CURLE_FILESIZE_EXCEEDED)
		return error_set(error, ERROR_PROTOCOL, N_("the answer of %.*s is too long"), SLICE_PRINT(server.place));
	if (code == CURLE_ABORTED_BY_CALLBACK)
		code = CURLE_OPERATION_TIMEDOUT;
	return error_set(error, code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ? ERROR_PERMANENT : ERROR_TEMPORARY,
	    N_("the provider of the sign-in, %.*s, was not reached: %s"), SLICE_PRINT(server.place), PHRASE_WORD(remote_reason(request->curl, code)));
}

static void begin(struct request *request, const struct oauth2_client *client)
{
	*request = (struct request){
	    .client = client,
	    .curl = curl_handle_new(client->proxy),
	    .form = BUF_SECRET(FORM_MAX),
	    .answer = BUF_SECRET(OAUTH2_ANSWER_MAX),
	    .deadline = clock_now_ms() + OAUTH2_REQUEST_MS,
	};
	if (request->curl == NULL)
		abort(); /* out of memory */
	add(request, "client_id", client->id);
	add(request, "client_secret", client->secret);
}

static int perform(struct request *request, const char *url, struct error *error)
{
	CURLcode code;

	set_options(request, url);
	code = curl_easy_perform(request->curl);
	if (code != CURLE_OK)
		return failed(request, url, code, error);
	curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &request->status);
	return 0;
}

static void end(struct request *request)
{
	curl_easy_cleanup(request->curl);
	buf_clear(&request->form);
	buf_clear(&request->answer);
}

/* --- the three kinds */

int oauth2_begin(const struct oauth2_client *client, struct oauth2_device *device, struct error *error)
{
	struct request request;
	int result;

	begin(&request, client);
	add(&request, "scope", client->scope);
	result = perform(&request, client->device_url, error);
	if (result == 0)
		result = oauth2_answer_device(request.status, buf_slice(&request.answer), device, error);
	end(&request);
	return result;
}

static enum oauth2_result get_tokens(struct request *request, struct oauth2_tokens *tokens, struct error *error)
{
	enum oauth2_result result = OAUTH2_FAILED;

	if (perform(request, request->client->token_url, error) == 0)
		result = oauth2_answer_token(request->status, buf_slice(&request->answer), tokens, error);
	end(request);
	return result;
}

enum oauth2_result oauth2_poll(const struct oauth2_client *client, const char *device_code, struct oauth2_tokens *tokens, struct error *error)
{
	struct request request;

	begin(&request, client);
	add(&request, "grant_type", "urn:ietf:params:oauth:grant-type:device_code");
	add(&request, "device_code", device_code);
	return get_tokens(&request, tokens, error);
}

enum oauth2_result oauth2_refresh(const struct oauth2_client *client, const char *refresh, struct oauth2_tokens *tokens, struct error *error)
{
	struct request request;

	begin(&request, client);
	add(&request, "grant_type", "refresh_token");
	add(&request, "refresh_token", refresh);
	add(&request, "scope", client->scope);
	return get_tokens(&request, tokens, error);
}
