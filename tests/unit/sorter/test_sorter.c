#include "base/alloc.h"
#include "sorter/sorter.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MAX_RULES 4

/* A manual configuration: users ivan (alias petrov, external ivan@example.ru), buh, admin;
 * account sales. */
struct office {
	struct conf conf;
	struct conf_user users[3];
	struct conf_account account;
	struct conf_group group;
	struct conf_rule rules[MAX_RULES];
};

struct rule_spec {
	const char *name, *when, *deliver, *forward, *tag;
	bool drop, stop;
	const char *copy, *redirect, *reject_to, *prefix, *reply;
};

static char empty[] = "";

static char *text(const char *constant)
{
	return (char *)(uintptr_t)constant;
}

static void fill_list(struct strlist *list, const char *items)
{
	struct slice rest = slice_of(items == NULL ? "" : items);

	while (rest.len > 0) {
		char *item = slice_dup(slice_cut(&rest, ' '));

		strlist_add(list, item);
		free(item);
	}
}

static void add_user(struct office *office, size_t i, const char *name, const char *alias)
{
	office->users[i] = (struct conf_user){.name = text(name),
	    .password = empty,
	    .full_name = empty,
	    .external_alias = text(alias),
	    .forward = empty};
}

static void office_init(struct office *office, const struct rule_spec *rules)
{
	memset(office, 0, sizeof(*office));
	office->conf.gateway.local_domain = text("office.lan");
	office->conf.gateway.hostname = text("gw.office.lan");
	office->conf.gateway.postmaster = empty;
	office->conf.gateway.boss = empty;
	office->conf.sorter.by_address = true;
	add_user(office, 0, "ivan", "ivan@example.ru");
	add_user(office, 1, "buh", "");
	add_user(office, 2, "admin", "");
	fill_list(&office->users[0].aliases, "petrov");
	office->conf.users = office->users;
	office->conf.user_count = 3;
	office->account.name = text("sales");
	office->conf.accounts = &office->account;
	office->conf.account_count = 1;
	office->account.remote.user = text("Sales@example.ru");
	office->group.name = text("desk");
	fill_list(&office->group.members, "buh petrov");
	office->conf.groups = &office->group;
	office->conf.group_count = 1;
	office->conf.rules = office->rules;
	for (size_t i = 0; i < MAX_RULES && rules[i].name != NULL; i++) {
		struct conf_rule *rule = &office->rules[i];

		rule->name = text(rules[i].name);
		rule->when = text(rules[i].when);
		rule->tag = text(rules[i].tag == NULL ? "" : rules[i].tag);
		rule->subject_prefix = text(rules[i].prefix == NULL ? "" : rules[i].prefix);
		rule->reply = text(rules[i].reply == NULL ? "" : rules[i].reply);
		rule->drop = rules[i].drop;
		rule->stop = rules[i].stop;
		rule->when_place = (struct conf_place){"rules.conf", 10 + (int)i};
		fill_list(&rule->deliver, rules[i].deliver);
		fill_list(&rule->forward, rules[i].forward);
		fill_list(&rule->copy, rules[i].copy);
		fill_list(&rule->redirect, rules[i].redirect);
		fill_list(&rule->reject_to, rules[i].reject_to);
		office->conf.rule_count = i + 1;
	}
}

static void office_clear(struct office *office)
{
	strlist_clear(&office->users[0].aliases);
	strlist_clear(&office->group.members);
	strlist_clear(&office->account.deliver_to);
	strlist_clear(&office->account.unsorted_to);
	strlist_clear(&office->conf.sorter.unsorted_to);
	for (size_t i = 0; i < MAX_RULES; i++) {
		strlist_clear(&office->rules[i].deliver);
		strlist_clear(&office->rules[i].forward);
		strlist_clear(&office->rules[i].copy);
		strlist_clear(&office->rules[i].redirect);
		strlist_clear(&office->rules[i].reject_to);
	}
}

