/* POP3 dialogues of tests/data/pop3 through the core, split at every byte. */
#include "lan-server/pop3/pop3d.h"
#include "lan-server/pop3/pop3d_reply.h"

#include "tests/unit/sample_conf.h"
#include "tests/unit/script.h"

/* The mailbox of every script. */
static const struct {
	const char *unique, *bytes;
	bool foreign, gone;
} messages[] = {
    {"first", "Subject: one\r\n\r\nline 1\r\n.line 2\r\nline 3\r\n", false, false},
    {"second", "Subject: two\n\nforeign\n.\n", true, false},
    {"third", "Subject: gone\r\n\r\n", false, true},
    {"fourth", "Subject: no body", true, false},
    {"fifth", "Subject: gone before it was measured\r\n\r\n", true, true},
};

struct box {
	struct maildrop drop; /* the context of the hooks */
	struct buf *transcript;
	bool in_use, too_soon, broken, fails, is_cut;
};

static struct box *box_of(struct maildrop *drop)
{
	return (struct box *)drop;
}

static int login(
    void *context, struct slice name, struct slice password, const char **user, struct error *error)
{
	(void)context;
	if (slice_is(name, "busy"))
		return error_set(error, ERROR_TEMPORARY, "Too many failed logins, try again later");
	if (!slice_is(name, "ivan") || !slice_is(password, " se cret "))
		return error_set(error, ERROR_LOGIN, "Authentication failed: wrong name or password");
	*user = "ivan";
	return 0;
}

#include "tests/unit/sample_secrets.h"
#include "spool/storage/mailbox.h"

static enum maildrop_outcome open_box(struct maildrop *drop, const char *user, struct mailbox_list *list, struct error *error)
{
	struct box *box = box_of(drop);

	assert_string_equal(user, "ivan");
	if (box->in_use)
		return MAILDROP_IN_USE;
	if (box->too_soon)
		return MAILDROP_TOO_SOON;
	if (box->broken) {
		error_set(error, ERROR_IO, "cannot open folder /secret");
		return MAILDROP_FAILED;
	}
	*list = (struct mailbox_list){
	    xcalloc(ARRAY_LEN(messages), sizeof(*list->items)), ARRAY_LEN(messages)};
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		struct mailbox_message *message = &list->items[i];

		message->file = xstrdup("new/x");
		message->unique = xstrdup(messages[i].unique);
		snprintf(message->uidl, sizeof(message->uidl), "uidl-%s", messages[i].unique);
		message->ours = message->size_known = !messages[i].foreign;
		message->size = messages[i].foreign ? 0 : strlen(messages[i].bytes);
	}
	return MAILDROP_OPEN;
}

static size_t index_of(const struct mailbox_message *message)
{
	size_t i = 0;

	while (strcmp(messages[i].unique, message->unique) != 0)
		i++;
	return i;
}

static int message_size(struct maildrop *drop, struct mailbox_message *message)
{
	size_t i = index_of(message);

	(void)drop;
	if (messages[i].gone)
		return -1;
	message->size = 0;
	for (const char *at = messages[i].bytes; *at != '\0'; at++)
		message->size += *at == '\n' ? 2 : 1;
	message->size_known = true;
	return 0;
}

static int read_message(struct maildrop *drop, const struct mailbox_message *message, struct slice *bytes)
{
	size_t i = index_of(message);

	(void)drop;
	if (messages[i].gone)
		return -1;
	*bytes = slice_of(xstrdup(messages[i].bytes)); /* so that ASan sees who forgets it */
	return 0;
}

static void done_reading(struct maildrop *drop, struct slice bytes)
{
	(void)drop;
	free((char *)bytes.ptr);
}

static bool is_intact(struct maildrop *drop, struct slice bytes)
{
	struct box *box = box_of(drop);

	(void)bytes;
	return !box->is_cut;
}

static int remove_messages(
    struct maildrop *drop, const char *const *uniques, size_t count, struct error *error)
{
	struct box *box = box_of(drop);

