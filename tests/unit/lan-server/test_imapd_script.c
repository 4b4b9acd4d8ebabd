/* IMAP dialogues of tests/data/imap through the core, with a storage in memory, split at every byte. */
#include "lan-server/imap/imapd.h"
#include "lan-server/made_memory.h"
#include "lan-server/imap/imapd_reply.h"

#include "tests/unit/fake_folder.h"
#include "tests/unit/sample_conf.h"
#include "tests/unit/script.h"

#include <poll.h>

static int login(
    void *context, struct slice name, struct slice password, const char **user, struct error *error)
{
	(void)context;
	if (slice_is(name, "busy"))
		return error_set(error, ERROR_TEMPORARY, "Too many failed logins, try again later");
	if (!slice_is(name, "ivan") || !slice_is(password, "se \"cret"))
		return error_set(error, ERROR_LOGIN, "Authentication failed: wrong name or password");
	*user = "ivan";
	return 0;
}

static char *others[] = {"olga"};

#include "tests/unit/sample_secrets.h"

static uint64_t used(void *context, const char *user)
{
	(void)context;
	assert_true(strcmp(user, "ivan") == 0 || strcmp(user, "info") == 0);
	return 2048;
}

/* The mailbox of every script. */
static const struct {
	const char *bytes;
	uint32_t flags;
} messages[] = {
    {"From: Anna <anna@office.lan>\r\nTo: ivan@office.lan\r\nSubject: one\r\nDate: Fri, 27 Nov 2026 10:00:00 +0300\r\n"
     "Message-ID: <1@office.lan>\r\n\r\nThe first text\r\n",
	FOLDER_SEEN},
    {"From: buh@bank.example\nSubject: =?UTF-8?B?0KHRh9GR0YI=?=\nMessage-ID: <2@bank.example>\n\nforeign\nlines\n", 0},
    {"From: anna@office.lan\r\nSubject: Re: one\r\nReferences: <1@office.lan>\r\nMessage-ID: <3@office.lan>\r\nMIME-Version: 1.0\r\n"
     "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello\r\n--b\r\n"
     "Content-Type: application/octet-stream; name=x.bin\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n",
	FOLDER_FLAGGED},
};

struct wire {
	struct dialogue *imapd;
	enum dialogue_effect effect;
	struct buf line, *transcript;
};

/* The storage's id of a message depends on its length. */
#define STUB "X-Lanpost-Stub: id=id-of-50-bytes\r\n\r\n0123456789A\r\n"

static void fill(const struct script *script)
{
	fake_reset();
	fake_read_errno = 0;
	fake_make("ivan");
	for (size_t i = 0; i < ARRAY_LEN(messages) && !script_has(script, "empty"); i++)
		fake_add("ivan", messages[i].bytes, strlen(messages[i].bytes), messages[i].flags, 0);
	if (script_has(script, "stub"))
		fake_add("ivan", STUB, strlen(STUB), 0, 0);
	if (script_has(script, "shared")) {
		fake_make("info");
		fake_make("info/Clients");
		fake_add("info", messages[0].bytes, strlen(messages[0].bytes), 0, 0);
	}
	for (size_t i = 0; i < 300 && script_has(script, "many"); i++)
		fake_add("ivan", messages[0].bytes, strlen(messages[0].bytes), 0, 0);
}

/* All memory for what is made of messages, taken by other sessions, or given back. */
static void take_memory(bool taken)
{
	static bool is_taken;

	if (taken && !is_taken)
		assert_true(made_memory_take(MADE_MEMORY_MAX));
	if (!taken && is_taken)
		made_memory_give(MADE_MEMORY_MAX);
	is_taken = taken;
}

/* What another session or the admin does when the client says so in place of a command: "(add)", "(expunge 2)", "(flag 1)", "(revoke)". */
static bool play_other(struct slice line)
{
	struct folder *inbox = fake_find("ivan");
	struct slice rest = line;
	struct slice verb = slice_cut(&rest, ' ');
	uint64_t uid = 0;
	uint32_t one, *left;
	struct error error;
	size_t left_count;

	if (rest.ptr != NULL)
		slice_number(rest, 1, UINT32_MAX, &uid);
	one = (uint32_t)uid;
	if (slice_is(verb, "(add"))
		fake_add("ivan", "Subject: new\r\n\r\nnew\r\n", 21, 0, 0);
	else if (slice_is(verb, "(expunge"))
		fake_remove(inbox, one);
	else if (slice_is(verb, "(flag"))
		folder_store(inbox, &one, 1, FOLDER_ADD, FOLDER_FLAGGED, UINT64_MAX, &left, &left_count, &error);
	else if (slice_is(verb, "(revoke"))
		sample_info_members[0] = "chief";
	else if (slice_is(verb, "(restrict"))
		sample_info_members[0] = "ivan:read";
	else if (slice_is(verb, "(inform"))
		fake_add("info", "Subject: new\r\n\r\nnew\r\n", 21, 0, 0);
	else if (slice_is(verb, "(fails"))
		fake.fails = ERROR_IO;
	else if (slice_is(verb, "(limit"))
		fake.fails = ERROR_LIMIT;
	else if (slice_is(verb, "(full"))
		fake.fails = ERROR_FULL;
	else if (slice_is(verb, "(unreadable"))
		fake_read_errno = EIO;
	else if (slice_is(verb, "(memory"))
		take_memory(slice_is(rest, "taken"));
	else
		return false;
	return true;
}

