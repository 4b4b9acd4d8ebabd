/*
 * The IMAP client's core against scripted servers: the same events for chunks of any size.
 */
#include "upstream/imap_client.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct command {
	enum imap_command command;
	uint32_t uid;
};

struct script {
	const char *name;
	struct command commands[4];
	const char *server;
	const char *events;
};

static const char *const event_names[] = {
    [IMAP_REPLY] = "reply", [IMAP_DONE] = "done", [IMAP_CAN] = "can", [IMAP_VALIDITY] = "validity", [IMAP_EXISTS] = "exists",
    [IMAP_UIDNEXT] = "next", [IMAP_MODSEQ] = "modseq", [IMAP_FOUND] = "found",
    [IMAP_FOLDER] = "folder", [IMAP_EXPUNGED] = "expunged", [IMAP_STATUS] = "status", [IMAP_SECTION] = "section", [IMAP_PARTS_OF] = "parts", [IMAP_LISTED] = "listed", [IMAP_DATA_BEGIN] = "begin", [IMAP_DATA] = "data", [IMAP_DATA_END] = "end",
    [IMAP_GARBAGE] = "garbage",
};

/* Data joined to one piece, since the chunks do not matter. */
static void log_event(const struct imap_event *event, struct buf *out, bool *in_data)
{
	if (*in_data && event->what != IMAP_DATA)
		buf_append_text(out, "] ");
	if (event->what != IMAP_DATA)
		buf_printf(out, "%s", event_names[event->what]);
	switch (event->what) {
	case IMAP_REPLY:
	case IMAP_DATA_END:
		buf_printf(out, "(%s)", event->ok ? "ok" : "no");
		break;
	case IMAP_CAN:
	case IMAP_FOUND:
		buf_printf(out, "(%.*s)", SLICE_PRINT(event->text));
		break;
	case IMAP_FOLDER:
		buf_printf(out, "(%s%c%.*s)", event->ok ? "" : "no:", event->size == 0 ? '0' : (int)event->size, SLICE_PRINT(event->text));
		break;
	case IMAP_VALIDITY:
	case IMAP_EXISTS:
	case IMAP_UIDNEXT:
	case IMAP_DATA_BEGIN:
		buf_printf(out, "(%u)", event->number);
		break;
	case IMAP_MODSEQ:
		buf_printf(out, "(%llu)", (unsigned long long)event->size);
		break;
	case IMAP_LISTED:
		buf_printf(out, "(%u,%llu%s)", event->number, (unsigned long long)event->size,
		    event->is_deleted ? ",deleted" : "");
		break;
	case IMAP_DATA:
		if (!*in_data)
			buf_append_byte(out, '[');
		buf_append_slice(out, event->text);
		break;
	case IMAP_SECTION:
		buf_printf(out, "(%.*s)", SLICE_PRINT(event->text));
		break;
	case IMAP_PARTS_OF:
	case IMAP_STATUS:
		buf_printf(out, "(%u,%.*s)", event->number, SLICE_PRINT(event->text));
		break;
	case IMAP_DONE:
	case IMAP_EXPUNGED:
	case IMAP_GARBAGE:
	case IMAP_NEED:
		break;
	}
	if (event->what != IMAP_DATA)
		buf_append_byte(out, ' ');
	*in_data = event->what == IMAP_DATA;
}

static void run(const struct script *script, size_t cut, struct buf *out)
{
	struct imap_client client;
	struct slice rest = slice_of(script->server);
	bool in_data = false, is_broken = false;

	imap_client_init(&client);
	for (size_t i = 0; i < 4 && (i == 0 || script->commands[i].command != 0); i++)
		assert_true(imap_client_send(&client, script->commands[i].command, script->commands[i].uid,
		    SLICE_LITERAL("7,8")));
	while (rest.len > 0 && !is_broken) {
		struct slice piece = slice_make(rest.ptr, rest.len < cut ? rest.len : cut);
		struct imap_event event;

		rest = slice_from(rest, piece.len);
		while (!is_broken && imap_client_next(&client, &piece, &event) != IMAP_NEED) {
			log_event(&event, out, &in_data);
			is_broken = event.what == IMAP_GARBAGE;
		}
		assert_true(is_broken || piece.len == 0);
	}
	imap_client_clear(&client);
}

