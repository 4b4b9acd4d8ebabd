/* Letters on their way out: addresses that people outside may see, and what comes back when it fails. */
#include "base/alloc.h"
#include "mail/bounce.h"
#include "gateway/rewrite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct conf_user users[] = {
    {.name = "ivan", .external_alias = "ivan@example.ru", .full_name = "", .forward = "", .password = "",
	.keep = true},
    {.name = "maria", .external_alias = "", .full_name = "", .forward = "", .password = "",
	.keep = true},
};

static struct conf conf = {
    .gateway = {.hostname = "gw.office.lan", .local_domain = "office.lan", .postmaster = "",
	.boss = "", .spool = "/tmp"},
    .users = users,
    .user_count = 2,
};

static void test_header(void **context)
{
	static const struct {
		const char *name, *in, *out;
	} cases[] = {
	    {"plain", "From: ivan@office.lan\r\n\r\nivan@office.lan\r\n", "From: ivan@example.ru\r\n\r\n"},
	    {"name and folding stay", "From: =?koi8-r?B?6dfBzg==?=\r\n\t<Ivan@Office.LAN> (x)\r\n\r\n",
		"From: =?koi8-r?B?6dfBzg==?=\r\n\t<ivan@example.ru> (x)\r\n\r\n"},
	    {"several", "Reply-To: a@b.c, \"I, P\" <ivan>, ivan@office.lan\r\n\r\n",
		"Reply-To: a@b.c, \"I, P\" <ivan@example.ru>, ivan@example.ru\r\n\r\n"},
	    {"all of a kind", "Sender: ivan@office.lan\r\nDisposition-Notification-To: <ivan@office.lan>\r\n\r\n",
		"Sender: ivan@example.ru\r\nDisposition-Notification-To: <ivan@example.ru>\r\n\r\n"},
	    {"no alias: as it is", "From: maria@office.lan\r\n\r\n", "From: maria@office.lan\r\n\r\n"},
	    {"others stay", "To: ivan@office.lan\r\nX-From: ivan@office.lan\r\n\r\n",
		"To: ivan@office.lan\r\nX-From: ivan@office.lan\r\n\r\n"},
	    {"bcc goes", "A: 1\r\nBcc: secret@x.y,\r\n more@x.y\r\nbcc: z@z\r\nB: 2\r\n\r\n",
		"A: 1\r\nB: 2\r\n\r\n"},
	    {"outside address stays", "From: ivan@example.ru\r\n\r\n", "From: ivan@example.ru\r\n\r\n"},
	    {"no end of header", "From: ivan@office.lan\r\n", "From: ivan@example.ru\r\n"},
	    {"nonsense stays", "From: <<>>,,;\r\n\r\n", "From: <<>>,,;\r\n\r\n"},
	    {"nothing", "", ""},
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT(10000);
		const struct rewrite rewrite = {&conf, "", false};
		size_t length;

		assert_true(rewrite_header(&rewrite, slice_of(cases[i].in), &out, &length));

		if (strcmp(buf_text(&out), cases[i].out) != 0)
			fail_msg("%s: %s", cases[i].name, buf_text(&out));
		assert_true(length <= strlen(cases[i].in));
		buf_clear(&out);
	}
}

static bool has_place(const struct envelope *envelope, const char *name)
{
	for (size_t i = 0; i < envelope->place_count; i++)
		if (envelope->places[i].kind == PLACE_MAILBOX &&
		    strcmp(envelope->places[i].name, name) == 0)
			return true;
	return false;
}

#define NO_USER "550 5.1.1 no such user"

static void make(const char *sender, enum bounce_kind kind, const char *reply, struct envelope *bounce,
    struct body *body)
{
	const struct place failed = {.kind = PLACE_QUEUE, .name = "x@example.net",
	    .reply = (char *)(uintptr_t)reply, .orcpt = ""};
	const struct place *places[] = {&failed};
	struct envelope original;
	struct error error;

	envelope_init(&original);
	envelope_set(&original.sender, slice_of(sender));
	assert_int_equal(bounce_make(&conf, kind, &original, places, 1,
			     SLICE_LITERAL("Subject: =?koi8-r?B?89ez1A==?=\r\nX: y\r\n\r\nsecret body"), "",
			     bounce, body, &error),
	    0);
	envelope_clear(&original);
}

static void test_bounce(void **context)
{
	struct envelope bounce;
	struct body body;
	const char *text;

	(void)context;
	conf.gateway.bounce_copies = COPIES_FAILED;
	make("ivan@office.lan", BOUNCE_FAILED, NO_USER, &bounce, &body);
	assert_string_equal(bounce.sender, "");
	assert_true(has_place(&bounce, "ivan"));
	assert_true(has_place(&bounce, "postmaster"));
	text = buf_text(&body.memory);
	assert_non_null(strstr(text, "Action: failed\r\nStatus: 5.1.1\r\n"));
	assert_non_null(strstr(text, "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"));
	assert_non_null(strstr(text, "There is no such mailbox"));
	assert_non_null(strstr(text, "X: y\r\n"));
	assert_null(strstr(text, "secret body"));
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		assert_int_equal(at[-1], '\r');
	envelope_clear(&bounce);
	body_clear(&body, false);
}

static void test_bounce_goes_to_our_people_only(void **context)
{
	static const struct {
		const char *sender;
		enum bounce_kind kind;
		enum conf_bounce_copies copies;
		const char *reply;
		size_t places;
		const char *to;
	} cases[] = {
	    {"ivan@example.ru", BOUNCE_FAILED, COPIES_FAILED, NO_USER, 2, "ivan"}, /* his external address */
	    {"stranger@example.org", BOUNCE_FAILED, COPIES_FAILED, NO_USER, 1, "postmaster"},
	    {"", BOUNCE_FAILED, COPIES_FAILED, NO_USER, 1, "postmaster"}, /* a bounce of a bounce */
	    {"ivan@office.lan", BOUNCE_DELAYED, COPIES_FAILED, "", 1, "ivan"},
	    {"", BOUNCE_DELAYED, COPIES_FAILED, "", 0, NULL},
	    {"ivan@office.lan", BOUNCE_FAILED, COPIES_NONE, NO_USER, 1, "ivan"},
	    {"", BOUNCE_FAILED, COPIES_NONE, NO_USER, 1, "postmaster"}, /* somebody must hear of it */
	    {"ivan@office.lan", BOUNCE_FAILED, COPIES_SERIOUS, NO_USER, 1, "ivan"},
	    {"ivan@office.lan", BOUNCE_FAILED, COPIES_SERIOUS, "550 5.7.1 spam", 2, "postmaster"},
	    {"ivan@office.lan", BOUNCE_DELAYED, COPIES_SERIOUS, "", 1, "ivan"},
	    {"ivan@office.lan", BOUNCE_DELAYED, COPIES_ALL, "", 2, "postmaster"},
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct envelope bounce;
		struct body body;

		conf.gateway.bounce_copies = cases[i].copies;
		make(cases[i].sender, cases[i].kind, cases[i].reply, &bounce, &body);
		if (bounce.place_count != cases[i].places)
			fail_msg("case %zu: %zu", i, bounce.place_count);
		if (cases[i].to != NULL)
			assert_true(has_place(&bounce, cases[i].to));
		envelope_clear(&bounce);
		body_clear(&body, false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_header),
	    cmocka_unit_test(test_bounce),
	    cmocka_unit_test(test_bounce_goes_to_our_people_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
