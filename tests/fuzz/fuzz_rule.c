/* A condition is read or refused with words; one that was read decides in the same way each time,
 * its negation decides the other way, and what it shows stands in the message. The input is the
 * condition, a zero byte, and the message. */
#include "base/alloc.h"
#include "sorter/match.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool decide(const struct condition *condition, struct slice message)
{
	struct view view;
	struct hit hit = {0};
	bool holds;

	view_init(&view, message, "sales", message.len);
	holds = condition_match(condition, &view, &hit);
	assert(holds || hit.test == NULL);
	if (hit.test != NULL) {
		assert(utf8_is_valid(slice_of(hit.value)));
		assert(hit.header != NULL && hit.matched != NULL);
	}
	hit_clear(&hit);
	view_clear(&view);
	return holds;
}

static void check_negation(struct slice text, struct slice message, bool holds)
{
	char *copy = slice_dup(text);
	char *negated = xasprintf("not (%s)", copy);
	struct error error = ERROR_INIT;
	struct condition *condition = rule_parse(slice_of(negated), &error);

	/* It may be nested or long to the limit already. */
	assert(condition != NULL || strstr(error.text, "deep") != NULL || text.len > 1000);
	if (condition != NULL)
		assert(decide(condition, message) == !holds);
	condition_free(condition);
	free(negated);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = slice_make((const char *)data, size);
	struct slice text = slice_cut(&message, '\0');
	struct error error = ERROR_INIT;
	struct condition *condition = rule_parse(text, &error);
	bool holds;

	if (condition == NULL) {
		assert(error.class == ERROR_CONFIG && error.text[0] != '\0');
		return 0;
	}
	holds = decide(condition, message);
	assert(decide(condition, message) == holds);
	condition_free(condition);
	check_negation(text, message, holds);
	return 0;
}