	if (box->fails)
		return error_set(error, ERROR_IO, "cannot");
	for (size_t i = 0; i < count; i++)
		buf_printf(box->transcript, "(removed %s)\n", uniques[i]);
	return 0;
}

static void close_box(struct maildrop *drop)
{
	struct box *box = box_of(drop);

	buf_append_text(box->transcript, "(unlocked)\n");
}

struct wire {
	struct dialogue *pop3d;
	enum dialogue_effect effect;
	struct buf line, *transcript;
};

static void take_replies(struct wire *wire)
{
	for (;;) {
		buf_append_slice(wire->transcript, buf_slice(&wire->pop3d->replies));
		buf_reset(&wire->pop3d->replies);
		if (wire->effect != DIALOGUE_SEND)
			break;
		wire->effect = dialogue_send(wire->pop3d);
	}
	if (wire->effect == DIALOGUE_START_TLS) {
		buf_append_text(wire->transcript, "(tls)\n");
		dialogue_tls_started(wire->pop3d);
		wire->effect = DIALOGUE_READ_LINE;
	}
}

static void feed(struct wire *wire, char c)
{
	struct slice line;

	if (wire->effect == DIALOGUE_CLOSE || wire->effect == DIALOGUE_BREAK)
		return;
	if (c != '\n') {
		buf_append_byte(&wire->line, c);
		return;
	}
	line = buf_slice(&wire->line);
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	wire->effect =
	    wire->line.overflow ? dialogue_line_too_long(wire->pop3d) : dialogue_line(wire->pop3d, line);
	buf_reset(&wire->line);
	take_replies(wire);
}

static const char *const ends[] = {
    [DIALOGUE_TIMED_OUT] = "timed_out", [DIALOGUE_EVICTED] = "evicted", [DIALOGUE_STOPPING] = "stopping"};

static void run(const struct script *script, size_t step, struct buf *transcript)
{
	struct box box = {.transcript = transcript};
	struct conf conf = sample_conf();
	struct pop3d_options options = {
	    .conf = &conf,
	    .tls_offered = script_has(script, "tls"),
	    .tls_required = script_has(script, "tls_required"),
	    .offers_apop = script_has(script, "apop"),
	    .sasl = {&box, mechanisms, login, scram_begin, scram_end, digest, NULL},
	    .hooks = {&box.drop, open_box, message_size, read_message, done_reading, is_intact, remove_messages, close_box},
	};
	struct wire wire = {.line = BUF_INIT(POP3D_LINE_MAX), .transcript = transcript};

	(void)step;
	conf.lan.pop3_login_delay = 60;
	sample_user("anna")->expire = 7 * 24 * 3600;
	box.in_use = script_has(script, "in_use");
	box.too_soon = script_has(script, "too_soon");
	box.broken = script_has(script, "broken");
	box.fails = script_has(script, "fails");
	box.is_cut = script_has(script, "cut");
	wire.pop3d = pop3d_new(&options);
	take_replies(&wire);
	for (size_t i = 0; i < script->input.len; i++)
		feed(&wire, script->input.ptr[i]);
	for (enum dialogue_end end = DIALOGUE_TIMED_OUT; end <= DIALOGUE_STOPPING; end++)
		if (script_has(script, ends[end])) {
			dialogue_end(wire.pop3d, end);
			take_replies(&wire);
		}
	if (wire.effect == DIALOGUE_CLOSE)
		buf_append_text(transcript, "(closed)\n");
	if (wire.effect == DIALOGUE_BREAK)
		buf_append_text(transcript, "(broken)\n");
	dialogue_free(wire.pop3d);
	buf_clear(&wire.line);
}

static void test_scripts(void **state)
{
	(void)state;
	script_run_folder("tests/data/pop3", run);
}

static void every_reply_is_in_a_script(void **state)
{
	(void)state;
	for (enum pop3d_reply reply = REPLY_NONE + 1; reply < POP3D_REPLIES; reply++) {
		const char *text = pop3d_reply_format(reply);

		if (text == NULL)
			fail_msg("reply number %d of pop3d_reply.h has no row in pop3d_reply.c", reply);
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