static void take_replies(struct wire *wire)
{
	for (;;) {
		buf_append_slice(wire->transcript, buf_slice(&wire->imapd->replies));
		buf_reset(&wire->imapd->replies);
		if (wire->effect != DIALOGUE_SEND)
			break;
		wire->effect = dialogue_send(wire->imapd);
	}
	if (wire->effect == DIALOGUE_START_DEFLATE) {
		buf_append_text(wire->transcript, "(deflate)\n");
		wire->effect = DIALOGUE_READ_LINE;
	}
	if (wire->effect == DIALOGUE_START_TLS) {
		buf_append_text(wire->transcript, "(tls)\n");
		dialogue_tls_started(wire->imapd);
		wire->effect = DIALOGUE_READ_LINE;
	}
}

static void wake(struct wire *wire)
{
	struct pollfd news = {.fd = wire->imapd->wake_fd, .events = POLLIN};

	if (wire->imapd->wake_fd < 0 || poll(&news, 1, 0) != 1)
		return;
	wire->effect = dialogue_woken(wire->imapd);
	take_replies(wire);
}

static void take_line(struct wire *wire)
{
	struct slice line = buf_slice(&wire->line);

	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (line.len > 2 && line.ptr[0] == '(' && line.ptr[line.len - 1] == ')' && play_other(slice_make(line.ptr, line.len - 1))) {
		buf_reset(&wire->line);
		wake(wire);
		return;
	}
	wire->effect = wire->line.overflow ? dialogue_line_too_long(wire->imapd) : dialogue_line(wire->imapd, line);
	buf_reset(&wire->line);
	take_replies(wire);
}

static void feed(struct wire *wire, struct slice bytes)
{
	while (bytes.len > 0 && wire->effect != DIALOGUE_CLOSE && wire->effect != DIALOGUE_BREAK) {
		if (wire->effect == DIALOGUE_READ_DATA) {
			wire->effect = dialogue_data(wire->imapd, &bytes);
			take_replies(wire);
			continue;
		}
		if (bytes.ptr[0] == '\n')
			take_line(wire);
		else
			buf_append_byte(&wire->line, bytes.ptr[0]);
		bytes = slice_from(bytes, 1);
	}
}

static const char *const ends[] = {
    [DIALOGUE_TIMED_OUT] = "timed_out", [DIALOGUE_EVICTED] = "evicted", [DIALOGUE_STOPPING] = "stopping"};

static void run(const struct script *script, size_t step, struct buf *transcript)
{
	struct conf conf = sample_conf();
	struct spool spool = {.folder = "/nowhere"};
	struct imapd_options options = {
	    .conf = &conf,
	    .spool = &spool,
	    .session = "session",
	    .tls_offered = script_has(script, "tls"),
	    .tls_required = script_has(script, "tls_required"),
	    .sasl = {NULL, mechanisms, login, scram_begin, scram_end, digest, NULL},
	    .used = used,
	};
	struct wire wire = {.line = BUF_INIT(IMAPD_LINE_MAX), .transcript = transcript};

	if (script_has(script, "no_daemon"))
		conf.gateway.daemon_users = (struct strlist){others, ARRAY_LEN(others)};
	sample_info_members[0] = "ivan";
	if (script_has(script, "shared"))
		sample_share(&conf);
	conf.limits.mailbox_quota = script_has(script, "quota") ? 4096 : 0;
	conf.limits.max_message_size = 1000;
	fill(script);
	wire.imapd = imapd_new(&options);
	take_replies(&wire);
	for (struct slice rest = buf_slice(&script->input); rest.len > 0;) {
		struct slice piece = slice_make(rest.ptr, rest.len < step ? rest.len : step);

		feed(&wire, piece);
		rest = slice_from(rest, piece.len);
	}
	for (enum dialogue_end end = DIALOGUE_TIMED_OUT; end <= DIALOGUE_STOPPING; end++)
		if (script_has(script, ends[end])) {
			dialogue_end(wire.imapd, end);
			take_replies(&wire);
		}
	if (wire.effect == DIALOGUE_CLOSE)
		buf_append_text(transcript, "(closed)\n");
	if (wire.effect == DIALOGUE_BREAK)
		buf_append_text(transcript, "(broken)\n");
	dialogue_free(wire.imapd);
	buf_clear(&wire.line);
	take_memory(false);
	fake_reset();
}

static void test_scripts(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	script_run_folder("tests/data/imap", run);
}

static void every_reply_is_in_a_script(void **state)
{
	(void)state;
	for (enum imapd_reply reply = IMAPD_BYTES + 1; reply < IMAPD_REPLIES; reply++) {
		const char *text = imapd_reply_format(reply);

		if (text == NULL)
			fail_msg("reply number %d of imapd_reply.h has no row in imapd_reply.c", reply);
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
