/*
 * An office with a rule of each kind, and the invariants of every envelope.
 */
#ifndef LANPOST_TESTS_SORTING_OFFICE_H
#define LANPOST_TESTS_SORTING_OFFICE_H

#include "sorter/sorter.h"
#include "tests/fuzz/common/fuzz.h"
#include "tests/unit/sample_conf.h"

#define TEXT(text) ((char *)(uintptr_t)(text))
#define RULE(rule, tagged, prefix, text) .name = TEXT(rule), .tag = TEXT(tagged), .subject_prefix = TEXT(prefix), .reply = TEXT(text)

static char *buh[] = {TEXT("buh")}, *anna[] = {TEXT("anna")}, *sales[] = {TEXT("sales")};
static char *out[] = {TEXT("boss@outside.org")}, *away[] = {TEXT("archive@elsewhere.net")};

static struct conf_rule rules[] = {
    {RULE("a", "X-Kind: bill", "[счёт]", ""), .when = TEXT("subject contains \"invoice\""), .deliver = {buh, 1}},
    {RULE("b", "", "", ""), .when = TEXT("from contains \"partner\" or has attachment"), .copy = {anna, 1}, .forward = {out, 1}},
    {RULE("c", "", "", "gone"), .when = TEXT("anyheader contains \"away\""), .redirect = {away, 1}},
    {RULE("d", "", "", ""), .when = TEXT("spam or body contains \"viagra\""), .drop = true},
    {RULE("e", "", "", ""), .when = TEXT("list"), .reject_to = {sales, 1}, .stop = true},
    {RULE("f", "", "", ""), .when = TEXT("subject contains \"invoice\" or list"), .on = RULE_LISTED, .remove = true},
};

/* The office's configuration and its rules; made once. */
static inline const struct conf *sorting_office(struct sorter **made)
{
	static struct conf conf;
	static struct sorter *sorter;
	struct error error;

	if (sorter == NULL) {
		conf = sample_conf();
		conf.rules = rules;
		conf.rule_count = ARRAY_LEN(rules);
		conf.sorter.by_address = true;
		sorter = sorter_new(&conf, &error);
		assert(sorter != NULL);
	}
	*made = sorter;
	return &conf;
}

static bool is_user(const struct conf *conf, const char *name)
{
	return conf_find_user(conf, name) != NULL || strcmp(name, CONF_POSTMASTER) == 0;
}

static void check_place(const struct conf *conf, const struct place *place)
{
	switch (place->kind) {
	case PLACE_MAILBOX:
	case PLACE_BOSS:
		assert(is_user(conf, place->name) && conf_is_mailbox_name(slice_of(place->name)));
		break;
	case PLACE_QUEUE: /* by a rule, or by the forward of a user */
		assert(strcmp(place->name, out[0]) == 0 || strcmp(place->name, away[0]) == 0 ||
		       strcmp(place->name, "far@outside.org") == 0);
		break;
	case PLACE_REPLY:
		assert(strpbrk(place->name, "\r\n<> ") == NULL);
		break;
	case PLACE_DAEMON:
	case PLACE_OWN:
		abort(); /* fetched mail orders no session, and is nobody's own */
	}
}

static void check_lines(const char *header)
{
	size_t len = strlen(header);

	assert(len == 0 || (len > 2 && strcmp(header + len - 2, "\r\n") == 0));
	for (const char *at = header; *at != '\0'; at++) {
		assert((unsigned char)*at < 0x80);
		assert(*at != '\n' || (at > header && at[-1] == '\r'));
		assert(*at != '\r' || at[1] == '\n');
		assert(*at != '\n' || at[1] != '\r'); /* an empty line would end the header */
	}
}

/* The recipients of a message of this size by that decision, and the added header lines. */
static inline void check_envelope(const struct conf *conf, const struct envelope *envelope, const struct sorter_decision *decision, size_t size)
{
	for (size_t i = 0; i < envelope->place_count; i++) {
		check_place(conf, &envelope->places[i]);
		for (size_t j = 0; j < i; j++)
			assert(envelope->places[i].kind != envelope->places[j].kind ||
			       strcmp(envelope->places[i].name, envelope->places[j].name) != 0);
	}
	assert(envelope->place_count > 0 || decision->dropped_by != NULL);
	assert(envelope->insert_at <= size);
	check_lines(envelope->header);
	assert(strpbrk(envelope->insert, "\n") == NULL || envelope->insert[0] == '\r');
}

#endif
