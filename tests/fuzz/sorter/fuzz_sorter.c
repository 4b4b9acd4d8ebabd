/*
 * Sorting any message of a catch-all mailbox: it is delivered only to local mailboxes, sent only to addresses that a rule
 * names, has at least one recipient, each place once, and the added header lines are whole lines of ASCII.
 *
 * The first byte says how the account is set up.
 */
#include "mail/multidrop.h"
#include "tests/unit/sorting_office.h"

static const struct {
	const char *field, *prefix;
} catch_alls[] = {{"", ""}, {"auto", ""}, {"Delivered-To", ""}, {"X-Envelope-To", "mbox-"}};

/* The session understands exactly the answer of the sorting process. */
static void check_round_trip(const struct conf *conf, struct slice message, const struct envelope *envelope, const struct sorter_decision *decision)
{
	struct buf text = BUF_INIT(8u << 20), one = BUF_INIT(8u << 20), other = BUF_INIT(8u << 20);
	struct sorter_decision read;
	struct envelope again;

	decision_write(decision, &text);
	assert(decision_read(conf, message, buf_slice(&text), &read));
	envelope_init(&again);
	again.id = envelope->id;
	again.time = envelope->time;
	sorter_fill(conf, message, &again, &read);
	envelope_write(envelope, &one);
	envelope_write(&again, &other);
	assert(slice_equal(buf_slice(&one), buf_slice(&other)));
	decision_clear(&read);
	envelope_clear(&again);
	buf_clear(&text);
	buf_clear(&one);
	buf_clear(&other);
}

/* A rule has a reason, and no rule of another kind is named. */
static void check_listed(const struct sorter *sorter, struct slice message)
{
	struct sorter_listed listed;

	sorter_decide_listed(sorter, &(struct sorter_message){.message = message, .account = "sales", .size = message.len}, &listed);
	assert((listed.rule == NULL) == (listed.reason == NULL) && (listed.rule == NULL || listed.rule->on == RULE_LISTED));
	sorter_listed_clear(&listed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sorter *sorter;
	const struct conf *conf = sorting_office(&sorter);
	struct slice message = slice_make((const char *)data, size);
	unsigned how = fuzz_byte(&message) % ARRAY_LEN(catch_alls);
	struct conf_account account = {.name = TEXT("sales"), .envelope_header = TEXT(catch_alls[how].field),
	    .envelope_prefix = TEXT(catch_alls[how].prefix)};
	struct sorter_decision decision;
	struct strlist recipients = {0};
	struct envelope envelope;

	multidrop_recipients(conf, &account, message, &recipients);
	envelope_init(&envelope);
	sorter_decide(sorter, &(struct sorter_message){.message = message, .account = "sales", .size = message.len, .recipients = &recipients},
	    &decision);
	sorter_fill(conf, message, &envelope, &decision);
	check_envelope(conf, &envelope, &decision, message.len);
	check_round_trip(conf, message, &envelope, &decision);
	check_listed(sorter, message);
	decision_clear(&decision);
	envelope_clear(&envelope);
	strlist_clear(&recipients);
	return 0;
}
