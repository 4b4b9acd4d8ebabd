#include "sorter/match.h"

#include "base/alloc.h"
#include "mail/addr.h"
#include "mail/decode.h"
#include "mail/fold.h"
#include "sorter/pattern.h"

#include <stdio.h>
#include <stdlib.h>

/* Longer values are not searched for the place that a folded match stands for. */
#define LOCATE_MAX (16u << 10)

struct view_text {
	struct buf decoded, folded;
	struct strlist addresses; /* plain, folded; of address fields */
};

/* --- the view */

void view_init(struct view *view, struct slice message, const char *account, uint64_t size)
{
	struct header_walk walk;
	struct header_field field;

	memset(view, 0, sizeof(*view));
	view->message = slice_make(message.ptr, header_length(message));
	view->account = account;
	view->size = size;
	view->charset = decode_message_charset(view->message);
	header_walk_init(&walk, view->message);
	while (view->field_count < VIEW_FIELDS_MAX && header_walk_next(&walk, &field)) {
		ARRAY_GROW(view->fields, view->field_count);
		view->fields[view->field_count++] = (struct view_field){.field = field};
	}
}

void view_clear(struct view *view)
{
	for (size_t i = 0; i < view->field_count; i++) {
		struct view_text *text = view->fields[i].text;

		if (text == NULL)
			continue;
		buf_clear(&text->decoded);
		buf_clear(&text->folded);
		strlist_clear(&text->addresses);
		free(text);
	}
	free(view->fields);
	memset(view, 0, sizeof(*view));
}

static void list_addresses(struct slice body, struct strlist *addresses)
{
	struct addr_item item;
	size_t at = 0, count = 0;

	while (count++ < VIEW_ADDRESSES_MAX && addr_list_next(body, &at, &item)) {
		struct buf folded = BUF_INIT(ADDR_TEXT_MAX * 4);
		char text[ADDR_TEXT_MAX];

		if (!item.valid)
			continue;
		fold_text(slice_of(addr_text(text, sizeof(text), &item.addr)), &folded);
		strlist_add(addresses, buf_text(&folded));
		buf_clear(&folded);
	}
}

/* Decodes and folds a field on first use. Past the bounds it is empty. */
static const struct view_text *text_of(struct view *view, struct view_field *field)
{
	struct header_field clipped = field->field;
	struct view_text *text;

	if (field->text != NULL)
		return field->text;
	text = field->text = xcalloc(1, sizeof(*text));
	buf_init(&text->decoded, VIEW_FIELD_BYTES_MAX * 4);
	buf_init(&text->folded, VIEW_FIELD_BYTES_MAX * 12);
	if (clipped.body.len > VIEW_FIELD_BYTES_MAX)
		clipped.body.len = VIEW_FIELD_BYTES_MAX;
	if (clipped.body.len > VIEW_BYTES_MAX - view->bytes)
		return text;
	view->bytes += clipped.body.len;
	decode_field(&clipped, view->charset, &text->decoded);
	fold_text(buf_slice(&text->decoded), &text->folded);
	if (decode_is_address_field(clipped.name))
		list_addresses(clipped.body, &text->addresses);
	return text;
}

/* --- hits */

void hit_clear(struct hit *hit)
{
	free(hit->header);
	free(hit->value);
	free(hit->matched);
	memset(hit, 0, sizeof(*hit));
}

static void hit_set(struct hit *hit, const struct test *test, struct slice header,
    struct slice value, struct slice matched)
{
	hit_clear(hit);
	hit->test = test;
	hit->header = slice_dup(header);
	hit->value = slice_dup(value);
	hit->matched = slice_dup(matched);
}

/* Finds in value what its folded form has at start..end, by folding character by character. Falls
 * back to the text of the rule where letters have merged. */
static struct slice locate(struct slice value, size_t start, size_t end, const char *text)
{
	struct buf folded = BUF_INIT(LOCATE_MAX * 12);
	size_t from = SIZE_MAX, at = 0;

	if (value.len > LOCATE_MAX)
		return slice_of(text);
	while (at < value.len && folded.len < end) {
		size_t len = utf8_char_len(slice_from(value, at));

		if (folded.len == start)
			from = at;
		if (len == 0)
			len = 1;
		fold_text(slice_make(value.ptr + at, len), &folded);
		at += len;
	}
	if (from == SIZE_MAX || folded.len != end)
		from = at = SIZE_MAX;
	buf_clear(&folded);
	return from == SIZE_MAX ? slice_of(text) : slice_make(value.ptr + from, at - from);
}

/* --- tests */

/* Compares folded text by the operator; *start gets where the match begins. */
static bool compare(const struct test *test, struct slice folded, size_t *start)
{
	struct slice wanted = slice_make(test->folded, test->folded_len);
	const char *found;

	*start = 0;
	switch (test->relation) {
	case TEST_CONTAINS:
		if (wanted.len == 0)
			return true;
		found =
		    folded.len == 0 ? NULL : memmem(folded.ptr, folded.len, wanted.ptr, wanted.len);
		if (found != NULL)
			*start = (size_t)(found - folded.ptr);
		return found != NULL;
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
		return glob_match(wanted, folded);
	case TEST_REGEX:
	case TEST_GREATER:
	case TEST_GREATER_EQUAL:
	case TEST_LESS:
	case TEST_LESS_EQUAL:
	case TEST_EQUAL:
		break;
	}
	return false;
}

