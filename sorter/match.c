#include "sorter/match.h"

#include "base/alloc.h"
#include "message/budget.h"
#include "message/decode.h"
#include "message/fold.h"
#include "message/scan/scan_verdict.h"
#include "sorter/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FOLDED_CHAR_MAX 64 /* maximum bytes of one character after folding */
/* The work of message/budget.h. */
#define COMPARED_AT_ONCE 4 /* bytes for a unit */
#define COMPARE_START 32
#define SEARCH_UNITS 8 /* per byte, for a regular expression */
#define SEARCH_START 500
#define GAVE_UP_UNITS 50000000 /* a regular expression that reached its limit */
#define AROUND 100         /* bytes of a body shown before and after a match */

/* --- hits */

void match_clear_hit(struct hit *hit)
{
	free(hit->header);
	free(hit->value);
	free(hit->matched);
	memset(hit, 0, sizeof(*hit));
}

static void hit_set(struct hit *hit, const struct test *test, struct slice header,
    struct slice value, struct slice matched)
{
	match_clear_hit(hit);
	hit->test = test;
	hit->header = slice_dup(header);
	hit->value = slice_dup(value);
	hit->matched = slice_dup(matched);
}

/* Skips one character of value; returns the number of bytes of its folded form. */
static size_t skip_char(struct slice value, size_t *at)
{
	struct buf folded = BUF_INIT(FOLDED_CHAR_MAX);
	size_t len = utf8_char_len(slice_from(value, *at)), result;

	if (len == 0)
		len = 1;
	fold_text(slice_make(value.ptr + *at, len), &folded);
	*at += len;
	result = folded.len;
	buf_clear(&folded);
	return result;
}

/* Skips the text whose folded form has `length` bytes; returns false if no character ends there. */
static bool skip_folded(struct slice value, size_t length, size_t *at)
{
	while (length > 0 && *at < value.len) {
		size_t same = fold_same_length(slice_from(value, *at)), one;

		if (same > 0) {
			one = same < length ? same : length;
			*at += one;
		} else {
			one = skip_char(value, at);
		}
		if (one > length)
			return false;
		length -= one;
	}
	return length == 0;
}

/* Finds the part of value whose folded form is at start..end. Falls back to the text of the rule
 * if characters were merged. */
static struct slice locate(struct slice value, size_t start, size_t end, const char *text)
{
	size_t from = 0, to;

	if (value.len == 0)
		return SLICE_LITERAL("");
	if (!skip_folded(value, start, &from))
		return slice_of(text);
	to = from;
	if (!skip_folded(value, end - start, &to))
		return slice_of(text);
	return slice_make(value.ptr + from, to - from);
}

/* --- tests of text */

/* Compares folded text by the operator; *start gets the start of the match. */
static bool compare(const struct test *test, struct slice folded, size_t *start)
{
	struct slice wanted = slice_make(test->folded, test->folded_len);
	ptrdiff_t found;

	*start = 0;
	switch (test->relation) {
	case TEST_CONTAINS:
		if (wanted.len == 0)
			return true;
		found = slice_search(folded, wanted);
		if (found >= 0)
			*start = (size_t)found;
		return found >= 0;
	case TEST_IS:
		return slice_equal(folded, wanted);
	case TEST_BEGINS:
		return folded.len >= wanted.len &&
		       slice_equal(slice_make(folded.ptr, wanted.len), wanted);
	case TEST_ENDS:
		if (folded.len < wanted.len)
			return false;
		*start = folded.len - wanted.len;
		return slice_equal(slice_from(folded, *start), wanted);
	case TEST_MATCHES:
		return pattern_match_glob(wanted, folded);
	default:
		return false;
	}
}

/* The text was not found, but might be there. */
static bool doubt(struct message_view *view)
{
	view->doubts++;
	view->is_cut = true;
	return false;
}