static void describe(const struct sorter_decision *decision, struct buf *out)
{
	static const char *const marks[] = {"", "+", "->", "=>", "!", "", "", ""};

	for (size_t i = 0; i < decision->recipient_count; i++)
		buf_printf(out, "%s%s%s%s/%s ", marks[decision->recipients[i].action],
		    decision->recipients[i].name, decision->recipients[i].folder[0] == '\0' ? "" : "/", decision->recipients[i].folder,
		    decision->recipients[i].rule);
	if (decision->dropped_by != NULL)
		buf_printf(out, "dropped by %s ", decision->dropped_by);
	for (size_t i = 0; i < decision->tags.count; i++)
		buf_printf(out, "tag %s ", decision->tags.items[i]);
	for (size_t i = 0; i < decision->prefixes.count; i++)
		buf_printf(out, "prefix %s ", decision->prefixes.items[i]);
	if (decision->reply_rule != NULL)
		buf_printf(out, "reply by %s to %s ", decision->reply_rule,
		    decision->reply_to != NULL ? decision->reply_to : decision->reply_refusal);
	if (decision->unsorted != NULL)
		buf_printf(out, "unsorted: %s", PHRASE_EN(decision->unsorted));
}

static const char invoice[] =
    "From: Bank <x@bank.ru>\nTo: Petrov@Office.LAN, daemon@office.lan,\n"
    " stranger@office.lan\nCc: IVAN@example.ru\nSubject: Счёт на оплату\n\nbody\n";
static const char strange[] = "To: nobody@elsewhere.ru\nSubject: hello\n\n";
static const char to_daemon[] = "To: daemon@office.lan\n\n";

