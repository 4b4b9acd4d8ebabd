/* Typed values, each kept as text under its key. */
#include "spool/storage/state_values.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/i18n.h"
#include "base/str.h"
#include "spool/state/state_priv.h"

#include <errno.h>
#include <stdlib.h>

#define SESSION "last-session"
#define USAGE_BEFORE "line-usage" /* of older versions: their last month */
#define USAGE_DAY "usage-day "
#define USAGE_MONTH "usage-month "
#define TROUBLE "log-trouble"

/* --- numbers, apart by blanks */

static int parse_numbers(struct slice text, int64_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!slice_integer(slice_cut(&text, ' '), &numbers[i]))
			return (int)i;
	}
	return (int)count;
}

int state_numbers_get(struct state *state, const char *key, int64_t *numbers, size_t count, struct error *error)
{
	char *text = NULL;
	int known;

	for (size_t i = 0; i < count; i++)
		numbers[i] = 0;
	if (state_get(state, key, &text, error) != 0)
		return -1;
	known = text == NULL ? 0 : parse_numbers(slice_of(text), numbers, count);
	free(text);
	return known;
}

int state_numbers_put(struct state *state, const char *key, const int64_t *numbers, size_t count, struct error *error)
{
	struct buf text = BUF_INIT(32 * STATE_NUMBERS_MAX);
	int result;

	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s%lld", i == 0 ? "" : " ", (long long)numbers[i]);
	result = state_set(state, key, buf_text(&text), error);
	buf_clear(&text);
	return result;
}

/* --- results of sessions, as JSON */

static int put_document(struct state *state, const char *key, const json_t *value, struct error *error)
{
	char *text = json_dumps(value, JSON_COMPACT);
	int result = text == NULL ? error_set(error, ERROR_TEMPORARY, N_("cannot use state.db: %s"), PHRASE_WORD(error_errno_word(ENOMEM)))
				  : state_set(state, key, text, error);

	free(text);
	return result;
}

static json_t *get_document(struct state *state, const char *key)
{
	struct error error;
	char *text = NULL;
	json_t *value = NULL;

	if (state != NULL && state_get(state, key, &text, &error) == 0 && text != NULL)
		value = json_loads(text, 0, NULL);
	free(text);
	return value;
}

int state_session_put(struct state *state, const json_t *value, struct error *error)
{
	return put_document(state, SESSION, value, error);
}

json_t *state_session_get(struct state *state)
{
	return get_document(state, SESSION);
}

int state_session_account_put(struct state *state, const char *account, const json_t *value, struct error *error)
{
	char *key = xasprintf("account %s", account);
	int result = put_document(state, key, value, error);

	free(key);
	return result;
}

json_t *state_session_account_get(struct state *state, const char *account)
{
	char *key = xasprintf("account %s", account);
	json_t *value = get_document(state, key);

	free(key);
	return value;
}

static char *usage_key(int64_t period)
{
	return xasprintf("%s%lld", period < 1000000 ? USAGE_MONTH : USAGE_DAY, (long long)period);
}

int state_usage_put(struct state *state, int64_t period, const json_t *value, struct error *error)
{
	char *key = usage_key(period);
	int result = put_document(state, key, value, error);

	free(key);
	return result;
}

json_t *state_usage_get(struct state *state, int64_t period)
{
	char *key = usage_key(period);
	json_t *value = get_document(state, key);

	free(key);
	if (value != NULL)
		return value;
	value = get_document(state, USAGE_BEFORE);
	if (json_is_integer(json_object_get(value, "month")) && json_integer_value(json_object_get(value, "month")) == period)
		return value;
	json_decref(value);
	return NULL;
}

/* Keys with numbers of one length are in the order of the numbers. */
static int expire(struct state *state, const char *first, int64_t oldest, struct error *error)
{
	char *end = usage_key(oldest);
	int result = state_finish(state, state_statement(state, error, "DELETE FROM value WHERE key >= ? AND key < ?", "tt", first, end), error);

	free(end);
	return result;
}

int state_usage_expire(struct state *state, int64_t oldest_day, int64_t oldest_month, struct error *error)
{
	return expire(state, USAGE_DAY, oldest_day, error) == 0 ? expire(state, USAGE_MONTH, oldest_month, error) : -1;
}

/* --- trouble of the log */

int state_trouble_put(struct state *state, const char *why, struct error *error)
{
	return state_set(state, TROUBLE, why == NULL ? "" : why, error);
}

int state_trouble_get(struct state *state, char **why, struct error *error)
{
	if (state_get(state, TROUBLE, why, error) != 0)
		return -1;
	if (*why != NULL && (*why)[0] == '\0') {
		free(*why);
		*why = NULL;
	}
	return 0;
}