static bool search(
    const struct test *test, struct message_view *view, struct slice text, struct slice *matched)
{
	char *same = view->source.fold_yo ? slice_dup(text) : NULL;
	enum pattern_outcome outcome;

	if (view->gave_up >= MESSAGE_VIEW_GAVE_UP_MAX || !budget_spend(text.len * SEARCH_UNITS + SEARCH_START)) {
		free(same);
		return doubt(view);
	}
	if (same != NULL)
		fold_yo(same, text.len);
	outcome =
	    pattern_find(test->pattern, same == NULL ? text : slice_make(same, text.len), matched);
	if (outcome == PATTERN_GAVE_UP) {
		view->gave_up++;
		budget_spend(GAVE_UP_UNITS);
		doubt(view);
	}
	if (outcome == PATTERN_FOUND && same != NULL && text.len > 0)
		*matched = slice_make(text.ptr + (matched->ptr - same), matched->len);
	free(same);
	return outcome == PATTERN_FOUND;
}

static bool find_text(
    const struct test *test, struct message_view *view, const struct message_view_text *text, struct slice *matched)
{
	struct slice decoded = buf_slice(&text->decoded);
	size_t start;

	if (test->relation == TEST_REGEX)
		return search(test, view, decoded, matched) || (text->is_cut && doubt(view));
	if (!budget_spend(text->folded.len / COMPARED_AT_ONCE + COMPARE_START))
		return doubt(view);
	if (!compare(test, slice_trim(buf_slice(&text->folded)), &start))
		return text->is_cut && doubt(view);
	*matched = test->relation == TEST_MATCHES
	               ? decoded
	               : locate(decoded, start, start + test->folded_len, test->text);
	return true;
}

static bool test_text(const struct test *test, struct message_view *view, struct slice header,
    const struct message_view_text *text, struct hit *hit)
{
	struct slice matched;

	if (!find_text(test, view, text, &matched))
		return false;
	hit_set(hit, test, header, buf_slice(&text->decoded), matched);
	return true;
}

static bool test_field(
    const struct test *test, struct message_view *view, struct message_view_field *field, struct hit *hit)
{
	const struct message_view_text *text = message_view_field_text(view, field);

	if (test_text(test, view, field->field.name, text, hit))
		return true;
	for (size_t i = 0; i < text->addresses.count; i++) {
		struct slice address = slice_of(text->addresses.items[i]), matched;
		size_t start;

		if (test->relation == TEST_REGEX ? !search(test, view, address, &matched)
		                                 : !compare(test, address, &start))
			continue;
		if (test->relation == TEST_MATCHES)
			matched = address;
		else if (test->relation != TEST_REGEX)
			matched = slice_make(address.ptr + start, test->folded_len);
		hit_set(hit, test, field->field.name, buf_slice(&text->decoded), matched);
		return true;
	}
	return false;
}

/* --- headers */

static bool concerns(const struct test *test, const struct header_field *field)
{
	switch (test->subject) {
	case TEST_HEADER:
		return slice_is_nocase(field->name, test->header);
	case TEST_RECIPIENT:
		return decode_is_recipient_field(field->name);
	case TEST_ANYHEADER:
		return true;
	case TEST_LIST:
		return message_view_is_list_field(field);
	case TEST_SPAM:
		return message_view_is_spam_field(field);
	default:
		return false;
	}
}

static bool test_fields(const struct test *test, struct message_view *view, struct hit *hit)
{
	for (size_t i = 0; i < view->field_count; i++) {
		struct message_view_field *field = &view->fields[i];
		struct slice value;

		if (!concerns(test, &field->field))
			continue;
		if (test->relation != TEST_PRESENT) {
			if (test_field(test, view, field, hit))
				return true;
			continue;
		}
		value = buf_slice(&message_view_field_text(view, field)->decoded);
		hit_set(hit, test, field->field.name, value, value);
		return true;
	}
	return view->fields_are_cut && doubt(view);
}

/* --- other subjects */

/* A text that is not of the message. */
static bool test_plain(const struct test *test, struct message_view *view, struct slice plain, struct hit *hit)
{
	struct message_view_text text = {.decoded = BUF_INIT(plain.len + 1), .folded = BUF_INIT(plain.len * 12 + 1)};
	bool result;

	buf_append_slice(&text.decoded, plain);
	fold_text(plain, &text.folded);
	if (view->source.fold_yo)
		fold_yo(text.folded.ptr, text.folded.len);
	result = test_text(test, view, slice_of(test->header), &text, hit);
	buf_clear(&text.decoded);
	buf_clear(&text.folded);
	return result;
}

