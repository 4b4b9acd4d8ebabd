#include "upstream/oauth2_answer.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "config/endpoint.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define SAID_MAX 240
#define DAY 86400
#define INTERVAL_DEFAULT 5 /* RFC 8628 section 3.2 */
#define INTERVAL_MOST 60
#define CODE_LIFETIME_MOST 3600
#define TOKEN_LIFETIME_MOST DAY
#define REFRESH_LIFETIME_MOST (10 * 366LL * DAY)

/* Copies a text of visible ASCII characters; false if there is none, or one of another kind. */
static bool take(const json_t *object, const char *key, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));
	size_t len = text == NULL ? 0 : strlen(text);

	out[0] = '\0';
	if (len == 0 || len >= size)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	memcpy(out, text, len + 1);
	return true;
}

/* Microsoft writes some numbers as texts. */
static int64_t take_number(const json_t *object, const char *key, int64_t otherwise, int64_t most)
{
	const json_t *value = json_object_get(object, key);
	const char *text = json_string_value(value);
	uint64_t number;

	if (text != NULL)
		return slice_number(slice_of(text), 0, (uint64_t)most, &number) ? (int64_t)number : otherwise;
	if (!json_is_number(value) || json_number_value(value) < 0)
		return otherwise;
	return json_number_value(value) > (double)most ? most : (int64_t)json_number_value(value);
}

/* "invalid_grant: AADSTS70008: ...", of error and the first line of error_description. */
static char *explain(long status, const json_t *object, char *out, size_t size)
{
	const char *code = json_string_value(json_object_get(object, "error"));
	const char *text = json_string_value(json_object_get(object, "error_description"));
	struct slice rest = slice_of(text == NULL ? "" : text), first = slice_trim(slice_cut(&rest, '\n'));
	size_t len;

	if (code == NULL) {
		snprintf(out, size, "HTTP %ld", status);
		return out;
	}
	len = strlen(str_printable(out, size, slice_of(code)));
	if (first.len == 0 || len + sizeof(": ") >= size)
		return out;
	memcpy(out + len, ": ", 2);
	str_printable(out + len + 2, size - len - 2, first);
	return out;
}

static int no_answer(long status, struct error *error)
{
	if (status >= 500 || status == 429)
		return error_set(error, ERROR_TEMPORARY, N_("the provider of the sign-in is not available (HTTP %ld)"), status);
	return error_set(error, ERROR_PROTOCOL, N_("the provider's answer to the sign-in cannot be understood (HTTP %ld)"), status);
}

static bool is_one_of(const char *text, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(text, *list) == 0)
			return true;
	return false;
}

/* What the provider has against the request itself. */
static int refused(long status, const json_t *object, struct error *error)
{
	static const char *const ours[] = {"invalid_client", "unauthorized_client", "invalid_scope", "invalid_request", "unsupported_grant_type", NULL};
	const char *code = json_string_value(json_object_get(object, "error"));
	char said[SAID_MAX];

	if (code == NULL)
		return no_answer(status, error);
	explain(status, object, said, sizeof(said));
	if (is_one_of(code, ours))
		return error_set(error, ERROR_CONFIG, N_("the provider refuses the application (%s); see oauth2_client_id, oauth2_client_secret and oauth2_scope"), said);
	return error_set(error, ERROR_TEMPORARY, N_("the provider refuses the sign-in for now (%s)"), said);
}

static json_t *read_object(struct slice answer)
{
	json_error_t problem;
	json_t *object = answer.len > OAUTH2_ANSWER_MAX ? NULL : json_loadb(answer.len == 0 ? "" : answer.ptr, answer.len, 0, &problem);

	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}

/* Without a user before the host, which would read as the host of another page. Plain HTTP only to this computer, for tests. */
static bool is_page(const char *url)
{
	struct endpoint page = endpoint_of(url);
	bool is_plain = slice_begins_nocase(slice_of(url), "http://"), is_secure = slice_begins_nocase(slice_of(url), "https://");
	bool has_user = page.place.ptr != url + (is_plain ? strlen("http://") : strlen("https://"));

	return page.host.len > 0 && (is_secure || (is_plain && endpoint_is_local(&page))) && !has_user;
}

