/* Typed values, each kept as text under its key. */
#include "spool/storage/state_values.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/i18n.h"
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>

#define SESSION "last-session"
#define USAGE "line-usage"
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

int state_usage_put(struct state *state, const json_t *value, struct error *error)
{
	return put_document(state, USAGE, value, error);
}

json_t *state_usage_get(struct state *state)
{
	return get_document(state, USAGE);
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
