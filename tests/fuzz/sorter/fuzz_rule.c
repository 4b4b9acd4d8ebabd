/* A condition is parsed, or refused with a text; a parsed one gives the same result each time,
 * its negation the opposite, the index of rules does not miss it, and the text it shows is in
 * the message. The input is the condition, a zero byte, and the message. */
#include "base/alloc.h"
#include "sorter/match.h"
#include "sorter/rule_index.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool decide(struct condition *condition, struct slice message, bool by_index)
{
	struct rule_index *index = by_index ? rule_index_new(&condition, 1) : NULL;
	struct message_view view;
	struct hit hit = {0};
	uint64_t *candidates;
	bool holds;

	message_view_init(&view, &(struct message_view_source){.message = message,
	                     .account = "sales",
	                     .size = message.len,
	                     .body_literals = by_index ? rule_index_body(index) : NULL});
	holds = match_condition(condition, &view, &hit);
	if (by_index) { /* a match is never missed */
		candidates = rule_index_candidates(index, &view);
		assert(!holds || rule_index_next(candidates, 0, 1) == 0);
		free(candidates);
	}
	rule_index_free(index);
	assert(holds || hit.test == NULL);
	if (hit.test != NULL) {
		assert(utf8_is_valid(slice_of(hit.value)));
		assert(hit.header != NULL && hit.matched != NULL);
	}
	match_clear_hit(&hit);
	message_view_clear(&view);
	return holds;
}

static void check_negation(struct slice text, struct slice message, bool holds)
{
	char *copy = slice_dup(text);
	char *negated = xasprintf("not (%s)", copy);
	struct error error = ERROR_INIT;
	struct condition *condition = rule_parse(slice_of(negated), false, &error);

	/* It may already have the maximum depth or length. */
	assert(condition != NULL || strstr(ERROR_EN(&error), "deep") != NULL || text.len > 1000);
	if (condition != NULL)
		assert(decide(condition, message, false) == !holds);
	rule_condition_free(condition);
	free(negated);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = slice_make((const char *)data, size);
	struct slice text = slice_cut(&message, '\0');
	struct error error = ERROR_INIT;
	struct condition *condition = rule_parse(text, false, &error);
	bool holds;

	if (condition == NULL) {
		assert(error.class == ERROR_CONFIG && error.phrase[0] != '\0');
		return 0;
	}
	holds = decide(condition, message, false);
	assert(decide(condition, message, true) == holds);
	rule_condition_free(condition);
	check_negation(text, message, holds);
	return 0;
}