/* Google calls the page verification_url. */
static bool take_page(const json_t *object, const char *key, const char *other, char *out)
{
	if ((take(object, key, out, OAUTH2_URL_MAX) || take(object, other, out, OAUTH2_URL_MAX)) && is_page(out))
		return true;
	out[0] = '\0';
	return false;
}

static int read_device(long status, const json_t *object, struct oauth2_device *device, struct error *error)
{
	if (status != 200 || json_object_get(object, "error") != NULL)
		return refused(status, object, error);
	take_page(object, "verification_uri_complete", "verification_url_complete", device->page_with_code);
	device->interval = take_number(object, "interval", INTERVAL_DEFAULT, INTERVAL_MOST);
	device->lifetime = take_number(object, "expires_in", 0, CODE_LIFETIME_MOST);
	if (!take(object, "device_code", device->device_code, sizeof(device->device_code)) ||
	    !take(object, "user_code", device->user_code, sizeof(device->user_code)) ||
	    !take_page(object, "verification_uri", "verification_url", device->page) || device->lifetime == 0)
		return no_answer(status, error);
	device->interval = device->interval == 0 ? 1 : device->interval;
	return 0;
}

int oauth2_answer_device(long status, struct slice answer, struct oauth2_device *device, struct error *error)
{
	json_t *object = read_object(answer);
	int result;

	*device = (struct oauth2_device){.interval = INTERVAL_DEFAULT};
	result = object == NULL ? no_answer(status, error) : read_device(status, object, device, error);
	json_decref(object);
	return result;
}

static enum oauth2_result read_tokens(long status, const json_t *object, struct oauth2_tokens *tokens, struct error *error)
{
	const char *type = json_string_value(json_object_get(object, "token_type"));
	const json_t *refresh = json_object_get(object, "refresh_token");

	tokens->lifetime = take_number(object, "expires_in", 0, TOKEN_LIFETIME_MOST);
	tokens->refresh_lifetime = take_number(object, "refresh_token_expires_in", 0, REFRESH_LIFETIME_MOST);
	if (take(object, "access_token", tokens->access, sizeof(tokens->access)) && type != NULL && strcasecmp(type, "bearer") == 0 &&
	    (refresh == NULL || json_is_null(refresh) || take(object, "refresh_token", tokens->refresh, sizeof(tokens->refresh))))
		return OAUTH2_GRANTED;
	no_answer(status, error);
	return OAUTH2_FAILED;
}

static enum oauth2_result read_refusal(long status, const json_t *object, struct error *error)
{
	static const char *const gone[] = {"invalid_grant", "bad_verification_code", "interaction_required", NULL};
	const char *code = json_string_value(json_object_get(object, "error"));
	char said[SAID_MAX];

	if (code == NULL || status >= 500) {
		no_answer(status, error);
		return OAUTH2_FAILED;
	}
	if (strcmp(code, "authorization_pending") == 0)
		return OAUTH2_PENDING;
	if (strcmp(code, "slow_down") == 0)
		return OAUTH2_SLOW_DOWN;
	explain(status, object, said, sizeof(said));
	if (strcmp(code, "access_denied") == 0 || strcmp(code, "authorization_declined") == 0) {
		error_set(error, ERROR_LOGIN, N_("the sign-in was declined on the page of the provider (%s)"), said);
		return OAUTH2_DENIED;
	}
	if (strcmp(code, "expired_token") == 0) {
		error_set(error, ERROR_TEMPORARY, N_("the code was not entered in time; begin again"));
		return OAUTH2_EXPIRED;
	}
	if (is_one_of(code, gone)) {
		error_set(error, ERROR_LOGIN, N_("the provider no longer accepts the sign-in (%s)"), said);
		return OAUTH2_INVALID;
	}
	refused(status, object, error);
	return OAUTH2_FAILED;
}

enum oauth2_result oauth2_answer_token(long status, struct slice answer, struct oauth2_tokens *tokens, struct error *error)
{
	json_t *object = read_object(answer);
	enum oauth2_result result = OAUTH2_FAILED;

	*tokens = (struct oauth2_tokens){.lifetime = 0};
	if (object == NULL)
		no_answer(status, error);
	else if (status == 200 && json_object_get(object, "error") == NULL)
		result = read_tokens(status, object, tokens, error);
	else
		result = read_refusal(status, object, error);
	json_decref(object);
	return result;
}
