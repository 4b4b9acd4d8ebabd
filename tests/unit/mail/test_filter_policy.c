/*
 * What follows from verdicts: places, header lines, refusals; the verdict's text form; the quarantine and the way back.
 */
#include "mail/filter/filter_header.h"
#include "mail/filter/filter_policy.h"
#include "mail/filter/filter_preview.h"
#include "mail/filter/quarantine.h"

#include "tests/unit/sample_state.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "spool/mailbox_name.h"

#include <stdio.h>
#include <stdlib.h>

static struct conf conf = {.filter = {.virus = VIRUS_QUARANTINE, .spam_junk = 5000, .spam_quarantine = 15000}};

/* A sender of whom nothing is known. */
static const struct filter_senders *nobody(void)
{
	static const struct scan_verdict verdict;
	static struct filter_senders senders;

	filter_senders_read(&senders, &conf, NULL, SLICE_LITERAL("\r\n"), &verdict);
	return &senders;
}

static struct envelope envelope_with_places(void)
{
	struct envelope envelope;

	envelope_init(&envelope);
	envelope_set(&envelope.sender, SLICE_LITERAL("a@bank.ru"));
	envelope_add_header(&envelope, "Received", SLICE_LITERAL("from x"));
	envelope_add(&envelope, PLACE_MAILBOX, SLICE_LITERAL("ivan"), SLICE_LITERAL("rule a: x"));
	envelope_add(&envelope, PLACE_MAILBOX, SLICE_LITERAL("anna/Счета 2026"), SLICE_LITERAL(""));
	envelope_add(&envelope, PLACE_QUEUE, SLICE_LITERAL("b@bank.ru"), SLICE_LITERAL("forward"));
	envelope_add(&envelope, PLACE_REPLY, SLICE_LITERAL("a@bank.ru"), SLICE_LITERAL("rule"));
	return envelope;
}

static const struct {
	enum conf_virus setting;
	unsigned sources;
	struct scan_verdict verdict;
	enum filter_outcome outcome;
	const char *first; /* place */
} cases[] = {
    {VIRUS_QUARANTINE, CONF_FETCHED, {.looked = SCAN_VIRUS}, FILTER_DELIVERS, "ivan"},
    {VIRUS_QUARANTINE, CONF_FETCHED, {.looked = SCAN_VIRUS, .virus = "X"}, FILTER_KEEPS, MAILBOX_QUARANTINE},
    {VIRUS_QUARANTINE, CONF_LOCAL, {.looked = SCAN_VIRUS, .virus = "X"}, FILTER_KEEPS, MAILBOX_QUARANTINE},
    {VIRUS_REJECT, CONF_FETCHED, {.looked = SCAN_VIRUS, .virus = "X"}, FILTER_KEEPS, MAILBOX_QUARANTINE},
    {VIRUS_REJECT, CONF_OUTGOING, {.looked = SCAN_VIRUS, .virus = "X"}, FILTER_REFUSES, "ivan"},
    {VIRUS_TAG, CONF_OUTGOING, {.looked = SCAN_VIRUS, .virus = "X"}, FILTER_DELIVERS, "ivan"},
    {VIRUS_QUARANTINE, CONF_FETCHED, {.looked = SCAN_SPAM, .score = 4999}, FILTER_DELIVERS, "ivan"},
    {VIRUS_QUARANTINE, CONF_FETCHED, {.looked = SCAN_SPAM, .score = 5000}, FILTER_DELIVERS, "ivan/Junk"},
    {VIRUS_QUARANTINE, CONF_FETCHED, {.looked = SCAN_SPAM, .score = 15000}, FILTER_KEEPS, MAILBOX_QUARANTINE},
    {VIRUS_QUARANTINE, CONF_LOCAL, {.looked = SCAN_SPAM, .score = 15000}, FILTER_DELIVERS, "ivan"},
    {VIRUS_QUARANTINE, CONF_FETCHED, {.away = SCAN_VIRUS}, FILTER_DELIVERS, "ivan"},
    {VIRUS_QUARANTINE, CONF_FETCHED, {.away = SCAN_VIRUS, .waits = true}, FILTER_WAITS, "ivan"},
    {VIRUS_QUARANTINE, CONF_FETCHED, {.looked = SCAN_VIRUS, .away = SCAN_SPAM, .waits = true, .virus = "X"}, FILTER_KEEPS, MAILBOX_QUARANTINE},
};