static const struct {
	const char *name;
	struct rule_spec rules[MAX_RULES + 1];
	const char *message;
	const char *deliver_to, *account_unsorted, *unsorted;
	bool not_by_address;
	const char *expected;
} cases[] = {
    {.name = "by address", .message = invoice, .expected = "ivan/ "},
    {.name = "by address off",
        .message = invoice,
        .not_by_address = true,
        .expected = "postmaster/ unsorted: no rule matched"},
    {.name = "nobody", .message = strange, .expected = "postmaster/ unsorted: no rule matched"},
    {.name = "daemon gets nothing",
        .message = to_daemon,
        .expected = "postmaster/ unsorted: no rule matched"},
    {.name = "unsorted_to",
        .message = strange,
        .unsorted = "admin",
        .expected = "admin/ unsorted: no rule matched"},
    {.name = "unsorted_to of the account",
        .message = strange,
        .unsorted = "admin",
        .account_unsorted = "buh ivan",
        .expected = "buh/ ivan/ unsorted: no rule matched"},
    {.name = "deliver_to",
        .rules = {{"a", "always", "ivan", .tag = "t"}},
        .message = invoice,
        .deliver_to = "buh admin",
        .expected = "buh/ admin/ "},
    {.name = "a folder, and folders of a group's members",
        .rules = {{"a", "always", .deliver = "ivan/Invoices desk/Bills ivan"}},
        .message = invoice,
        .expected = "ivan/Invoices/a buh/Bills/a ivan/Bills/a ivan/a "},
    {.name = "rule and address",
        .rules = {{"a", "subject contains \"СЧЁТ\"", .deliver = "buh"}},
        .message = invoice,
        .expected = "buh/a ivan/ "},
    {.name = "each once, first reason",
        .rules = {{"a", "always", .deliver = "buh ivan"}, {"b", "always", .deliver = "ivan"}},
        .message = invoice,
        .expected = "buh/a ivan/a "},
    {.name = "stop",
        .rules = {{"a", "always", "buh", .stop = true}, {"b", "always", .deliver = "admin"}},
        .message = invoice,
        .expected = "buh/a "},
    {.name = "no stop without a match",
        .rules = {{"a", "not always", "buh", .stop = true}, {"b", "always", .deliver = "admin"}},
        .message = strange,
        .expected = "admin/b "},
    {.name = "forward",
        .rules = {{"a", "always", .forward = "x@y.ru z@y.ru"}},
        .message = strange,
        .expected = "->x@y.ru/a ->z@y.ru/a "},
    {.name = "drop",
        .rules = {{"a", "always", .drop = true}, {"b", "always", .deliver = "buh"}},
        .message = invoice,
        .expected = "dropped by a "},
    {.name = "drop leaves what rules above it gave",
        .rules = {{"a", "always", .deliver = "buh"}, {"b", "always", .drop = true}},
        .message = invoice,
        .expected = "buh/a dropped by b "},
    {.name = "tags",
        .rules = {{"a", "always", "buh", .tag = "one"}, {"b", "always", .tag = "X-B: two"}},
        .message = strange,
        .expected = "buh/a tag one tag X-B: two "},
    {.name = "only a tag",
        .rules = {{"a", "always", .tag = "one"}},
        .message = strange,
        .expected = "postmaster/ tag one unsorted: the matching rules do not deliver it"},
    {.name = "groups and aliases",
        .rules = {{"a", "always", .deliver = "petrov desk"}},
        .message = strange,
        .expected = "ivan/a buh/a "},
    {.name = "a group by its address",
        .message = "To: Desk@office.lan\r\n\r\n",
        .expected = "buh/ ivan/ "},
    {.name = "unsorted_to a group",
        .message = strange,
        .unsorted = "desk",
        .expected = "buh/ ivan/ unsorted: no rule matched"},
    {.name = "a copy is no delivery",
        .rules = {{"a", "always", .copy = "buh"}},
        .message = strange,
        .unsorted = "admin",
        .expected = "+buh/a admin/ unsorted: the matching rules do not deliver it"},
    {.name = "a copy and more",
        .rules = {{"a", "always", .copy = "buh"}, {"b", "always", .deliver = "buh"}},
        .message = strange,
        .expected = "buh/a "},
    {.name = "redirect",
        .rules = {{"a", "always", .redirect = "x@y.ru"}},
        .message = invoice,
        .expected = "=>x@y.ru/a ivan/ "},
    {.name = "reject",
        .rules = {{"a", "always", .deliver = "buh"},
            {"b", "always", .deliver = "ivan", .reject_to = "admin"},
            {"c", "always", .deliver = "ivan"}},
        .message = invoice,
        .expected = "buh/a !admin/b dropped by b "},
    {.name = "prefixes",
        .rules = {{"a", "always", "buh", .prefix = "[a]"}, {"b", "always", .prefix = "[b]"},
            {"c", "always", .prefix = "[a]"}, {"d", "always", .prefix = "Счёт"}},
        .message = invoice,
        .expected = "buh/a ivan/ prefix [a] prefix [b] "},
    {.name = "reply, the first one only",
        .rules = {{"a", "always", "buh", .reply = "x"}, {"b", "always", .reply = "y"}},
        .message = "From: X <x@y.ru>\nTo: sales@example.ru\nReturn-Path: <env@y.ru>\n\n",
        .expected = "buh/a reply by a to env@y.ru "},
    {.name = "reply without Return-Path",
        .rules = {{"a", "always", "buh", .reply = "x"}},
        .message = "From: X <x@y.ru>\nCc: sales@example.ru\nAuto-Submitted: no\n\n",
        .expected = "buh/a reply by a to x@y.ru "},
    {.name = "no reply to the null sender",
        .rules = {{"a", "always", "buh", .reply = "x"}},
        .message = "From: X <x@y.ru>\nReturn-Path: <>\n\n",
        .expected = "buh/a reply by a to no reply to a message without a sender "},
    {.name = "no reply to a list",
        .rules = {{"a", "always", "buh", .reply = "x"}},
        .message = "From: X <x@y.ru>\nList-Id: <l.y.ru>\n\n",
        .expected = "buh/a reply by a to no reply to a mailing list "},
    {.name = "no reply to a reply",
        .rules = {{"a", "always", "buh", .reply = "x"}},
        .message = "From: X <x@y.ru>\nAuto-Submitted: auto-replied (vacation)\n\n",
        .expected = "buh/a reply by a to no reply to a program "},
    {.name = "no reply to spam",
        .rules = {{"a", "always", "buh", .reply = "x"}},
        .message = "From: X <x@y.ru>\nX-Spam-Flag: YES\n\n",
        .expected = "buh/a reply by a to no reply to spam "},
    {.name = "no reply to bulk mail",
        .rules = {{"a", "always", "buh", .reply = "x"}},
        .message = "From: X <x@y.ru>\nPrecedence: bulk\n\n",
        .expected = "buh/a reply by a to no reply to a program "},
    {.name = "no reply to names of programs",
        .rules = {{"a", "always", "buh", .reply = "x"}},
        .message = "From: X <MAILER-DAEMON@y.ru>\n\n",
        .expected = "buh/a reply by a to no reply to a program "},
    {.name = "no reply to a list's owner",
        .rules = {{"a", "always", "buh", .reply = "x"}},
        .message = "From: X <staff-request@y.ru>\n\n",
        .expected = "buh/a reply by a to no reply to a program "},
    {.name = "no reply to the account itself",
        .rules = {{"a", "always", "buh", .reply = "x"}},
        .message = "From: X <sales@example.ru>\n\n",
        .expected = "buh/a reply by a to no reply to our own messages "},
    {.name = "no reply to what names none of us",
        .rules = {{"a", "always", "buh", .reply = "x"}},
        .message = "From: x@y.ru\nTo: other@elsewhere.example\n\n",
        .expected = "buh/a reply by a to no reply to a message without one of our addresses "},
    {.name = "a rule may name an address of ours",
        .rules = {{"a", "to contains \"orders@\"", "buh", .reply = "x"}},
        .message = "From: x@y.ru\nTo: orders@elsewhere.example\n\n",
        .expected = "buh/a reply by a to x@y.ru "},
    {.name = "no reply to colleagues",
        .rules = {{"a", "always", "buh", .reply = "x"}},
        .message = "From: X <ivan@example.ru>\n\n",
        .expected = "buh/a reply by a to no reply to our own messages "},
    {.name = "what has come back is not sent on again",
        .rules = {{"a", "always", .forward = "x@y.ru", .reply = "x"}},
        .message = "Received: from pop.y.ru by gw.office.lan with POP3S id 1; x\nFrom: a@b.ru\n\n",
        .expected = "postmaster/ unsorted: mail loop: the message was here before and is not forwarded again"},
    {.name = "what has come back is delivered",
        .rules = {{"a", "always", .deliver = "buh", .forward = "x@y.ru"}},
        .message = "Received: from pop.y.ru\n by gw.office.lan with POP3 id 1; x\n\n",
        .expected = "buh/a "},
    {.name = "what was sent from here may come back",
        .rules = {{"a", "always", .forward = "x@y.ru"}},
        .message = "Received: from pc by gw.office.lan with ESMTP id 1; x\n\n",
        .expected = "->x@y.ru/a "},
    {.name = "rule on the account",
        .rules = {{"a", "account is \"sales\"", .deliver = "buh"}},
        .message = strange,
        .expected = "buh/a "},
    {.name = "rule on the size",
        .rules = {{"a", "size > 1K", .deliver = "buh"}},
        .message = strange,
        .expected = "postmaster/ unsorted: no rule matched"},
};