/* `attachment is "x"` tests names, also of parts that are shown inside the text, and types of
 * attachments. */
static bool test_attachment(const struct test *test, struct message_view *view, struct hit *hit)
{
	static const struct slice name = SLICE_LITERAL("attachment");

	message_view_read_parts(view);
	for (size_t i = 0; i < view->part_count; i++) {
		const struct message_view_part *part = &view->parts[i];
		struct slice shown = buf_slice(
		    part->name.decoded.len > 0 ? &part->name.decoded : &part->type.decoded);

		if (test->relation == TEST_PRESENT) {
			if (!part->is_attachment)
				continue;
			hit_set(hit, test, name, shown, shown);
			return true;
		}
		if ((part->name.decoded.len > 0 && test_text(test, view, name, &part->name, hit)) ||
		    (part->is_attachment && test_text(test, view, name, &part->type, hit)))
			return true;
	}
	return view->parts_are_cut && doubt(view);
}

/* The context of a part of text, at character boundaries. */
static struct slice around(struct slice text, struct slice part)
{
	size_t start, end;

	if (text.len == 0 || part.ptr < text.ptr ||
	    part.ptr > text.ptr + text.len) /* the text of the rule itself */
		return part;
	start = (size_t)(part.ptr - text.ptr);
	end = start + (part.len < 4 * AROUND ? part.len : 4 * AROUND);
	start -= start < AROUND ? start : AROUND;
	end = text.len - end < AROUND ? text.len : end + AROUND;
	while (start < end && ((unsigned char)text.ptr[start] & 0xc0) == 0x80)
		start++;
	while (end < text.len && ((unsigned char)text.ptr[end] & 0xc0) == 0x80)
		end++;
	return slice_make(text.ptr + start, end - start);
}

static bool test_body(const struct test *test, struct message_view *view, struct hit *hit)
{
	const struct message_view_text *text = message_view_body(view);
	struct slice matched;

	if (view->body_marks != NULL && test->literal > 0 && !view->body_marks[test->literal - 1])
		return text->is_cut && doubt(view);
	if (!find_text(test, view, text, &matched))
		return false;
	hit_set(hit, test, SLICE_LITERAL("body"), around(buf_slice(&text->decoded), matched),
	    test->relation == TEST_MATCHES ? slice_of(test->text) : matched);
	return true;
}

static bool is_so(uint64_t actual, enum test_operator relation, uint64_t wanted)
{
	return relation == TEST_GREATER         ? actual > wanted
	       : relation == TEST_GREATER_EQUAL ? actual >= wanted
	       : relation == TEST_LESS          ? actual < wanted
	       : relation == TEST_LESS_EQUAL    ? actual <= wanted
	                                        : actual == wanted;
}

static bool test_number(const struct test *test, const struct message_view *view, struct hit *hit)
{
	uint64_t actual = view->source.size;
	time_t arrived = (time_t)view->source.arrived;
	struct tm tm = {0};
	char text[24];

	if (test->subject != TEST_SIZE) {
		localtime_r(&arrived, &tm);
		actual = test->subject == TEST_HOUR
		             ? (uint64_t)tm.tm_hour
		             : (uint64_t)(tm.tm_year + 1900) * 10000 +
		                   (uint64_t)(tm.tm_mon + 1) * 100 + (uint64_t)tm.tm_mday;
	}
	if (!is_so(actual, test->relation, test->number))
		return false;
	if (test->subject == TEST_DATE)
		strftime(text, sizeof(text), "%Y-%m-%d", &tm);
	else
		snprintf(text, sizeof(text), "%llu", (unsigned long long)actual);
	hit_set(hit, test, slice_of(test->header), slice_of(text), slice_of(text));
	return true;
}

/* --- the verdict of scanners */

static bool test_score(const struct test *test, const struct scan_verdict *verdict, struct hit *hit)
{
	struct slice score;

	if (!(verdict->looked & SCAN_SPAM) || !is_so((uint64_t)(verdict->score + SCAN_SCORE_MAX), test->relation, test->number))
		return false;
	score = slice_of(SCAN_SCORE(verdict->score));
	hit_set(hit, test, slice_of(test->header), score, score);
	return true;
}