static const struct script scripts[] = {
    {"login to listing, as Dovecot has it",
	{{IMAP_CAPABILITY, 0}, {IMAP_SELECT, 0}, {IMAP_LIST, 0}},
	"* CAPABILITY IMAP4rev1 UIDPLUS IDLE\r\nL0 OK done\r\n"
	"* FLAGS (\\Answered \\Deleted)\r\n* OK [PERMANENTFLAGS (\\Deleted \\*)] Flags permitted.\r\n"
	"* 2 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 1795429048] UIDs valid\r\n"
	"* OK [UIDNEXT 9] Predicted next UID\r\nL1 OK [READ-WRITE] Select completed (0.001 secs).\r\n"
	"* 1 FETCH (UID 7 FLAGS (\\Seen) RFC822.SIZE 100)\r\n* 2 FETCH (FLAGS (\\Deleted) RFC822.SIZE 5 UID 8)\r\n"
	"L2 OK Fetch completed.\r\n",
	"can(IMAP4rev1) can(UIDPLUS) can(IDLE) reply(ok) exists(2) validity(1795429048) next(9) reply(ok) "
	"listed(7,100) listed(8,5,deleted) reply(ok) "},
    {"what has changed since, and what is left", {{IMAP_SELECT, 0}, {IMAP_FIND, 9}, {IMAP_FIND, 9}, {IMAP_COMPRESS, 0}},
	"* OK [HIGHESTMODSEQ 9223372036854775807] Highest\r\n* OK [UIDNEXT 0x]\r\nL0 OK\r\n* ESEARCH (TAG \"L1\") UID ALL 1:3,7\r\nL1 OK\r\n"
	"* ESEARCH (TAG \"L2\") UID\r\nL2 OK\r\nL3 OK DEFLATE active\r\n",
	"modseq(9223372036854775807) next(0) reply(ok) found(1:3,7) reply(ok) found() reply(ok) reply(ok) "},
    {"folders", {{IMAP_FOLDERS, 0}, {IMAP_FOLDERS, 0}},
	"* LIST (\\Noselect) \".\" \"\"\r\nL0 OK\r\n* LIST () \"/\" Spam\r\n* LIST (\\HasNoChildren) NIL {6}\r\na {5}b\r\n"
	"* LIST () \"\\\\\" \"a\\\"b\"\r\n* LIST\r\n* LIST (\r\n* LIST ()\r\n* LIST () \"\" x\r\n* LIST () \"ab\" x\r\n* LIST () \"/\" \"x\r\n"
	"* LIST () \"/\" {0}\r\n tail\r\n* LIST () \"/\" \r\nL1 OK\r\n* LIST () \"/\" late\r\n",
	"folder(no:.) reply(ok) folder(/Spam) folder(0a {5}b) folder(\\a\"b) folder(/) reply(ok) "},
    {"idling", {{IMAP_EXAMINE, 0}, {IMAP_NOTIFY, 0}, {IMAP_IDLE, 0}},
	"* 2 EXISTS\r\nL0 OK\r\nL1 OK\r\n+ idling\r\n* 3 EXISTS\r\n* 1 EXPUNGE\r\n* STATUS \"a b\" (MESSAGES 1 UIDNEXT 7)\r\n"
	"* STATUS {3}\r\n{1} (UIDNEXT 8)\r\n* STATUS x (MESSAGES 1)\r\n* STATUS\r\n* STATUS \"x\r\nL2 OK\r\n",
	"exists(2) reply(ok) reply(ok) exists(3) expunged status(7,a b) status(8,{1}) status(0,x) reply(ok) "},
    {"news that nobody waits for", {{IMAP_SELECT, 0}}, "* 1 EXPUNGE\r\n* STATUS x (UIDNEXT 8)\r\nL0 OK\r\n+ x\r\n", "reply(ok) garbage "},
    {"structures", {{IMAP_STRUCTURE, 7}, {IMAP_STRUCTURE, 8}},
	"* 1 FETCH (UID 7 BODYSTRUCTURE (\"TEXT\" \"BODY[1] (UID 9 \"))\r\nL0 OK\r\n* 2 FETCH (BODYSTRUCTURE (\"a\" {3}\r\n(x) {2}\r\n)\" \"b\") UID 8)\r\n"
	"* 2 FETCH (FLAGS ())\r\n* 2 FETCH (UID x BODYSTRUCTURE ())\r\nL1 OK\r\n",
	"parts(7,(\"TEXT\" \"BODY[1] (UID 9 \"))) reply(ok) parts(8,(\"a\" {3}\r\n(x) {2}\r\n)\" \"b\") UID 8)) reply(ok) "},
    {"a message in parts", {{IMAP_PARTS, 7}},
	"* 1 FETCH (UID 7 BODY[HEADER] {4}\r\nA:b\n BODY[1.MIME] {2}\r\n\r\n BODY[1] {3}\r\nabc)\r\nL0 OK\r\n",
	"begin(7) [A:b\r\n] section(1.MIME) [\r\n] section(1) [abc] end(ok) done "},
    {"a literal of a folder without end", {{IMAP_FOLDERS, 0}}, "* LIST () \"/\" {99999999}\r\nx", "garbage "},
    {"messages in a row", {{IMAP_MESSAGE, 7}, {IMAP_MESSAGE, 8}},
	"* 1 FETCH (UID 7 BODY[] {6}\r\nab\r\ncd)\r\nL0 OK\r\n* 2 FETCH (BODY[] {0}\r\n UID 8)\r\nL1 OK\r\n",
	"begin(7) [ab\r\ncd] end(ok) done begin(8) end(ok) done "},
    {"data before the first reply, as Dovecot does it, and out of order", {{IMAP_MESSAGE, 7}, {IMAP_MESSAGE, 8}},
	"* 2 FETCH (UID 8 BODY[] {1}\r\nb)\r\n* 1 FETCH (UID 7 BODY[] {1}\r\na)\r\nL0 OK\r\nL1 OK\r\n",
	"begin(8) [b] end(ok) begin(7) [a] end(ok) done done "},
    {"the same message twice", {{IMAP_MESSAGE, 7}},
	"* 1 FETCH (UID 7 BODY[] {1}\r\na)\r\n* 1 FETCH (UID 7 BODY[] {1}\r\nb)\r\nL0 OK\r\n",
	"begin(7) [a] end(ok) done "},
    {"closed too early, as Xeams does it", {{IMAP_MESSAGE, 7}, {IMAP_MESSAGE, 8}},
	"* 1 FETCH (BODY[] {1}\r\na)\r\n UID 7 FLAGS (\\Seen) RFC822.SIZE 1)\r\nL0 OK\r\n* 2 FETCH (UID 8 BODY[] {1}\r\nb)\r\nL1 OK\r\n",
	"begin(7) [a] end(ok) done begin(8) [b] end(ok) done "},
    {"what follows is of another message", {{IMAP_MESSAGE, 7}}, "* 1 FETCH (BODY[] {1}\r\na)\r\n UID 8 RFC822.SIZE 1)\r\nL0 OK\r\n",
	"begin(7) [a] end(ok) garbage "},
    {"what follows says that it was longer", {{IMAP_MESSAGE, 7}},
	"* 1 FETCH (BODY[] {1}\r\na)\r\n UID 7 RFC822.SIZE 9)\r\nL0 OK\r\n", "begin(7) [a] end(ok) garbage "},
    {"bare line feeds", {{IMAP_MESSAGE, 7}}, "* 1 FETCH (UID 7 BODY[] {5}\r\na\nb\r\n)\r\nL0 OK\r\n",
	"begin(7) [a\r\nb\r\n] end(ok) done "},
    {"the rest of a message", {{IMAP_REST, 7}}, "* 1 FETCH (UID 7 BODY[]<7> {4}\r\na\nb\r)\r\nL0 OK\r\n", "begin(7) [a\r\nb\r] end(ok) done "},
    {"a quoted body", {{IMAP_MESSAGE, 7}}, "* 1 FETCH (UID 7 BODY[] \"a\\\"b\")\r\nL0 OK\r\n",
	"begin(7) [a\"b] end(ok) done "},
    {"header and beginning", {{IMAP_TOP, 7}},
	"* 1 FETCH (UID 7 BODY[HEADER] {5}\r\na:b\r\n BODY[TEXT]<0> {2}\r\nxy)\r\nL0 OK\r\n",
	"begin(7) [a:b\r\nxy] end(ok) done "},
    {"another message than asked for, said before", {{IMAP_MESSAGE, 7}},
	"* 1 FETCH (UID 9 BODY[] {2}\r\nab)\r\nL0 OK\r\n", "reply(no) "},
    {"another message than asked for, said behind", {{IMAP_MESSAGE, 7}},
	"* 1 FETCH (BODY[] {2}\r\nab UID 9)\r\nL0 OK\r\n", "begin(7) [ab] end(no) done "},
    {"it is not there any more", {{IMAP_MESSAGE, 7}}, "L0 OK nothing fetched\r\n", "reply(no) "},
    {"no body", {{IMAP_MESSAGE, 7}}, "* 1 FETCH (UID 7 BODY[] NIL)\r\nL0 OK\r\n", "reply(no) "},
    {"refused", {{IMAP_MESSAGE, 7}}, "L0 NO [EXPUNGEISSUED] gone\r\n", "reply(no) "},
    {"refused, but it came whole", {{IMAP_MESSAGE, 7}}, "* 1 FETCH (UID 7 BODY[] {2}\r\nab)\r\nL0 NO disk\r\n",
	"begin(7) [ab] end(ok) done "},
    {"news in between", {{IMAP_MESSAGE, 7}},
	"* 3 EXISTS\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (UID 7 BODY[] {2}\r\nab)\r\n* 2 EXPUNGE\r\nL0 OK\r\n",
	"exists(3) begin(7) [ab] end(ok) done "},
    {"a literal that nobody asked for", {{IMAP_LIST, 0}}, "* NAMESPACE {3}\r\nabc NIL\r\nL0 OK\r\n", "reply(ok) "},
    {"braces in words for people", {{IMAP_LIST, 0}}, "* OK be {7}\r\nL0 OK {8}\r\n", "reply(ok) "},
    {"a tag in the data is data", {{IMAP_MESSAGE, 7}}, "* 1 FETCH (UID 7 BODY[] {7}\r\nL0 OK\r\n)\r\nL0 OK\r\n",
	"begin(7) [L0 OK\r\n] end(ok) done "},
    {"deletion", {{IMAP_DELETE, 7}, {IMAP_EXPUNGE, 0}, {IMAP_LOGOUT, 0}},
	"L0 OK\r\n* 1 EXPUNGE\r\nL1 OK\r\n* BYE see you\r\nL2 OK\r\n", "reply(ok) reply(ok) reply(ok) "},
    {"thrown out", {{IMAP_LIST, 0}}, "* BYE Internal error\r\n", "garbage "},
    {"another command's tag", {{IMAP_LIST, 0}}, "L5 OK\r\n", "garbage "},
    {"no answer at all", {{IMAP_LIST, 0}}, "+OK POP3 here\r\n", "garbage "},
    {"a literal beyond all bounds", {{IMAP_LIST, 0}}, "* X {2000000}\r\n", "garbage "},
};