/* A decision of another process is filled in as if it had been made here. */
static void expect_same_by_wire(const struct conf *conf, struct slice message, const struct sorter_decision *decision, const char *name)
{
	struct buf wire = BUF_INIT(100000), here = BUF_INIT(100000), there = BUF_INIT(100000);
	struct sorter_decision read;
	struct envelope one, other;

	decision_write(decision, &wire);
	if (!decision_read(conf, message, buf_slice(&wire), &read))
		fail_msg("%s: is not read back", name);
	envelope_init(&one);
	envelope_init(&other);
	other.id = one.id;
	other.time = one.time;
	sorter_fill(conf, message, &one, decision);
	sorter_fill(conf, message, &other, &read);
	envelope_write(&one, &here);
	envelope_write(&other, &there);
	if (!slice_equal(buf_slice(&here), buf_slice(&there)))
		fail_msg("%s: %s\n%s", name, buf_text(&here), buf_text(&there));
	decision_clear(&read);
	envelope_clear(&one);
	envelope_clear(&other);
	buf_clear(&wire);
	buf_clear(&here);
	buf_clear(&there);
}

static void test_decide(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sorter_message message = {slice_of(cases[i].message), "sales", 100, 0, NULL, NULL, NULL};
		struct sorter_decision decision;
		struct error error = ERROR_INIT;
		struct buf out = BUF_INIT(10000);
		struct office office;
		struct sorter *sorter;

		office_init(&office, cases[i].rules);
		office.conf.sorter.by_address = !cases[i].not_by_address;
		fill_list(&office.account.deliver_to, cases[i].deliver_to);
		fill_list(&office.account.unsorted_to, cases[i].account_unsorted);
		fill_list(&office.conf.sorter.unsorted_to, cases[i].unsorted);
		sorter = sorter_new(&office.conf, &error);
		assert_non_null(sorter);
		sorter_decide(sorter, &message, &decision);
		describe(&decision, &out);
		if (strcmp(buf_text(&out), cases[i].expected) != 0)
			fail_msg("%s: %s", cases[i].name, buf_text(&out));
		expect_same_by_wire(&office.conf, message.message, &decision, cases[i].name);
		buf_clear(&out);
		decision_clear(&decision);
		sorter_free(sorter);
		office_clear(&office);
	}
}