static void test_outcomes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct envelope envelope = envelope_with_places();
		enum filter_outcome outcome;

		conf.filter.virus = cases[i].setting;
		outcome = filter_policy_apply(&conf, cases[i].sources, &cases[i].verdict, nobody(), &envelope);
		if (outcome != cases[i].outcome || strcmp(envelope.places[0].name, cases[i].first) != 0)
			fail_msg("case %zu: %d, %s", i, (int)outcome, envelope.places[0].name);
		envelope_clear(&envelope);
	}
	conf.filter.virus = VIRUS_QUARANTINE;
}

/* Another copy of it has reached them, or a rule drops it: the quarantine has no use for it. */
static void test_what_nobody_gets_is_not_kept(void **state)
{
	const struct scan_verdict verdict = {.looked = SCAN_VIRUS, .virus = "X"};
	struct envelope envelope;

	(void)state;
	envelope_init(&envelope);
	assert_int_equal(filter_policy_apply(&conf, CONF_FETCHED, &verdict, nobody(), &envelope), FILTER_DELIVERS);
	assert_int_equal(envelope.place_count, 0);
	envelope_clear(&envelope);
}

static void test_what_is_accepted_is_not_refused_any_more(void **state)
{
	const struct scan_verdict verdict = {.looked = SCAN_VIRUS, .virus = "X"};
	struct envelope envelope = envelope_with_places();

	(void)state;
	conf.filter.virus = VIRUS_REJECT;
	assert_int_equal(filter_policy_apply(&conf, CONF_LOCAL | FILTER_IS_ACCEPTED, &verdict, nobody(), &envelope), FILTER_KEEPS);
	conf.filter.virus = VIRUS_QUARANTINE;
	envelope_clear(&envelope);
}

static void test_spam_keeps_the_folder_of_a_rule_and_gets_no_reply(void **state)
{
	const struct scan_verdict verdict = {.looked = SCAN_SPAM, .score = 7500};
	struct envelope envelope = envelope_with_places();

	(void)state;
	filter_policy_apply(&conf, CONF_FETCHED, &verdict, nobody(), &envelope);
	assert_int_equal(envelope.place_count, 3);
	assert_string_equal(envelope.places[1].name, "anna/Счета 2026");
	assert_int_equal(envelope.places[2].kind, PLACE_QUEUE);
	assert_string_equal(PHRASE_EN(envelope.places[0].why), "spam score 7.5; rule a: x");
	assert_non_null(strstr(envelope.header, "Received: from x\r\nX-Spam-Score: 7.5\r\nX-Spam-Flag: YES\r\n"));
	envelope_clear(&envelope);
}

