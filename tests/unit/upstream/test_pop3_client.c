/*
 * The POP3 client's core against scripted servers: the same events for chunks of any size.
 */
#include "upstream/pop3_client.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DATA_MAX (16u << 20)

struct command {
	enum pop3_command command;
	uint32_t number;
};

struct script {
	const char *name;
	struct command commands[6];
	size_t count;
	const char *server;
	size_t server_len; /* 0: strlen */
	const char *events;
};

/* Events as text: data joined to one piece, since the chunks do not matter. */
static void log_event(const struct pop3_event *event, struct buf *out, bool *in_data)
{
	if (event->what != POP3_DATA && *in_data)
		buf_append_byte(out, ']');
	switch (event->what) {
	case POP3_NEED:
		*in_data = false;
		return;
	case POP3_REPLY:
		buf_printf(out, "%s%u:%.*s ", event->ok ? "+" : "-", event->number,
		    SLICE_PRINT(event->text));
		break;
	case POP3_LINE:
		buf_printf(out, "L%s:%.*s ", event->cut ? "!" : "", SLICE_PRINT(event->text));
		break;
	case POP3_DATA:
		if (!*in_data)
			buf_append_byte(out, '[');
		buf_append_slice(out, event->text);
		break;
	case POP3_END:
		buf_printf(out, "E%u ", event->number);
		break;
	case POP3_GARBAGE:
		buf_append_text(out, "G");
		break;
	}
	*in_data = event->what == POP3_DATA;
}

static void feed(struct pop3_client *client, struct slice input, struct buf *out, bool *in_data)
{
	struct pop3_event event;

	while (pop3_client_next(client, &input, &event) != POP3_NEED) {
		log_event(&event, out, in_data);
		if (event.what == POP3_GARBAGE)
			return;
	}
	assert_int_equal(input.len, 0);
}

/* cut: bytes a piece. */
static void run(const struct script *script, size_t cut, struct buf *out)
{
	struct pop3_client client;
	struct slice rest = slice_make(script->server,
	    script->server_len ? script->server_len : strlen(script->server));
	bool in_data = false;

	pop3_client_init(&client);
	for (size_t i = 0; i < script->count; i++)
		assert_true(pop3_client_send(&client, script->commands[i].command,
		    script->commands[i].number, 0));
	while (rest.len > 0 && client.state != POP3_BROKEN) {
		size_t len = rest.len < cut ? rest.len : cut;

		feed(&client, slice_make(rest.ptr, len), out, &in_data);
		rest = slice_from(rest, len);
		/* A pause in the input must not change the events. */
		if (client.state == POP3_IN_MESSAGE && out->len > 0)
			in_data = in_data || strchr(buf_text(out), '[') != NULL;
	}
	pop3_client_clear(&client);
}

#define COMMANDS(...) {__VA_ARGS__}, sizeof((struct command[]){__VA_ARGS__}) / sizeof(struct command)