static void test_reason(void **state)
{
	static const struct rule_spec rules[MAX_RULES] = {
	    {"invoices", "subject contains \"счёт\"", .deliver = "buh"},
	    {"rest", "not size > 1G", .deliver = "admin"}};
	struct sorter_message message = {slice_of(invoice), "sales", 100, 0, NULL, NULL, NULL};
	struct sorter_decision decision;
	struct error error = ERROR_INIT;
	struct office office;
	struct sorter *sorter;

	(void)state;
	office_init(&office, rules);
	sorter = sorter_new(&office.conf, &error);
	sorter_decide(sorter, &message, &decision);
	assert_int_equal(decision.match_count, 2);
	assert_string_equal(decision.matches[0].matched, "Счёт");
	assert_string_equal(PHRASE_EN(decision.matches[0].reason),
	    "rule invoices: subject contains \"счёт\" matched \"Счёт\" in \"Счёт на оплату\"");
	assert_string_equal(PHRASE_EN(decision.matches[1].reason), "rule rest: \"not size > 1G\"");
	assert_string_equal(
	    PHRASE_EN(decision.recipients[2].reason), "by address: To names Petrov@office.lan");
	decision_clear(&decision);
	sorter_free(sorter);
	office_clear(&office);
}

static void fill_envelope(const struct conf *conf, const struct sorter *sorter,
    struct envelope *envelope, struct slice message)
{
	const struct sorter_message sorted = {message, "sales", message.len, 0, NULL, NULL, NULL};
	struct sorter_decision decision;

	sorter_decide(sorter, &sorted, &decision);
	expect_same_by_wire(conf, message, &decision, "fill");
	sorter_fill(conf, message, envelope, &decision);
	decision_clear(&decision);
}