static void test_out_of_quarantine(void **state)
{
	const struct scan_verdict verdict = {.looked = SCAN_VIRUS, .virus = "Eicar test"};
	struct envelope envelope = envelope_with_places(), back;
	struct slice message;
	char *file, *why;
	struct msgid first;

	(void)state;
	filter_policy_apply(&conf, CONF_FETCHED, &verdict, nobody(), &envelope);
	assert_int_equal(envelope.place_count, 1);
	file = xasprintf("%sX-Lanpost-Quarantine: queue forged@x.ru \r\nSubject: x\r\n\r\nbody\r\n", envelope.header);
	assert_true(quarantine_read(slice_of(file), &back, &message, &why, &first));
	assert_string_equal(PHRASE_EN(why), "virus Eicar test");
	assert_string_equal(back.sender, "a@bank.ru");
	assert_int_equal(back.place_count, 3);
	assert_string_equal(back.places[0].name, "ivan");
	assert_string_equal(back.places[0].why, "rule a: x");
	assert_string_equal(back.places[1].name, "anna/Счета 2026");
	assert_int_equal(back.places[2].kind, PLACE_QUEUE);
	assert_true(slice_begins_nocase(message, "Received: from x\r\nX-Virus-Status: infected (Eicar test)\r\n"));
	free(why);
	envelope_clear(&back);
	assert_false(quarantine_read(SLICE_LITERAL("Subject: x\r\n\r\n"), &back, &message, &why, &first));
	assert_false(quarantine_read(SLICE_LITERAL("X-Lanpost-Quarantine: why x \r\nX-Lanpost-Quarantine: mailbox ../x \r\n\r\n"), &back, &message, &why, &first));
	free(file);
	envelope_clear(&envelope);
}

static const struct {
	const char *message;
	enum filter_sender sender;
	const char *first; /* place, with a score of 7.5 */
} senders[] = {
    {"Return-Path: <a@friend.ru>\r\nFrom: A <A@friend.ru>\r\n\r\n", SENDER_ALLOWED, "ivan"},
    {"From: a@mail.friend.ru\r\n\r\n", SENDER_ALLOWED, "ivan"},
    {"Return-Path: <x@other.ru>\r\nFrom: a@friend.ru\r\n\r\n", SENDER_UNKNOWN, "ivan/Junk"},
    {"Return-Path: <boss@other.ru>\r\nFrom: Boss@other.ru\r\n\r\n", SENDER_ALLOWED, "ivan"},
    {"Return-Path: <a@friend.ru>\r\nFrom: x@foe.ru\r\n\r\n", SENDER_DENIED, "ivan/Junk"},
    {"From: x@notfoe.ru\r\n\r\n", SENDER_UNKNOWN, "ivan/Junk"},
    {"Subject: none\r\n\r\n", SENDER_UNKNOWN, "ivan/Junk"},
};

static const struct scan_verdict spam = {.looked = SCAN_SPAM, .score = 7500}, harmless = {.looked = SCAN_SPAM};

/* The places and the flag that follow from a message. */
static struct envelope judged(const char *message, const struct scan_verdict *verdict)
{
	struct envelope envelope = envelope_with_places();
	struct filter_senders sender;

	filter_senders_read(&sender, &conf, spool.state, slice_of(message), verdict);
	filter_policy_apply(&conf, CONF_FETCHED, verdict, &sender, &envelope);
	return envelope;
}

static void assert_judged(const char *message, const struct scan_verdict *verdict, const char *first, const char *why)
{
	struct envelope envelope = judged(message, verdict);
	bool is_junk = strcmp(first, "ivan/Junk") == 0;

	if (strcmp(envelope.places[0].name, first) != 0 || (why != NULL && strstr(PHRASE_EN(envelope.places[0].why), why) == NULL))
		fail_msg("%s: %s, %s", message, envelope.places[0].name, PHRASE_EN(envelope.places[0].why));
	if (strstr(envelope.header, is_junk ? "X-Spam-Flag: YES" : "X-Spam-Flag: NO") == NULL)
		fail_msg("%s: %s", message, envelope.header);
	envelope_clear(&envelope);
}

static void test_friends_and_foes(void **state)
{
	(void)state;
	strlist_add(&conf.senders.allow, "friend.ru");
	strlist_add(&conf.senders.allow, "boss@other.ru");
	strlist_add(&conf.senders.deny, "@foe.ru");
	for (size_t i = 0; i < ARRAY_LEN(senders); i++) {
		struct filter_senders sender;
		char why[PHRASE_MAX];

		filter_senders_read(&sender, &conf, NULL, slice_of(senders[i].message), &spam);
		if (filter_senders_judge(&sender, "ivan/Bills", why) != senders[i].sender)
			fail_msg("%s", senders[i].message);
		assert_judged(senders[i].message, &spam, senders[i].first, NULL);
	}
	assert_judged("From: x@foe.ru\r\n\r\n", &harmless, "ivan/Junk", "[senders] deny");
	strlist_clear(&conf.senders.allow);
	strlist_clear(&conf.senders.deny);
}