static bool search(
    const struct test *test, struct view *view, struct slice text, struct slice *matched)
{
	enum pattern_outcome outcome;

	if (view->gave_up >= VIEW_GAVE_UP_MAX)
		return false;
	outcome = pattern_find(test->pattern, text, matched);
	if (outcome == PATTERN_GAVE_UP)
		view->gave_up++;
	return outcome == PATTERN_FOUND;
}

static bool test_text(const struct test *test, struct view *view, struct slice header,
    struct slice decoded, struct slice folded, struct hit *hit)
{
	struct slice matched;
	size_t start;

	if (test->relation == TEST_REGEX) {
		if (!search(test, view, decoded, &matched))
			return false;
	} else {
		if (!compare(test, folded, &start))
			return false;
		matched = test->relation == TEST_MATCHES
		              ? decoded
		              : locate(decoded, start, start + test->folded_len, test->text);
	}
	hit_set(hit, test, header, decoded, matched);
	return true;
}

static bool test_field(
    const struct test *test, struct view *view, struct view_field *field, struct hit *hit)
{
	const struct view_text *text = text_of(view, field);
	struct slice decoded = buf_slice(&text->decoded);

	if (test_text(
	        test, view, field->field.name, decoded, slice_trim(buf_slice(&text->folded)), hit))
		return true;
	for (size_t i = 0; i < text->addresses.count; i++) {
		struct slice address = slice_of(text->addresses.items[i]);

		if (test_text(test, view, field->field.name, address, address, hit)) {
			free(hit->value);
			hit->value = slice_dup(decoded);
			return true;
		}
	}
	return false;
}

static bool concerns(const struct test *test, struct slice name)
{
	switch (test->subject) {
	case TEST_HEADER:
		return slice_is_nocase(name, test->header);
	case TEST_RECIPIENT:
		return decode_is_recipient_field(name);
	case TEST_ANYHEADER:
		return true;
	case TEST_ACCOUNT:
	case TEST_SIZE:
		break;
	}
	return false;
}

static bool test_account(const struct test *test, struct view *view, struct hit *hit)
{
	struct slice account = slice_of(view->account);
	struct buf folded = BUF_INIT(account.len * 12 + 1);
	bool result;

	fold_text(account, &folded);
	result = test_text(test, view, SLICE_LITERAL("account"), account, buf_slice(&folded), hit);
	buf_clear(&folded);
	return result;
}

static bool test_size(const struct test *test, const struct view *view, struct hit *hit)
{
	char size[24];
	bool result = test->relation == TEST_GREATER         ? view->size > test->size
	              : test->relation == TEST_GREATER_EQUAL ? view->size >= test->size
	              : test->relation == TEST_LESS          ? view->size < test->size
	              : test->relation == TEST_LESS_EQUAL    ? view->size <= test->size
	                                                     : view->size == test->size;

	if (!result)
		return false;
	snprintf(size, sizeof(size), "%llu", (unsigned long long)view->size);
	hit_set(hit, test, SLICE_LITERAL("size"), slice_of(size), slice_of(size));
	return true;
}

static bool test_match(const struct test *test, struct view *view, struct hit *hit)
{
	if (test->subject == TEST_ACCOUNT)
		return test_account(test, view, hit);
	if (test->subject == TEST_SIZE)
		return test_size(test, view, hit);
	for (size_t i = 0; i < view->field_count; i++)
		if (concerns(test, view->fields[i].field.name) &&
		    test_field(test, view, &view->fields[i], hit))
			return true;
	return false;
}

/* The first part that can be shown speaks for all of them. */
static bool match_all(const struct condition *condition, struct view *view, struct hit *hit)
{
	for (size_t i = 0; i < condition->count; i++) {
		struct hit other = {0};
		bool shown = hit->test != NULL;
		bool holds = condition_match(condition->children[i], view, shown ? &other : hit);

		hit_clear(&other);
		if (!holds) {
			hit_clear(hit);
			return false;
		}
	}
	return true;
}

bool condition_match(const struct condition *condition, struct view *view, struct hit *hit)
{
	bool holds;

	switch (condition->kind) {
	case CONDITION_ALWAYS:
		return true;
	case CONDITION_TEST:
		return test_match(&condition->test, view, hit);
	case CONDITION_NOT:
		holds = condition_match(condition->children[0], view, hit);
		hit_clear(hit);
		return !holds;
	case CONDITION_AND:
		return match_all(condition, view, hit);
	case CONDITION_OR:
		for (size_t i = 0; i < condition->count; i++)
			if (condition_match(condition->children[i], view, hit))
				return true;
		return false;
	}
	return false;
}