static void test_fill(void **state)
{
	static const struct rule_spec rules[MAX_RULES] = {
	    {"счета", "always", "buh", "boss@else.ru", .tag = "X-Category: банк\r\nBcc: evil@x"},
	    {"two", "always", .tag = "Bad Name: x"}};
	struct error error = ERROR_INIT;
	struct envelope envelope;
	struct office office;
	struct sorter *sorter;
	struct slice rest;

	(void)state;
	office_init(&office, rules);
	sorter = sorter_new(&office.conf, &error);
	envelope_init(&envelope);
	fill_envelope(&office.conf, sorter, &envelope, slice_of(strange));
	assert_int_equal(envelope.place_count, 2);
	assert_int_equal(envelope.places[0].kind, PLACE_MAILBOX);
	assert_string_equal(envelope.places[0].name, "buh");
	assert_non_null(strstr(PHRASE_EN(envelope.places[0].why), "rule счета"));
	assert_int_equal(envelope.places[1].kind, PLACE_QUEUE);
	assert_string_equal(envelope.places[1].name, "boss@else.ru");
	assert_memory_equal(envelope.header, "X-Lanpost-Rule: =?UTF-8?B?", 26);
	assert_non_null(strstr(envelope.header, "\r\nX-Category: =?UTF-8?B?"));
	assert_non_null(strstr(envelope.header, "\r\nX-Lanpost-Tag: Bad Name: x\r\n"));
	for (rest = slice_of(envelope.header); rest.len > 0;) {
		struct slice line = slice_cut(&rest, '\n');

		assert_true(line.ptr[0] == 'X' || line.ptr[0] == ' ');
		assert_true(line.len < 80 && line.ptr[line.len - 1] == '\r');
		for (size_t i = 0; i < line.len; i++)
			assert_true((unsigned char)line.ptr[i] < 0x80);
	}
	envelope_clear(&envelope);
	sorter_free(sorter);
	office_clear(&office);
}

static void test_fill_unsorted_and_dropped(void **state)
{
	static const struct rule_spec rules[MAX_RULES] = {
	    {"spam", "subject is \"hello\"", .drop = true}};
	struct error error = ERROR_INIT;
	struct envelope envelope;
	struct office office;
	struct sorter *sorter;

	(void)state;
	office_init(&office, rules);
	sorter = sorter_new(&office.conf, &error);
	envelope_init(&envelope);
	fill_envelope(&office.conf, sorter, &envelope, slice_of(strange));
	assert_int_equal(envelope.place_count, 0);
	assert_string_equal(envelope.header, "X-Lanpost-Rule: spam\r\n");
	envelope_clear(&envelope);
	envelope_init(&envelope);
	fill_envelope(&office.conf, sorter, &envelope, slice_of("Subject: other\n\n"));
	assert_int_equal(envelope.place_count, 1);
	assert_string_equal(envelope.places[0].name, "postmaster");
	assert_string_equal(envelope.header, "X-Lanpost-Unsorted: no rule matched\r\n");
	envelope_clear(&envelope);
	sorter_free(sorter);
	office_clear(&office);
}

static const struct {
	const char *name, *prefix, *message, *expected;
} prefixed[] = {
    {"plain", "[bank]", "From: x\r\nSubject: hello\r\n\r\n",
        "From: x\r\nSubject: [bank] hello\r\n\r\n"},
    {"no blank", "[bank]", "Subject:hello\r\n\r\n", "Subject: [bank] hello\r\n\r\n"},
    {"no subject", "[bank]", "From: x\r\n\r\n", "Subject: [bank]\r\nFrom: x\r\n\r\n"},
    {"empty subject", "[bank]", "Subject: \r\n\r\n", "Subject: [bank] \r\n\r\n"},
    {"before an encoded word", "[bank]", "Subject: =?utf-8?Q?=D1=8F?=\r\n\r\n",
        "Subject: [bank] =?utf-8?Q?=D1=8F?=\r\n\r\n"},
    {"two encoded words", "ю", "Subject: =?utf-8?Q?=D1=8F?=\r\n\r\n",
        "Subject: =?UTF-8?B?0Y4g?= =?utf-8?Q?=D1=8F?=\r\n\r\n"},
    {"encoded before plain", "ю", "Subject: x\r\n\r\n", "Subject: =?UTF-8?B?0Y4=?= x\r\n\r\n"},
    {"folded", "[bank]", "Subject:\r\n hello\r\n\r\n", "Subject: [bank] \r\n hello\r\n\r\n"},
    {"the first of two", "[bank]", "Subject: a\r\nSubject: b\r\n\r\n",
        "Subject: [bank] a\r\nSubject: b\r\n\r\n"},
};

