#include "upstream/scanner/rspamd.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static void add_line(struct strlist *lines, const char *name, const char *value)
{
	char *line;

	if (value[0] == '\0')
		return;
	line = xasprintf("%s: %s", name, value);
	strlist_add(lines, line);
	free(line);
}

void rspamd_lines(const struct scan_facts *facts, struct strlist *lines)
{
	add_line(lines, "Queue-Id", facts->id);
	add_line(lines, "IP", facts->address);
	add_line(lines, "Helo", facts->helo);
	add_line(lines, "Hostname", facts->name);
	add_line(lines, "From", facts->sender);
	add_line(lines, "User", facts->user);
	for (size_t i = 0; i < facts->recipients.count; i++)
		add_line(lines, "Rcpt", facts->recipients.items[i]);
}

static void add_symbol(const char *name, struct scan_verdict *verdict)
{
	size_t used = strlen(verdict->symbols), room = sizeof(verdict->symbols) - used;

	if (strlen(name) + 2 > room)
		return;
	if (used > 0)
		verdict->symbols[used++] = ',';
	str_printable(verdict->symbols + used, sizeof(verdict->symbols) - used, slice_of(name));
}

/* Those that counted come first: others may not fit. */
static void add_symbols(const json_t *symbols, bool counted, struct scan_verdict *verdict)
{
	const char *name;
	json_t *symbol;

	json_object_foreach((json_t *)(uintptr_t)symbols, name, symbol)
		if ((json_number_value(json_object_get(symbol, "score")) != 0) == counted)
			add_symbol(name, verdict);
}

static bool read_score(const json_t *score, struct scan_verdict *verdict)
{
	double points = json_number_value(score), most = SCAN_SCORE_MAX / 1000.0 - 1;

	if (!json_is_number(score))
		return false;
	points = points > most ? most : points < -most ? -most : points;
	verdict->score = (int64_t)(points * 1000 + (points < 0 ? -0.5 : 0.5));
	return true;
}

int rspamd_read(struct slice answer, struct scan_verdict *verdict, struct error *error)
{
	json_error_t problem;
	json_t *object = json_loadb(answer.len == 0 ? "" : answer.ptr, answer.len, JSON_REJECT_DUPLICATES, &problem);
	const json_t *symbols = json_object_get(object, "symbols");
	int result = 0;

	*verdict = (struct scan_verdict){.looked = SCAN_SPAM};
	if (!json_is_object(object))
		result = error_set(error, ERROR_PROTOCOL, N_("the scanner's answer is not JSON"));
	else if (json_is_string(json_object_get(object, "error")))
		result = error_set(error, ERROR_PROTOCOL, N_("the scanner replied: %s"), json_string_value(json_object_get(object, "error")));
	else if (!read_score(json_object_get(object, "score"), verdict))
		result = error_set(error, ERROR_PROTOCOL, N_("the scanner's reply is not complete"));
	if (result == 0 && json_is_object(symbols)) {
		add_symbols(symbols, true, verdict);
		add_symbols(symbols, false, verdict);
	}
	json_decref(object);
	return result;
}

/* "error" of the answer, or its status. */
static char *explain(long status, const json_t *object, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(object, "error"));

	if (text == NULL)
		snprintf(out, size, "HTTP %ld", status);
	else
		str_printable(out, size, slice_of(text));
	return out;
}

int rspamd_read_learned(long status, struct slice answer, bool *was_known, struct error *error)
{
	json_error_t problem;
	json_t *object = json_loadb(answer.len == 0 ? "" : answer.ptr, answer.len, JSON_REJECT_DUPLICATES, &problem);
	bool is_object = json_is_object(object);
	char said[160];

	explain(status, object, said, sizeof(said));
	*was_known = status == 208;
	json_decref(object);
	if (status == 208 || (status == 200 && is_object))
		return 0;
	if (status == 401 || status == 403)
		return error_set(error, ERROR_CONFIG, N_("its controller refuses lanpost (%s); see secure_ip in worker-controller.inc"), said);
	if (status == 404 || status == 200 || strcmp(said, "invalid command") == 0) /* as the process that scans replies */
		return error_set(error, ERROR_CONFIG, N_("this is not its controller (%s); set learn_url"), said);
	if (status == 204 || status == 400)
		return error_set(error, ERROR_PERMANENT, N_("the scanner replied: %s"), said);
	return error_set(error, ERROR_TEMPORARY, N_("the scanner replied: %s"), said);
}