#define FROM(address) "Return-Path: <" address ">\r\nFrom: " address "\r\n\r\n"

/* The user's own lists count before those of the office, and these before whom the user has written to. */
static void test_the_order_of_the_lists(void **state)
{
	static struct conf_user users[] = {{.name = (char *)(uintptr_t)"ivan"}, {.name = (char *)(uintptr_t)"anna"}};
	struct error error;
	struct envelope envelope;

	(void)state;
	conf.users = users;
	conf.user_count = 2;
	conf.senders.friends = 86400;
	strlist_add(&conf.senders.allow, "office-friend.ru");
	strlist_add(&conf.senders.deny, "office-foe.ru");
	strlist_add(&users[0].allow, "office-foe.ru");
	strlist_add(&users[0].deny, "office-friend.ru");
	assert_int_equal(state_friend_put(spool.state, "ivan", "A@office-foe.ru", clock_wall(), &error), 0);
	assert_judged(FROM("a@office-foe.ru"), &spam, "ivan", "spam score 7.5, but [user ivan] allow; rule a: x");
	envelope = judged(FROM("a@office-friend.ru"), &harmless); /* and anna's is not spam */
	assert_string_equal(envelope.places[0].name, "ivan/Junk");
	assert_string_equal(PHRASE_EN(envelope.places[0].why), "[user ivan] deny; rule a: x");
	envelope_clear(&envelope);
	strlist_clear(&users[0].allow);
	strlist_clear(&users[0].deny);
	assert_judged(FROM("a@office-foe.ru"), &spam, "ivan/Junk", "spam score 7.5");
	assert_judged(FROM("a@office-foe.ru"), &harmless, "ivan/Junk", "[senders] deny");
	assert_judged(FROM("a@office-friend.ru"), &spam, "ivan", "[senders] allow");
	/* A list of anna says nothing of ivan's mail; what one of them allows is kept from nobody. */
	strlist_clear(&conf.senders.deny);
	strlist_add(&users[1].allow, "b.ru");
	envelope = judged(FROM("a@b.ru"), &(const struct scan_verdict){.looked = SCAN_SPAM, .score = 20000});
	assert_string_equal(envelope.places[0].name, "ivan/Junk");
	assert_string_equal(PHRASE_EN(envelope.places[1].why), "spam score 20.0, but [user anna] allow");
	envelope_clear(&envelope);
	strlist_clear(&users[1].allow);
	strlist_clear(&conf.senders.allow);
	conf.senders.friends = 0;
	conf.users = NULL;
	conf.user_count = 0;
}