static void test_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(prefixed); i++) {
		const struct rule_spec rules[MAX_RULES] = {
		    {"a", "always", "buh", .prefix = prefixed[i].prefix}};
		struct slice message = slice_of(prefixed[i].message);
		struct buf stored = BUF_INIT(10000);
		struct error error = ERROR_INIT;
		struct envelope envelope;
		struct office office;
		struct sorter *sorter;
		const char *header;

		office_init(&office, rules);
		sorter = sorter_new(&office.conf, &error);
		envelope_init(&envelope);
		fill_envelope(&office.conf, sorter, &envelope, message);
		header = envelope.header + strlen("X-Lanpost-Rule: a\r\n");
		buf_append_text(&stored, header);
		buf_append(&stored, message.ptr, (size_t)envelope.insert_at);
		buf_append_text(&stored, envelope.insert);
		buf_append_slice(&stored, slice_from(message, (size_t)envelope.insert_at));
		if (strcmp(buf_text(&stored), prefixed[i].expected) != 0)
			fail_msg("%s: %s", prefixed[i].name, buf_text(&stored));
		buf_clear(&stored);
		envelope_clear(&envelope);
		sorter_free(sorter);
		office_clear(&office);
	}
}

static const struct {
	const char *name;
	struct rule_spec rule;
	const char *login, *message, *expected;
} leaving[] = {
    {"not", {"a", "always", .deliver = "buh"}, "user", "Return-Path: <a@b.ru>\n\n", ""},
    {"forwarded", {"a", "always", .forward = "x@y.ru"}, "user", "Return-Path: <a@b.ru>\n\n",
        "postmaster"},
    {"redirected", {"a", "always", .redirect = "x@y.ru"}, "user", "Return-Path: <a@b.ru>\n\n",
        "a@b.ru"},
    {"redirected bounce", {"a", "always", .redirect = "x@y.ru"}, "user", "Return-Path: <>\n\n", ""},
    {"redirected, sender not told", {"a", "always", .redirect = "x@y.ru"}, "user", "To: x\n\n",
        "postmaster"},
    {"redirected by a provider that takes only our own", {"a", "always", .redirect = "x@y.ru"},
        "me@mail.ru", "Return-Path: <a@b.ru>\n\n", "postmaster"},
};

static void test_sender_of_what_leaves(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(leaving); i++) {
		const struct rule_spec rules[MAX_RULES] = {leaving[i].rule};
		struct conf_smarthost smarthost = {.remote.user = text(leaving[i].login)};
		struct error error = ERROR_INIT;
		struct envelope envelope;
		struct office office;
		struct sorter *sorter;

		office_init(&office, rules);
		office.conf.smarthosts = &smarthost;
		office.conf.smarthost_count = 1;
		sorter = sorter_new(&office.conf, &error);
		envelope_init(&envelope);
		fill_envelope(&office.conf, sorter, &envelope, slice_of(leaving[i].message));
		if (strcmp(envelope.sender, leaving[i].expected) != 0)
			fail_msg("%s: %s", leaving[i].name, envelope.sender);
		envelope_clear(&envelope);
		sorter_free(sorter);
		office_clear(&office);
	}
}

static void test_loop(void **state)
{
	static const struct rule_spec rules[MAX_RULES] = {{"a", "always", .forward = "x@y.ru"}};
	struct buf message = BUF_INIT(10000);
	struct error error = ERROR_INIT;
	struct office office;
	struct sorter *sorter;

	(void)state;
	office_init(&office, rules);
	sorter = sorter_new(&office.conf, &error);
	for (int i = 0; i < SORTER_RECEIVED_MAX + 1; i++) {
		struct envelope envelope;

		buf_append_text(&message, "Received: x\r\n");
		envelope_init(&envelope);
		fill_envelope(&office.conf, sorter, &envelope, buf_slice(&message));
		assert_string_equal(
		    envelope.places[0].name, i < SORTER_RECEIVED_MAX ? "x@y.ru" : "postmaster");
		envelope_clear(&envelope);
	}
	buf_clear(&message);
	sorter_free(sorter);
	office_clear(&office);
}

