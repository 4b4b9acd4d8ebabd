/*
 * The condition of a rule: its grammar and its syntax tree.
 *
 *	condition  = all { "or" all }
 *	all        = one { "and" one }
 *	one        = "not" one | "(" condition ")" | "always" | test
 *	test       = subject operator text
 *	           | "size" relation number [ "K" | "M" | "G" ]
 *	           | "date" relation YYYY-MM-DD | "hour" relation 0..23
 *	           | "has" "attachment" | "list" | "spam" | "spam" relation points
 *	           | "virus" | "scanned" | "scanned" [ "is" ] ( "yes" | "no" )
 *	subject    = header | "recipient" | "anyheader" | "account" | "attachment" | "body" | "list"
 *	           | "virus" | "symbol"
 *	operator   = "contains" | "is" | "begins" | "ends" | "matches" | "regex"
 *	relation   = ">" | ">=" | "<" | "<=" | "="
 *
 * Words are not case-sensitive. Text is in double quotes, "" or \" is a quote inside. A header
 * whose name is one of the words above, or has signs in it, is in quotes. `matches` supports * and
 * ?; `regex` is PCRE2. Texts are folded and patterns compiled once, here.
 *
 * `date` and `hour` are those of the arrival here, local time; `date` with an operator for text is
 * the header Date. `attachment` is the file name or the type of an attachment, `body` the text of
 * all text parts. `list` alone matches mail of mailing lists, `list contains "x"` tests their
 * headers. `spam` alone matches if the provider or our scanner has marked the message as spam; `spam > 5`, `virus`,
 * `symbol` and `scanned` test the verdict of our scanners.
 */
#ifndef LANPOST_SORTER_RULE_PARSE_H
#define LANPOST_SORTER_RULE_PARSE_H

#include "base/err.h"
#include "base/str.h"

#define RULE_LENGTH_MAX (64u << 10) /* bytes of a condition */
#define RULE_DEPTH_MAX 50           /* of parentheses and nots */

enum condition_kind {
	CONDITION_ALWAYS,
	CONDITION_TEST,
	CONDITION_NOT,
	CONDITION_AND,
	CONDITION_OR
};
enum test_subject {
	TEST_HEADER,
	TEST_RECIPIENT,
	TEST_ANYHEADER,
	TEST_ACCOUNT,
	TEST_ATTACHMENT,
	TEST_BODY,
	TEST_LIST,
	TEST_SPAM,
	TEST_SIZE,
	TEST_DATE,
	TEST_HOUR,
	TEST_VIRUS,
	TEST_SYMBOL,
	TEST_SCANNED,
};
enum test_operator {
	TEST_CONTAINS,
	TEST_IS,
	TEST_BEGINS,
	TEST_ENDS,
	TEST_MATCHES,
	TEST_REGEX,
	TEST_GREATER,
	TEST_GREATER_EQUAL,
	TEST_LESS,
	TEST_LESS_EQUAL,
	TEST_EQUAL,
	TEST_PRESENT, /* has attachment, list, spam, virus, scanned */
};

struct pattern; /* a compiled regular expression, see pattern.h */

struct test {
	enum test_subject subject;
	enum test_operator relation;
	char *header; /* as in the rule: "subject", "recipient", "size", "has attachment" */
	char *text;   /* as in the rule: счёт, 5M; "" for TEST_PRESENT */
	char *folded; /* of text operators, else NULL */
	size_t folded_len;
	struct pattern *pattern; /* of TEST_REGEX */
	size_t literal;          /* of BODY, once indexed: number + 1 of its text, 0 for none */
	uint64_t number;         /* of SIZE: bytes; of DATE: 20261123; of HOUR: 0..23; of SPAM: thousandths + SCAN_SCORE_MAX; of SCANNED: 0, 1 */
};

struct condition {
	enum condition_kind kind;
	struct test test;            /* of CONDITION_TEST */
	struct condition **children; /* of NOT (one), AND and OR (two and more) */
	size_t count;
};

/* Returns a new tree, or NULL; the error contains the position of the mistake in the text. With
 * fold_yo е and ё are the same letter. */
struct condition *rule_parse(struct slice text, bool fold_yo, struct error *error);
/* Whether it tests what only the whole message shows, or our scanners. */
bool rule_needs_body(const struct condition *condition);
void rule_condition_free(struct condition *condition);
/* "contains", ">="; "" for TEST_PRESENT */
const char *rule_operator_name(enum test_operator relation);

#endif