/* Whom ivan has written to is a friend for a while; a forged message is not from them. */
static void test_whom_one_has_written_to(void **state)
{
	static char full[SCAN_SYMBOLS_MAX];
	struct scan_verdict forged = spam, many = spam, virus = {.looked = SCAN_VIRUS | SCAN_SPAM, .virus = "X"};
	struct envelope envelope;
	struct error error;

	(void)state;
	memset(full, 'A', sizeof(full) - 2);
	memcpy(many.symbols, full, sizeof(full));
	snprintf(forged.symbols, sizeof(forged.symbols), "HTML,R_SPF_FAIL,BAYES");
	conf.senders.friends = 30 * 86400;
	assert_int_equal(state_friend_put(spool.state, "ivan", "Anna@Partner.ru", clock_wall() - 86400, &error), 0);
	assert_int_equal(state_friend_put(spool.state, "ivan", "old@partner.ru", clock_wall() - 31 * 86400, &error), 0);
	assert_int_equal(state_friend_put(spool.state, "boris", "other@partner.ru", clock_wall(), &error), 0);
	assert_judged(FROM("anna@partner.ru"), &spam, "ivan", "spam score 7.5, but written to on ");
	assert_judged(FROM("anna@partner.ru"), &harmless, "ivan", "rule a: x");
	assert_judged(FROM("old@partner.ru"), &spam, "ivan/Junk", NULL);
	assert_judged(FROM("other@partner.ru"), &spam, "ivan/Junk", NULL);
	assert_judged("From: anna@partner.ru\r\n\r\n", &spam, "ivan/Junk", NULL);
	assert_judged("Return-Path: <>\r\nFrom: anna@partner.ru\r\n\r\n", &spam, "ivan/Junk", NULL);
	assert_judged("Return-Path: <x@bulk.ru>\r\nFrom: anna@partner.ru\r\n\r\n", &spam, "ivan/Junk", NULL);
	assert_judged(FROM("anna@partner.ru"), &forged, "ivan/Junk", NULL);
	assert_judged(FROM("anna@partner.ru"), &many, "ivan/Junk", NULL); /* there may be more symbols */
	envelope = judged(FROM("anna@partner.ru"), &virus);
	assert_string_equal(envelope.places[0].name, MAILBOX_QUARANTINE);
	envelope_clear(&envelope);
	conf.senders.friends = 0;
	assert_judged(FROM("anna@partner.ru"), &spam, "ivan/Junk", NULL);
}

static void test_foreign_fields_are_removed(void **state)
{
	static const char text[] = "X-Spam-Flag: NO\r\nSubject: x\r\nX-VIRUS-status: Clean,\r\n really\r\nX-Spam-Score: 1\r\nTo: y\r\n\r\nX-Spam-Flag: body\r\n";
	const struct scan_verdict both = {.looked = SCAN_VIRUS | SCAN_SPAM}, virus = {.away = SCAN_VIRUS};
	struct buf rest = BUF_INIT(1024);
	struct envelope envelope;
	struct slice *parts;
	size_t count;

	(void)state;
	envelope_init(&envelope);
	envelope.insert_at = (uint64_t)(strstr(text, "x\r\n") - text); /* before the subject's text */
	envelope_add_cut(&envelope, (uint64_t)(strstr(text, "X-Spam-Flag: body") - text), 5, SLICE_NONE);
	count = filter_header_clean(slice_of(text), &both, &envelope, &parts);
	for (size_t i = 0; i < count; i++)
		buf_append_slice(&rest, parts[i]);
	assert_string_equal(buf_text(&rest), "Subject: x\r\nTo: y\r\n\r\nX-Spam-Flag: body\r\n");
	assert_int_equal(envelope.insert_at, strlen("Subject: "));
	assert_int_equal(envelope.cuts[0].at, strlen("Subject: x\r\nTo: y\r\n\r\n"));
	free(parts);
	assert_true(filter_header_clean(slice_of(text), &virus, &envelope, &parts) > 0); /* the provider's score stays */
	assert_true(parts[0].len == strlen("X-Spam-Flag: NO\r\nSubject: x\r\n"));
	free(parts);
	assert_int_equal(filter_header_clean(SLICE_LITERAL("Subject: x\r\n\r\nX-Spam-Flag: 1\r\n"), &both, &envelope, &parts), 0);
	buf_clear(&rest);
	envelope_clear(&envelope);
}

/* Junk with a forbidden attachment is still junk; a virus is not delivered without one. */
static const struct {
	const char *header, *mailbox; /* mailbox: of the first opinion; NULL: the filter does not matter */
	enum filter_sender sender;
} previews[] = {
    {"From: a@friend.ru\r\n", "ivan", SENDER_ALLOWED},
    {SCAN_FIELD ": looked=2 score=7.5 by=rs\r\nFrom: a@friend.ru\r\n", "ivan", SENDER_ALLOWED},
    {SCAN_FIELD ": looked=2 score=7.5 by=rs\r\nFrom: x@other.ru\r\n", "ivan/Junk", SENDER_UNKNOWN},
    {SCAN_FIELD ": looked=2 score=20 by=rs\r\nFrom: x@other.ru\r\n", MAILBOX_QUARANTINE, SENDER_UNKNOWN},
    {"From: x@foe.ru\r\n", "ivan/Junk", SENDER_DENIED},
    {SCAN_FIELD ": nonsense\r\nFrom: x@other.ru\r\n", NULL, SENDER_UNKNOWN},
    {"", NULL, SENDER_UNKNOWN},
};