/* A user who forwards mail to its origin. */
static void test_forward_of_a_user_in_a_circle(void **state)
{
	static const struct rule_spec rules[MAX_RULES] = {{"a", "always", .deliver = "ivan"}};
	static const char came_back[] =
	    "Received: from pop.y.ru by gw.office.lan with POP3S id 1; x\n\n";
	struct error error = ERROR_INIT;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct envelope envelope;
		struct office office;
		struct sorter *sorter;

		office_init(&office, rules);
		office.users[0].forward = text("ivan@y.ru");
		office.users[0].keep = i == 1;
		sorter = sorter_new(&office.conf, &error);
		envelope_init(&envelope);
		fill_envelope(&office.conf, sorter, &envelope, slice_of(came_back));
		assert_int_equal(envelope.place_count, 1);
		assert_int_equal(envelope.places[0].kind, PLACE_MAILBOX);
		assert_string_equal(envelope.places[0].name, i == 1 ? "ivan" : "postmaster");
		envelope_clear(&envelope);
		sorter_free(sorter);
		office_clear(&office);
	}
}

static void *decide_often(void *context)
{
	struct sorter_message message = {slice_of(invoice), "sales", 100, 0, NULL, NULL, NULL};
	struct sorter_decision decision;
	size_t *found = xcalloc(1, sizeof(*found));

	for (int i = 0; i < 200; i++) {
		sorter_decide(context, &message, &decision);
		*found += decision.match_count;
		decision_clear(&decision);
	}
	return found;
}

/* One sorter serves the threads of all accounts. */
static void test_threads(void **state)
{
	static const struct rule_spec rules[MAX_RULES] = {
	    {"a", "subject contains \"счёт\"", .deliver = "buh"},
	    {"b", "subject regex \"о?плат\"", .deliver = "ivan"},
	    {"c", "body contains \"body\" and not has attachment", .deliver = "ivan"},
	    {"d", "body contains \"absent\" or size < 1", .deliver = "ivan"}};
	struct error error = ERROR_INIT;
	struct office office;
	struct sorter *sorter;
	pthread_t threads[4];

	(void)state;
	office_init(&office, rules);
	sorter = sorter_new(&office.conf, &error);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, decide_often, sorter), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		void *found;

		assert_int_equal(pthread_join(threads[i], &found), 0);
		assert_int_equal(*(size_t *)found, 600);
		free(found);
	}
	sorter_free(sorter);
	office_clear(&office);
}

static void test_check(void **state)
{
	static const struct rule_spec rules[MAX_RULES] = {{"good", "always", .deliver = "buh"},
	    {"one", "subject contans \"x\"", .deliver = "buh"},
	    {"two", "subject", .deliver = "buh"}};
	struct conf_problems problems = {0};
	struct error error = ERROR_INIT;
	struct office office;

	(void)state;
	office_init(&office, rules);
	assert_int_equal(sorter_check(&office.conf, &problems), -1);
	assert_int_equal(problems.errors, 2);
	assert_int_equal(problems.items[0].place.line, 11);
	assert_non_null(strstr(PHRASE_EN(problems.items[0].phrase), "rule one: character 9"));
	assert_non_null(strstr(PHRASE_EN(problems.items[0].phrase), "\"contains\""));
	assert_int_equal(problems.items[1].place.line, 12);
	conf_problems_clear(&problems);
	assert_null(sorter_new(&office.conf, &error));
	assert_int_equal(error.class, ERROR_CONFIG);
	office_clear(&office);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_decide),
	    cmocka_unit_test(test_reason),
	    cmocka_unit_test(test_fill),
	    cmocka_unit_test(test_fill_unsorted_and_dropped),
	    cmocka_unit_test(test_prefix),
	    cmocka_unit_test(test_sender_of_what_leaves),
	    cmocka_unit_test(test_loop),
	    cmocka_unit_test(test_forward_of_a_user_in_a_circle),
	    cmocka_unit_test(test_threads),
	    cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