static bool test_symbol(const struct test *test, struct message_view *view, struct slice symbols, struct hit *hit)
{
	bool found = false;

	while (!found && symbols.len > 0)
		found = test_plain(test, view, slice_cut(&symbols, ','), hit);
	return found;
}

static bool test_scanned(const struct test *test, const struct scan_verdict *verdict, struct hit *hit)
{
	bool is_scanned = scan_verdict_is_scanned(verdict);
	struct slice shown = slice_of(is_scanned ? "yes" : "no");

	if (test->relation == TEST_PRESENT ? !is_scanned : !is_so(is_scanned, test->relation, test->number))
		return false;
	hit_set(hit, test, slice_of(test->header), shown, shown);
	return true;
}

static bool test_virus(const struct test *test, struct message_view *view, struct slice virus, struct hit *hit)
{
	if (virus.len == 0)
		return false;
	if (test->relation != TEST_PRESENT)
		return test_plain(test, view, virus, hit);
	hit_set(hit, test, slice_of(test->header), virus, virus);
	return true;
}

/* Without a scanner no message is scanned. `spam` alone is also what the provider has marked. */
static bool test_verdict(const struct test *test, struct message_view *view, struct hit *hit)
{
	static const struct scan_verdict none;
	const struct scan_verdict *verdict = view->source.verdict == NULL ? &none : view->source.verdict;
	struct test at_limit = *test;

	if (test->subject == TEST_VIRUS)
		return test_virus(test, view, slice_of(verdict->virus), hit);
	if (test->subject == TEST_SYMBOL)
		return test_symbol(test, view, slice_of(verdict->symbols), hit);
	if (test->subject == TEST_SCANNED)
		return test_scanned(test, verdict, hit);
	if (test->relation != TEST_PRESENT)
		return test_score(test, verdict, hit);
	at_limit.relation = TEST_GREATER_EQUAL;
	at_limit.number = (uint64_t)(view->source.spam_limit + SCAN_SCORE_MAX);
	if (view->source.spam_limit <= 0 || !test_score(&at_limit, verdict, hit))
		return test_fields(test, view, hit);
	hit->test = test;
	return true;
}

/* --- conditions */

static bool test_match(const struct test *test, struct message_view *view, struct hit *hit)
{
	switch (test->subject) {
	case TEST_ACCOUNT:
		return test_plain(test, view, slice_of(view->source.account), hit);
	case TEST_ATTACHMENT:
		return test_attachment(test, view, hit);
	case TEST_BODY:
		return test_body(test, view, hit);
	case TEST_SIZE:
	case TEST_DATE:
	case TEST_HOUR:
		return test_number(test, view, hit);
	case TEST_SPAM:
	case TEST_VIRUS:
	case TEST_SYMBOL:
	case TEST_SCANNED:
		return test_verdict(test, view, hit);
	case TEST_HEADER:
	case TEST_RECIPIENT:
	case TEST_ANYHEADER:
	case TEST_LIST:
		break;
	}
	return test_fields(test, view, hit);
}

/* The first part that can be shown represents all. */
static bool match_all(const struct condition *condition, struct message_view *view, struct hit *hit)
{
	for (size_t i = 0; i < condition->count; i++) {
		struct hit other = {0};
		bool shown = hit->test != NULL;
		bool holds = match_condition(condition->children[i], view, shown ? &other : hit);

		match_clear_hit(&other);
		if (!holds) {
			match_clear_hit(hit);
			return false;
		}
	}
	return true;
}

bool match_condition(const struct condition *condition, struct message_view *view, struct hit *hit)
{
	size_t doubts = view->doubts;
	bool holds;

	switch (condition->kind) {
	case CONDITION_ALWAYS:
		return true;
	case CONDITION_TEST:
		return test_match(&condition->test, view, hit);
	case CONDITION_NOT:
		holds = match_condition(condition->children[0], view, hit);
		match_clear_hit(hit);
		return !holds && view->doubts == doubts; /* text that could not be searched is not absent */
	case CONDITION_AND:
		return match_all(condition, view, hit);
	case CONDITION_OR:
		for (size_t i = 0; i < condition->count; i++)
			if (match_condition(condition->children[i], view, hit))
				return true;
		return false;
	}
	return false;
}
