/* SMTP dialogues of tests/data/smtp through the core, split at every byte. */
#include "lan-server/smtp/smtpd.h"
#include "lan-server/smtp/smtpd_reply.h"

#include "tests/unit/sample_conf.h"
#include "tests/unit/script.h"

struct office {
	struct send_quota_total sent;
	struct send_quota_total unproven;
	struct conf conf;
	struct buf *transcript;
	bool full, broken;
};

static int login(
    void *context, struct slice name, struct slice password, const char **user, struct error *error)
{
	(void)context;
	if (slice_is(name, "ivan") && slice_is(password, "secret")) {
		*user = "ivan";
		return 0;
	}
	return error_set(error, ERROR_LOGIN, "Authentication failed: wrong name or password");
}

#include "tests/unit/sample_secrets.h"

static bool has_room(void *context, uint64_t bytes)
{
	struct office *office = context;

	(void)bytes;
	return !office->full;
}

static char *forbidden[] = {"*.exe", "*.scr"};

/* anna's mailbox is nearly full, the others are empty. */
static uint64_t bytes_in_mailbox(void *context, const char *user)
{
	(void)context;
	return strcmp(user, "anna") == 0 ? 900 : 0;
}

static struct send_quota_total sent_today(void *context, const char *user)
{
	const struct office *office = context;

	if (strcmp(user, "ivan unproven") == 0)
		return office->unproven;
	assert_string_equal(user, "ivan");
	return office->sent;
}

static void count_sent(void *context, const char *user, uint64_t bytes)
{
	struct office *office = context;

	struct send_quota_total *total = strcmp(user, "ivan unproven") == 0 ? &office->unproven : &office->sent;

	assert_true(total == &office->unproven || strcmp(user, "ivan") == 0);
	total->messages++;
	total->bytes += (int64_t)bytes;
}

static void write_place(const struct place *place, struct buf *out)
{
	static const char *const kinds[] = {"mailbox", "boss", "queue", "daemon"};

	buf_printf(out, "place %s %s%s%s\n", kinds[place->kind], place->name, place->kind == PLACE_DAEMON ? " " : "",
	    place->kind == PLACE_DAEMON ? place->why : "");
	if (place->notify == 0 && place->orcpt[0] == '\0')
		return;
	buf_append_text(out, "notify ");
	dsn_notify_write(place->notify, out);
	buf_printf(out, " %s\n", place->orcpt);
}

/* Writes what was accepted into the transcript. */
static int accept_message(
    void *context, struct envelope *envelope, struct body *body, struct error *error)
{
	struct office *office = context;
	struct buf *out = office->transcript;
	char *origin;

	if (office->broken)
		return error_set(error, ERROR_IO, "the disk is on fire in /var/secret");
	origin = origin_text(&envelope->origin);
	buf_printf(out, "origin %s\nsender %s\n", origin, envelope->sender);
	free(origin);
	if (envelope->ret != DSN_RET_UNSAID || envelope->envid[0] != '\0')
		buf_printf(out, "ret %s envid %s\n", dsn_ret_text(envelope->ret), envelope->envid);
	for (size_t i = 0; i < envelope->recipients.count; i++)
		buf_printf(out, "recipient %s\n", envelope->recipients.items[i]);
	for (size_t i = 0; i < envelope->place_count; i++)
		write_place(&envelope->places[i], out);
	buf_append_text(out, envelope->header);
	buf_append_slice(out, buf_slice(&body->memory));
	assert_int_equal(envelope->size, strlen(envelope->header) + body->size);
	envelope_clear(envelope);
	body_clear(body, false);
	return 0;
}

/* What a scanner would say, by a word of the message. */
static void scan(void *context, unsigned sources, const struct envelope *envelope, struct body *body, struct scan_verdict *verdict)
{
	struct slice text = buf_slice(&body->memory);

	(void)context;
	assert_int_equal(sources, CONF_LOCAL);
	assert_int_equal(envelope->place_count, 1);
	*verdict = (struct scan_verdict){.looked = SCAN_VIRUS};
	if (memmem(text.ptr, text.len, "VIRUS", 5) != NULL)
		snprintf(verdict->virus, sizeof(verdict->virus), "Test.Virus");
	else if (memmem(text.ptr, text.len, "AWAY", 4) != NULL)
		*verdict = (struct scan_verdict){.away = SCAN_VIRUS, .waits = true};
	else if (memmem(text.ptr, text.len, "PROGRAM", 7) != NULL)
		phrase_set(verdict->attachment, sizeof(verdict->attachment), "attached program: %s", "a.zip: run.exe");
}

static struct conf_scanner scanner = {.on = CONF_LOCAL};

/* Plays the server: lines, data, effects. */
struct wire {
	struct dialogue *smtpd;
	enum dialogue_effect effect;
	struct buf line, *transcript;
};