static void test_previews(void **state)
{
	(void)state;
	strlist_add(&conf.senders.allow, "friend.ru");
	strlist_add(&conf.senders.deny, "foe.ru");
	for (size_t i = 0; i < ARRAY_LEN(previews); i++) {
		struct envelope envelope = envelope_with_places();
		struct filter_preview preview;

		filter_preview_make(&conf, NULL, slice_of(previews[i].header), &envelope, &preview);
		if ((preview.count > 0) != (previews[i].mailbox != NULL))
			fail_msg("%s: %zu", previews[i].header, preview.count);
		if (preview.count > 0 &&
		    (strcmp(preview.items[0].mailbox, previews[i].mailbox) != 0 || preview.items[0].sender != previews[i].sender || preview.items[0].why[0] == '\0'))
			fail_msg("%s: %s, %d", previews[i].header, preview.items[0].mailbox, (int)preview.items[0].sender);
		assert_string_equal(envelope.places[0].name, previews[i].mailbox == NULL ? "ivan" : previews[i].mailbox);
		filter_preview_clear(&preview);
		envelope_clear(&envelope);
	}
	strlist_clear(&conf.senders.allow);
	strlist_clear(&conf.senders.deny);
}

static void test_strip(void **state)
{
	struct scan_verdict verdict = {.looked = SCAN_SPAM | SCAN_ATTACHMENT, .score = 7500, .attachment = "forbidden attachment: a.exe",
	    .cuts = {.count = 1, .items = {{.at = 3, .len = 4, .name = "a.exe"}}}};
	struct envelope envelope = envelope_with_places(), kept;
	struct slice message;
	struct msgid first;
	char *why;

	(void)state;
	conf.filter.attachments = VIRUS_STRIP;
	assert_int_equal(filter_policy_apply(&conf, CONF_OUTGOING | CONF_LOCAL, &verdict, nobody(), &envelope), FILTER_REFUSES);
	assert_int_equal(filter_policy_apply(&conf, CONF_FETCHED, &verdict, nobody(), &envelope), FILTER_DELIVERS);
	assert_string_equal(envelope.places[0].name, "ivan/Junk");
	assert_string_equal(envelope.places[envelope.place_count - 1].name, MAILBOX_QUARANTINE);
	assert_int_equal(envelope.cut_count, 1);
	assert_non_null(strstr(envelope.cuts[0].text, "Content-Type: text/plain"));
	assert_true(quarantine_read(slice_of(envelope.kept_header), &kept, &message, &why, &first));
	assert_string_equal(kept.places[0].name, "ivan/Junk");
	envelope_clear(&kept);
	envelope_clear(&envelope);
	free(why);
	envelope = envelope_with_places();
	memcpy(verdict.virus, "X", 2);
	assert_int_equal(filter_policy_apply(&conf, CONF_FETCHED, &verdict, nobody(), &envelope), FILTER_KEEPS);
	assert_int_equal(envelope.cut_count, 0);
	envelope_clear(&envelope);
	envelope = envelope_with_places();
	verdict.virus[0] = '\0';
	verdict.cuts.count = 0; /* it cannot be cut */
	assert_int_equal(filter_policy_apply(&conf, CONF_FETCHED, &verdict, nobody(), &envelope), FILTER_KEEPS);
	assert_string_equal(envelope.places[0].name, MAILBOX_QUARANTINE);
	envelope_clear(&envelope);
	conf.filter.attachments = VIRUS_QUARANTINE;
}

