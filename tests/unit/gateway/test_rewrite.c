/* Outgoing messages: addresses that external recipients may see, and the bounce after a failure. */
#include "base/i18n.h"
#include "base/alloc.h"
#include "mail/bounce.h"
#include "gateway/outbound/rewrite.h"

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
		const struct rewrite rewrite = {&conf, "", false, false};
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

static struct spool spool = {.folder = (char *)(uintptr_t)"/tmp"};

static void make(const char *sender, enum bounce_kind kind, const char *reply, struct bounces *bounces)
{
	const struct place failed = {.kind = PLACE_QUEUE, .name = "x@example.net",
	    .reply = (char *)(uintptr_t)reply, .orcpt = ""};
	const struct place *places[] = {&failed};
	struct envelope original;
	const struct bounce_about about = {&spool, kind, &original, places, 1,
	    SLICE_LITERAL("Subject: =?koi8-r?B?89ez1A==?=\r\nMessage-ID: <1@pc>\r\nX: y\r\n\r\nsecret body"), ""};
	struct error error;

	envelope_init(&original);
	envelope_set(&original.sender, slice_of(sender));
	assert_int_equal(bounce_make_all(&conf, &about, bounces, &error), 0);
	envelope_clear(&original);
}

static void check_shape(const char *text)
{
	assert_non_null(strstr(text, "Action: failed\r\nStatus: 5.1.1\r\n"));
	assert_non_null(strstr(text, "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"));
	assert_non_null(strstr(text, "There is no such mailbox"));
	assert_non_null(strstr(text, "In-Reply-To: <1@pc>\r\nReferences: <1@pc>\r\n"));
	assert_non_null(strstr(text, "X: y\r\n"));
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		assert_int_equal(at[-1], '\r');
}

static void test_bounce(void **context)
{
	struct bounces bounces;
	const char *ivans, *postmasters;

	(void)context;
	conf.gateway.bounce_copies = COPIES_FAILED;
	conf.gateway.bounce_size = 1000;
	make("ivan@office.lan", BOUNCE_FAILED, NO_USER, &bounces);
	assert_int_equal(bounces.count, 2);
	assert_true(has_place(&bounces.items[0].envelope, "postmaster") && !has_place(&bounces.items[0].envelope, "ivan"));
	assert_true(has_place(&bounces.items[1].envelope, "ivan") && !has_place(&bounces.items[1].envelope, "postmaster"));
	assert_string_equal(bounces.items[1].envelope.sender, "");
	postmasters = buf_text(&bounces.items[0].body.memory);
	ivans = buf_text(&bounces.items[1].body.memory);
	check_shape(postmasters);
	check_shape(ivans);
	/* The whole message is returned, and each reader gets a text of their own. */
	assert_non_null(strstr(ivans, "Content-Type: message/rfc822\r\n"));
	assert_non_null(strstr(ivans, "secret body"));
	assert_non_null(strstr(ivans, "Subject: Not delivered: x@example.net\r\n"));
	assert_non_null(strstr(ivans, "To: <ivan@office.lan>\r\n"));
	assert_non_null(strstr(ivans, "Your message \""));
	assert_non_null(strstr(postmasters, "To: <postmaster@office.lan>\r\n"));
	assert_non_null(strstr(postmasters, "of ivan@office.lan, sent "));
	assert_non_null(strstr(postmasters, "ivan@office.lan was notified as well."));
	assert_null(strstr(postmasters, "Your message"));
	bounce_clear_all(&bounces);
	/* But not if larger than bounce_size. */
	conf.gateway.bounce_size = 20;
	make("ivan@office.lan", BOUNCE_FAILED, NO_USER, &bounces);
	assert_null(strstr(buf_text(&bounces.items[1].body.memory), "secret body"));
	check_shape(buf_text(&bounces.items[1].body.memory));
	bounce_clear_all(&bounces);
}

static void test_what_the_gateway_says_is_no_servers_word(void **context)
{
	struct bounces bounces;

	(void)context;
	conf.gateway.bounce_copies = COPIES_NONE;
	make("ivan@office.lan", BOUNCE_FAILED, PHRASE(N_("550 5.4.7 delivery time expired")), &bounces);
	assert_null(strstr(buf_text(&bounces.items[0].body.memory), "The server said"));
	assert_non_null(strstr(buf_text(&bounces.items[0].body.memory), "        delivery time expired"));
	bounce_clear_all(&bounces);
	make("ivan@office.lan", BOUNCE_FAILED, "550 quite so", &bounces);
	assert_non_null(strstr(buf_text(&bounces.items[0].body.memory), "Its reply gives the reason"));
	assert_non_null(strstr(buf_text(&bounces.items[0].body.memory), "The server said: 550 quite so"));
	bounce_clear_all(&bounces);
}

static void test_bounce_goes_to_our_people_only(void **context)
{
	static const struct {
		const char *sender;
		enum bounce_kind kind;
		enum conf_bounce_copies copies;
		const char *reply;
		size_t bounces;
		const char *to;
	} cases[] = {
	    {"ivan@example.ru", BOUNCE_FAILED, COPIES_FAILED, NO_USER, 2, "ivan"}, /* the user's external address */
	    {"stranger@example.org", BOUNCE_FAILED, COPIES_FAILED, NO_USER, 1, "postmaster"},
	    {"", BOUNCE_FAILED, COPIES_FAILED, NO_USER, 1, "postmaster"}, /* a bounce of a bounce */
	    {"ivan@office.lan", BOUNCE_DELAYED, COPIES_FAILED, "", 1, "ivan"},
	    {"", BOUNCE_DELAYED, COPIES_FAILED, "", 0, NULL},
	    {"ivan@office.lan", BOUNCE_FAILED, COPIES_NONE, NO_USER, 1, "ivan"},
	    {"", BOUNCE_FAILED, COPIES_NONE, NO_USER, 1, "postmaster"}, /* it must be reported to somebody */
	    {"ivan@office.lan", BOUNCE_FAILED, COPIES_SERIOUS, NO_USER, 1, "ivan"},
	    {"ivan@office.lan", BOUNCE_FAILED, COPIES_SERIOUS, "550 5.7.1 spam", 2, "postmaster"},
	    {"ivan@office.lan", BOUNCE_DELAYED, COPIES_SERIOUS, "", 1, "ivan"},
	    {"ivan@office.lan", BOUNCE_DELAYED, COPIES_ALL, "", 2, "postmaster"},
	    {"ivan@office.lan", BOUNCE_RELAYED, COPIES_ALL, "250 ok", 1, "ivan"},
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bounces bounces;
		bool found = cases[i].to == NULL;

		conf.gateway.bounce_copies = cases[i].copies;
		make(cases[i].sender, cases[i].kind, cases[i].reply, &bounces);
		if (bounces.count != cases[i].bounces)
			fail_msg("case %zu: %zu", i, bounces.count);
		for (size_t j = 0; j < bounces.count; j++)
			found = found || has_place(&bounces.items[j].envelope, cases[i].to);
		assert_true(found);
		bounce_clear_all(&bounces);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_header),
	    cmocka_unit_test(test_bounce),
	    cmocka_unit_test(test_what_the_gateway_says_is_no_servers_word),
	    cmocka_unit_test(test_bounce_goes_to_our_people_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
