#include "gateway/session/while_up.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"

#define OUTPUT_MAX 2048
#define LAST "while-up-last"

/* --- when */

static bool is_due(const struct conf_line *line, struct state *state)
{
	int64_t last = 0, now = clock_wall();
	struct error error;

	if (line->while_up_every == 0)
		return true;
	if (state_numbers_get(state, LAST, &last, 1, &error) < 0)
		log_warnx("event=while-up-unknown reason=%s", LOG_ERROR(&error));
	return last > now || now - last >= line->while_up_every;
}

static void note_run(struct state *state)
{
	int64_t now = clock_wall();
	struct error error;

	if (state_numbers_put(state, LAST, &now, 1, &error) != 0)
		log_warnx("event=while-up-unknown reason=%s", LOG_ERROR(&error));
}

/* --- what it did */

char *while_up_phrase(char *out, size_t size, const struct while_up *result)
{
	const char *how = result->error.class != ERROR_NONE ? result->error.phrase : PHRASE_WORD(N_("done"));

	if (result->has_bytes)
		return phrase_set(out, size, N_("%s; %lld s, received %s, sent %s on the line"), how, (long long)result->seconds,
		    PHRASE_SIZE(result->bytes.received), PHRASE_SIZE(result->bytes.sent));
	return phrase_set(out, size, N_("%s; %lld s"), how, (long long)result->seconds);
}

static void run(struct while_up *result, struct secrets *secrets, const atomic_bool *cancel)
{
	struct buf output = BUF_INIT(OUTPUT_MAX);
	int64_t began = clock_now_ms();
	int status = 0;

	if (secrets_run_while_up(secrets, cancel, &output, &status, &result->bytes, &result->has_bytes, &result->error) == 0)
		result->error = (struct error)ERROR_INIT;
	str_printable(result->said, sizeof(result->said), slice_trim(buf_slice(&output)));
	if (status != 0)
		error_set(&result->error, ERROR_TEMPORARY, result->said[0] == '\0' ? N_("%s ended with exit code %d") : N_("%s ended with exit code %d: %s"),
		    "while_up", status, result->said);
	result->seconds = (clock_now_ms() - began + 999) / 1000;
	result->was_run = true;
	buf_clear(&output);
}

void while_up_run(struct while_up *result, const struct conf *conf, struct spool *spool, struct secrets *secrets, const char *session,
    const atomic_bool *cancel)
{
	char phrase[PHRASE_MAX];

	*result = (struct while_up){.error = ERROR_INIT};
	if (conf->line.while_up[0] == '\0' || !is_due(&conf->line, spool->state))
		return;
	run(result, secrets, cancel);
	note_run(spool->state);
	while_up_phrase(phrase, sizeof(phrase), result);
	log_info("event=line command=while_up seconds=%lld received=%llu sent=%llu result=%s output=%s", (long long)result->seconds,
	    (unsigned long long)result->bytes.received, (unsigned long long)result->bytes.sent, LOG_PHRASE(phrase), LOG_CSTR(result->said));
	intake_journal(spool->intake, session, session, EVENT_LINE, "while_up",
	    result->said[0] == '\0' || result->error.class != ERROR_NONE ? phrase : PHRASE("%s: %s", phrase, result->said));
}