static const struct {
	const char *text;
	int64_t score; /* INT64_MIN: not a score */
	const char *back;
} scores[] = {
    {"5", 5000, "5.0"}, {"7.5", 7500, "7.5"}, {"-1.25", -1250, "-1.25"}, {"+3.0", 3000, "3.0"}, {"0.1259", 125, "0.125"},
    {"", INT64_MIN, ""}, {"-", INT64_MIN, ""}, {"1,5", INT64_MIN, ""}, {"1.x", INT64_MIN, ""}, {"99999999999", INT64_MIN, ""}, {"nan", INT64_MIN, ""},
};

static void test_scores(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scores); i++) {
		int64_t score;

		if (scan_score_parse(slice_of(scores[i].text), &score) != (scores[i].score != INT64_MIN))
			fail_msg("%s", scores[i].text);
		if (scores[i].score == INT64_MIN)
			continue;
		assert_int_equal(score, scores[i].score);
		assert_string_equal(SCAN_SCORE(score), scores[i].back);
	}
}

static void test_a_verdict_survives_its_text(void **state)
{
	struct scan_verdict verdict = {.looked = SCAN_VIRUS | SCAN_SPAM, .away = SCAN_SPAM, .waits = true, .score = -1250, .ms = 12, .virus = "Two words=%",
			       .symbols = "A,B", .names = "av, sa"}, back;
	struct buf text = BUF_INIT(SCAN_TEXT_MAX);

	(void)state;
	phrase_set(verdict.reason, sizeof(verdict.reason), N_("scanner %s: %s"), "sa", "late");
	scan_verdict_write(&verdict, &text);
	assert_true(scan_verdict_read(buf_slice(&text), &back));
	assert_memory_equal(&verdict, &back, sizeof(verdict));
	assert_false(scan_verdict_read(SLICE_LITERAL("looked=9"), &back));
	assert_false(scan_verdict_read(SLICE_LITERAL("looked=1 other=2"), &back));
	assert_false(scan_verdict_read(SLICE_LITERAL(""), &back));
	buf_clear(&text);
}

static void test_verdicts_are_added(void **state)
{
	struct scan_verdict total = {0}, av = {.looked = SCAN_VIRUS, .virus = "X", .names = "av"}, sa = {.looked = SCAN_SPAM, .score = -500, .symbols = "A", .names = "sa"},
			    rs = {.looked = SCAN_SPAM, .score = 9000, .symbols = "B", .names = "rs"}, old = {.skipped = SCAN_VIRUS, .reason = "large"};

	(void)state;
	assert_false(scan_verdict_is_scanned(&total));
	scan_verdict_add(&total, &av);
	scan_verdict_add(&total, &sa);
	assert_int_equal(total.score, -500);
	scan_verdict_add(&total, &rs);
	assert_int_equal(total.score, 9000);
	assert_string_equal(total.symbols, "A,B");
	assert_string_equal(total.names, "av, sa, rs");
	assert_true(scan_verdict_is_scanned(&total));
	scan_verdict_add(&total, &old);
	assert_false(scan_verdict_is_scanned(&total));
	assert_string_equal(total.virus, "X");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_outcomes),
	    cmocka_unit_test(test_what_nobody_gets_is_not_kept),
	    cmocka_unit_test(test_what_is_accepted_is_not_refused_any_more),
	    cmocka_unit_test(test_spam_keeps_the_folder_of_a_rule_and_gets_no_reply),
	    cmocka_unit_test(test_out_of_quarantine),
	    STATE_TEST(test_friends_and_foes),
	    STATE_TEST(test_the_order_of_the_lists),
	    STATE_TEST(test_whom_one_has_written_to),
	    STATE_TEST(test_previews),
	    cmocka_unit_test(test_strip),
	    cmocka_unit_test(test_foreign_fields_are_removed),
	    cmocka_unit_test(test_scores),
	    cmocka_unit_test(test_a_verdict_survives_its_text),
	    cmocka_unit_test(test_verdicts_are_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
