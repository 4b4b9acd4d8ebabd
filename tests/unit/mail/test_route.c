/* Where recipients' mail goes, and the sender address of outgoing mail. */
#include "mail/route.h"

#include "tests/unit/sample_conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct addr address(const char *text)
{
	struct addr addr;

	if (!addr_parse(slice_of(text), &addr))
		fail_msg("%s is no address", text);
	return addr;
}

static const struct {
	const char *address;
	enum route_kind kind;
	const char *user;
} kinds[] = {
    {"ivan", ROUTE_MAILBOX, "ivan"},
    {"IVAN@Office.LAN", ROUTE_MAILBOX, "ivan"},
    {"petrov@office.lan", ROUTE_MAILBOX, "ivan"},
    {"ivan+shop@office.lan", ROUTE_MAILBOX, "ivan"},
    {"i.petrov+a+b", ROUTE_MAILBOX, "ivan"},
    {"Ivan@Example.RU", ROUTE_MAILBOX, "ivan"},
    {"ivan@example.org", ROUTE_OUTSIDE, NULL},
    {"anna@example.ru", ROUTE_OUTSIDE, NULL},
    {"postmaster", ROUTE_MAILBOX, "postmaster"},
    {"Postmaster@office.lan", ROUTE_MAILBOX, "postmaster"},
    {"postmaster@example.ru", ROUTE_OUTSIDE, NULL},
    {"daemon", ROUTE_DAEMON, NULL},
    {"Daemon@office.lan", ROUTE_DAEMON, NULL},
    {"daemon@example.ru", ROUTE_OUTSIDE, NULL},
    {"nobody", ROUTE_UNKNOWN, NULL},
    {"nobody@office.lan", ROUTE_UNKNOWN, NULL},
    {"ivan@sub.office.lan", ROUTE_OUTSIDE, NULL},
    {"user%outside.org@office.lan", ROUTE_UNKNOWN, NULL},
    {"ivan%outside.org", ROUTE_UNKNOWN, NULL},
    {"outside!user", ROUTE_UNKNOWN, NULL},
    {"\"ivan@example.ru\"@office.lan", ROUTE_UNKNOWN, NULL},
};

static void test_kinds(void **state)
{
	struct conf conf = sample_conf();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct addr addr = address(kinds[i].address);
		const char *user = NULL;

		if (route_address(&conf, &addr, &user) != kinds[i].kind)
			fail_msg("%s: wrong kind", kinds[i].address);
		if (kinds[i].user != NULL && strcmp(kinds[i].user, user) != 0)
			fail_msg("%s: goes to %s", kinds[i].address, user);
	}
}

static void test_shared_mailboxes(void **state)
{
	static const char *const names[] = {"Info", "office+x@office.lan", "info@EXAMPLE.ru"};
	struct conf conf = sample_conf();
	struct conf_group both = {.name = "both", .members = {(char *[]){"office", "anna"}, 2}};
	struct addr sender = address("office@office.lan"), outside, group = address("both"), hint = address("offise");
	struct envelope envelope;
	const char *user;
	char text[ADDR_TEXT_MAX];

	(void)state;
	sample_share(&conf);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct addr addr = address(names[i]);

		assert_int_equal(route_address(&conf, &addr, &user), ROUTE_MAILBOX);
		assert_string_equal(user, "info");
	}
	assert_true(route_outside_sender(&conf, &sender, &outside));
	assert_string_equal(addr_text(text, sizeof(text), &outside), "info@example.ru");
	assert_string_equal(route_hint(&conf, &hint), "office");
	conf.groups = &both;
	envelope_init(&envelope);
	route_add(&conf, &envelope, &group, slice_of("test"));
	route_add_folder(&conf, &envelope, "info", "Clients", slice_of("test"));
	assert_int_equal(envelope.place_count, 3);
	assert_string_equal(envelope.places[0].name, "info");
	assert_string_equal(envelope.places[1].name, "anna");
	assert_string_equal(envelope.places[2].name, "info/Clients");
	envelope_clear(&envelope);
}

static void test_split_domain(void **state)
{
	struct conf conf = sample_conf();
	struct addr addr = address("nobody"), routed = address("a%b@office.lan"), outside;
	struct envelope envelope;
	const char *user;

	(void)state;
	conf.gateway.relay_unknown = true;
	assert_int_equal(route_address(&conf, &addr, &user), ROUTE_OUTSIDE);
	assert_int_equal(route_address(&conf, &routed, &user), ROUTE_UNKNOWN);
	envelope_init(&envelope);
	route_add(&conf, &envelope, &addr, slice_of(""));
	assert_int_equal(envelope.place_count, 1);
	assert_int_equal(envelope.places[0].kind, PLACE_QUEUE);
	assert_string_equal(envelope.places[0].name, "nobody@office.lan");
	envelope_clear(&envelope);
	addr = address("anna");
	assert_true(route_outside_sender(&conf, &addr, &outside));
	assert_string_equal(outside.domain, "office.lan");
}