static const struct script scripts[] = {
    {"a listing", COMMANDS({POP3_UIDL, 0}), "+OK 2\r\n1 aa\r\n2 bb\r\n.\r\n", 0,
     "+0:2 L:1 aa L:2 bb E0 "},
    {"UIDL refused", COMMANDS({POP3_UIDL, 0}, {POP3_LIST, 0}),
     "-ERR no\r\n+OK\r\n1 10\r\n.\r\n", 0, "-0:no +0: L:1 10 E0 "},
    {"a message with stuffed dots", COMMANDS({POP3_RETR, 7}),
     "+OK\r\nA: b\r\n\r\n..x\r\n.\r\n", 0, "+7: [A: b\r\n\r\n.x\r\n]E7 "},
    {"an empty message", COMMANDS({POP3_RETR, 7}, {POP3_DELE, 7}), "+OK\r\n.\r\n+OK gone\r\n", 0,
     "+7: E7 +7:gone "},
    {"-ERR to one of three", COMMANDS({POP3_RETR, 1}, {POP3_DELE, 1}, {POP3_QUIT, 0}),
     "-ERR [SYS/PERM] none\r\n+OK\r\n+OK bye\r\n", 0, "-1:[SYS/PERM] none +1: +0:bye "},
    {"bare LF becomes CRLF", COMMANDS({POP3_RETR, 1}), "+OK\r\na\nb\r\n\n\nc\r\n.\r\n", 0,
     "+1: [a\r\nb\r\n\r\n\r\nc\r\n]E1 "},
    {"bare CR stays", COMMANDS({POP3_RETR, 1}), "+OK\r\na\rb\r\r\n.\r\n", 0,
     "+1: [a\rb\r\r\n]E1 "},
    {"LF dot is no end", COMMANDS({POP3_RETR, 1}), "+OK\r\na\n.\r\nb\n.\nc\r\n.\r\n", 0,
     "+1: [a\r\n.\r\nb\r\n.\r\nc\r\n]E1 "},
    {"NUL bytes pass", COMMANDS({POP3_RETR, 1}), "+OK\r\na\0b\r\n.\r\n", 13,
     "+1: [a\0b\r\n]E1 "},
    {"a reply to nothing", COMMANDS({POP3_STAT, 0}), "+OK 1 2\r\n+OK again\r\n", 0, "+0:1 2 G"},
    {"garbage", COMMANDS({POP3_STAT, 0}), "HTTP/1.1 400\r\n", 0, "G"},
    {"+OKAY is not +OK", COMMANDS({POP3_STAT, 0}), "+OKAY\r\n", 0, "G"},
    {"replies ended by LF", COMMANDS({POP3_STAT, 0}, {POP3_UIDL, 0}), "+OK 1 2\n+OK\n1 a\n.\n", 0,
     "+0:1 2 +0: L:1 a E0 "},
};

static void same_events_however_cut(void **context)
{
	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		const struct script *script = &scripts[i];
		size_t len = script->server_len ? script->server_len : strlen(script->server);

		for (size_t cut = 1; cut <= len; cut++) {
			struct buf out = BUF_INIT(DATA_MAX);

			run(script, cut, &out);
			if (strcmp(buf_text(&out), script->events) != 0)
				fail_msg("%s, cut to %zu: %s", script->name, cut, buf_text(&out));
			buf_clear(&out);
		}
	}
}

static void long_lines_are_cut_and_counted_as_one(void **context)
{
	struct pop3_client client;
	struct pop3_event event;
	char *line = xmalloc(1u << 20);
	struct slice input = SLICE_LITERAL("+OK\r\n1 ");

	(void)context;
	pop3_client_init(&client);
	pop3_client_send(&client, POP3_UIDL, 0, 0);
	assert_int_equal(pop3_client_next(&client, &input, &event), POP3_REPLY);
	assert_int_equal(pop3_client_next(&client, &input, &event), POP3_NEED);
	memset(line, 'x', 1u << 20);
	input = slice_make(line, 1u << 20);
	assert_int_equal(pop3_client_next(&client, &input, &event), POP3_NEED);
	input = SLICE_LITERAL("\r\n2 b\r\n");
	assert_int_equal(pop3_client_next(&client, &input, &event), POP3_LINE);
	assert_true(event.cut);
	assert_int_equal(event.text.len, POP3_LINE_MAX);
	assert_int_equal(pop3_client_next(&client, &input, &event), POP3_LINE);
	assert_true(slice_is(event.text, "2 b"));
	assert_true(client.lines.line.capacity < 2 * POP3_LINE_MAX + 2);
	pop3_client_clear(&client);
	free(line);
}

static void commands_are_bounded_and_spelled(void **context)
{
	struct pop3_client client;

	(void)context;
	pop3_client_init(&client);
	assert_true(pop3_client_send(&client, POP3_RETR, 4294967295u, 0));
	assert_true(pop3_client_send(&client, POP3_TOP, 3, 20));
	assert_true(pop3_client_send(&client, POP3_QUIT, 0, 0));
	assert_string_equal(buf_text(&client.out), "RETR 4294967295\r\nTOP 3 20\r\nQUIT\r\n");
	for (int i = 3; i < POP3_PENDING_MAX; i++)
		assert_true(pop3_client_send(&client, POP3_TOP, 4294967295u, 4294967295u));
	assert_false(pop3_client_send(&client, POP3_DELE, 1, 0));
	assert_false(client.out.overflow);
	pop3_client_clear(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(same_events_however_cut),
	    cmocka_unit_test(long_lines_are_cut_and_counted_as_one),
	    cmocka_unit_test(commands_are_bounded_and_spelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