static void events_follow_the_script(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		for (size_t cut = 1; cut <= 1000; cut = cut == 1 ? 2 : cut == 2 ? 7 : cut + 993) {
			struct buf out = BUF_INIT(1u << 20);

			run(&scripts[i], cut, &out);
			if (strcmp(buf_text(&out), scripts[i].events) != 0)
				print_error("%s, cut in pieces of %zu\n", scripts[i].name, cut);
			assert_string_equal(buf_text(&out), scripts[i].events);
			buf_clear(&out);
		}
	}
}

static void commands_on_the_wire(void **state)
{
	struct imap_client client;

	(void)state;
	imap_client_init(&client);
	imap_client_send(&client, IMAP_SELECT, 0, SLICE_LITERAL("INBOX"));
	imap_client_send(&client, IMAP_MESSAGE, 4294967295u, SLICE_NONE);
	imap_client_send(&client, IMAP_DELETE, 5, SLICE_NONE);
	imap_client_send(&client, IMAP_EXPUNGE, 0, SLICE_LITERAL("5,7"));
	assert_string_equal(buf_text(&client.out),
	    "L0 SELECT INBOX\r\nL1 UID FETCH 4294967295 (UID BODY.PEEK[])\r\n"
	    "L2 UID STORE 5 +FLAGS.SILENT (\\Deleted)\r\nL3 UID EXPUNGE 5,7\r\n");
	for (size_t i = 4; i < IMAP_PENDING_MAX; i++)
		assert_true(imap_client_send(&client, IMAP_DELETE, 1, SLICE_NONE));
	assert_false(imap_client_send(&client, IMAP_DELETE, 1, SLICE_NONE));
	assert_false(client.out.overflow);
	imap_client_clear(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(events_follow_the_script),
	    cmocka_unit_test(commands_on_the_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