/* Places as text: M mailbox, B boss, Q queue. */
static const struct {
	const char *recipient, *boss, *places;
} added[] = {
    {"ivan", "", "M:ivan"},
    {"x@outside.org", "", "Q:x@outside.org"},
    {"buh", "", "M:anna"},
    {"far@office.lan", "", "Q:far@outside.org M:far"},
    {"round1", "", "M:round2"},
    {"round2", "", "M:round1"},
    {"self", "", "M:self"},
    {"postmaster", "", "M:postmaster M:admin"},
    {"daemon", "", ""},
    {"nobody", "", ""},
    {"sales", "", "M:ivan M:anna"},
    {"Sales+x@Office.LAN", "", "M:ivan M:anna"},
    {"sales@outside.org", "", "Q:sales@outside.org"},
    {"ivan", "chief", "M:ivan B:chief"},
    {"chief", "chief", "B:chief"},
};

static char *places_text(const struct envelope *envelope)
{
	struct buf text = BUF_INIT(4096);

	for (size_t i = 0; i < envelope->place_count; i++)
		buf_printf(&text, "%s%c:%s", i == 0 ? "" : " ", "MBQD"[envelope->places[i].kind],
		    envelope -> places[i].name);
	buf_text(&text);
	return text.ptr;
}

static void test_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(added); i++) {
		struct conf conf = sample_conf();
		struct addr addr = address(added[i].recipient);
		struct envelope envelope;
		char boss[64], *text;

		snprintf(boss, sizeof(boss), "%s", added[i].boss);
		conf.gateway.boss = boss;
		envelope_init(&envelope);
		route_add(&conf, &envelope, &addr, slice_of("test"));
		route_add_boss(&conf, &envelope);
		text = places_text(&envelope);
		if (strcmp(text, added[i].places) != 0)
			fail_msg("%s: %s", added[i].recipient, text);
		free(text);
		envelope_clear(&envelope);
	}
}

static void test_hint(void **state)
{
	struct conf conf = sample_conf();
	struct addr addr = address("petrow@office.lan");

	(void)state;
	assert_string_equal(route_hint(&conf, &addr), "petrov");
	addr = address("postmastr");
	assert_string_equal(route_hint(&conf, &addr), "postmaster");
	addr = address("quite.different");
	assert_null(route_hint(&conf, &addr));
}

static const struct {
	const char *sender, *domain, *default_sender, *outside; /* NULL: cannot leave */
} senders[] = {
    {"ivan", "office.lan", "", "ivan@example.ru"},
    {"petrov@office.lan", "office.lan", "branch@example.ru", "ivan@example.ru"},
    {"anna", "office.lan", "branch@example.ru", "branch@example.ru"},
    {"anna", "office.lan", "all@example.ru", "all@example.ru"},
    {"ivan", "office.lan", "all@example.ru", "ivan@example.ru"},
    {"anna@office.lan", "office.lan", "", NULL},
    {"anna", "office.lan", "", NULL},
    {"anna", "local", "", NULL},
    {"postmaster", "office.lan", "", NULL}, /* the gateway's own mail goes without a sender then */
    {"postmaster", "office.lan", "branch@example.ru", "branch@example.ru"},
    {"gone@office.lan", "office.lan", "", NULL}, /* a user who was removed while the mail waited */
    {"anna", "firma.ru", "", "anna@firma.ru"}, /* the smarthost may accept it, or refuse it */
    {"broken", "office.lan", "branch@example.ru", NULL},
    {"nobody@office.lan", "office.lan", "branch@example.ru", "branch@example.ru"},
    {"someone@else.org", "office.lan", "all@example.ru", "someone@else.org"},
};

static void test_outside_sender(void **state)
{
	struct conf conf = sample_conf();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(senders); i++) {
		struct addr sender = address(senders[i].sender), outside;
		char spare[64], domain[64], text[ADDR_TEXT_MAX];
		bool can;

		snprintf(spare, sizeof(spare), "%s", senders[i].default_sender);
		snprintf(domain, sizeof(domain), "%s", senders[i].domain);
		sample_smarthost.default_sender = spare;
		conf.gateway.local_domain = domain;
		can = route_outside_sender(&conf, &sender, &outside);
		if (can != (senders[i].outside != NULL))
			fail_msg("%s of %s via %s", senders[i].sender, domain, spare);
		if (can)
			assert_string_equal(addr_text(text, sizeof(text), &outside), senders[i].outside);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_split_domain),
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_shared_mailboxes),
	    cmocka_unit_test(test_hint),
	    cmocka_unit_test(test_outside_sender),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