static void take_replies(struct wire *wire)
{
	buf_append_slice(wire->transcript, buf_slice(&wire->smtpd->replies));
	buf_reset(&wire->smtpd->replies);
	if (wire->effect == DIALOGUE_START_TLS) {
		buf_append_text(wire->transcript, "(tls)\n");
		dialogue_tls_started(wire->smtpd);
		wire->effect = DIALOGUE_READ_LINE;
	}
}

static void take_line(struct wire *wire)
{
	struct slice line = buf_slice(&wire->line);

	if (wire->line.overflow) {
		wire->effect = dialogue_line_too_long(wire->smtpd);
	} else {
		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		wire->effect = dialogue_line(wire->smtpd, line);
	}
	buf_reset(&wire->line);
}

static void feed(struct wire *wire, struct slice bytes)
{
	while (bytes.len > 0 && wire->effect != DIALOGUE_CLOSE) {
		if (wire->effect == DIALOGUE_READ_DATA) {
			wire->effect = dialogue_data(wire->smtpd, &bytes);
		} else {
			if (bytes.ptr[0] == '\n')
				take_line(wire);
			else
				buf_append_byte(&wire->line, bytes.ptr[0]);
			bytes = slice_from(bytes, 1);
		}
		take_replies(wire);
	}
}

static const char *const ends[] = {
    [DIALOGUE_TIMED_OUT] = "timed_out", [DIALOGUE_EVICTED] = "evicted", [DIALOGUE_STOPPING] = "stopping"};

static void run(const struct script *script, size_t step, struct buf *transcript)
{
	struct office office = {.conf = sample_conf(), .transcript = transcript};
	struct smtpd_options options = {
	    .conf = &office.conf,
	    .session = "test",
	    .client =
	        {.s6_addr = {[10] = 255, [11] = 255, [12] = 192, [13] = 168, [14] = 1, [15] = 5}},
	    .tls_offered = script_has(script, "tls"),
	    .tls_required = script_has(script, "tls_required"),
	    .sasl = {&office, mechanisms, login, scram_begin, scram_end, digest, NULL},
	    .hooks = {&office, has_room, accept_message, bytes_in_mailbox, sent_today, count_sent, .scan = scan},
	};
	struct wire wire = {.line = BUF_INIT(SMTPD_LINE_MAX), .transcript = transcript};

	office.full = script_has(script, "full");
	office.broken = script_has(script, "broken");
	office.conf.lan.check_from = script_has(script, "check_from");
	office.conf.lan.suggest_names = script_has(script, "suggest_names");
	office.conf.lan.require_auth = script_has(script, "require_auth");
	office.conf.gateway.boss = script_has(script, "boss") ? "chief" : "";
	if (script_has(script, "small"))
		office.conf.limits.max_message_size = 1000;
	office.conf.limits.mailbox_quota = script_has(script, "quota") ? 1000 : 0;
	office.conf.limits.user_daily_messages = script_has(script, "daily") ? 2 : 0;
	office.conf.limits.user_daily_bytes = script_has(script, "daily_bytes") ? 500 : 0;
	if (script_has(script, "attachments"))
		office.conf.limits.forbidden_attachments = (struct strlist){forbidden, ARRAY_LEN(forbidden)};
	if (script_has(script, "scanner")) {
		office.conf.scanners = &scanner;
		office.conf.scanner_count = 1;
		office.conf.filter.virus = VIRUS_REJECT;
		office.conf.filter.attachments = VIRUS_REJECT;
	}
	sample_user("ivan")->outside = !script_has(script, "inside_only");
	office.conf.limits.max_outgoing_size = script_has(script, "outgoing") ? 100 : 0;
	body_memory_take(script_has(script, "short_of_memory") ? BODY_MEMORY_ALL + 1 : 0);
	wire.smtpd = smtpd_new(&options);
	take_replies(&wire);
	for (size_t at = 0; at < script->input.len; at += step) {
		size_t left = script->input.len - at;

		feed(&wire, slice_make(script->input.ptr + at, left < step ? left : step));
	}
	for (enum dialogue_end end = DIALOGUE_TIMED_OUT; end <= DIALOGUE_STOPPING; end++)
		if (script_has(script, ends[end])) {
			dialogue_end(wire.smtpd, end);
			take_replies(&wire);
		}
	if (wire.effect == DIALOGUE_CLOSE)
		buf_append_text(transcript, "(closed)\n");
	buf_clear(&wire.line);
	dialogue_free(wire.smtpd);
	body_memory_give(script_has(script, "short_of_memory") ? BODY_MEMORY_ALL + 1 : 0);
	assert_false(body_memory_is_short());
}

static void test_scripts(void **state)
{
	(void)state;
	script_run_folder("tests/data/smtp", run);
}

static void every_reply_is_in_a_script(void **state)
{
	(void)state;
	for (enum smtpd_reply reply = REPLY_NONE + 1; reply < SMTPD_REPLIES; reply++) {
		const char *text = smtpd_reply_format(reply);

		if (text == NULL)
			fail_msg("reply number %d of smtpd_reply.h has no row in smtpd_reply.c", reply);
		script_must_have_heard(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_scripts),
	    cmocka_unit_test(every_reply_is_in_a_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
