/*
 * What a compromised sorter process says of a message that is still on the server: refused, or a rule of the configuration that may decide there, with a
 * reason, and a line of printable text for each item of the journal.
 */
#include "gateway/session/sorting_priv.h"
#include "tests/unit/sorting_office.h"

static void check_look(const struct conf *conf, const struct fetch_look *look)
{
	assert((look->rule == NULL) == (look->reason == NULL));
	assert(look->rule == NULL || (look->rule == conf_find_rule(conf, slice_of(look->rule->name)) && look->rule->on == RULE_LISTED));
	assert((int)look->priority >= 0 && look->priority <= PRIORITY_HIGH);
	for (int i = 0; i < SHOWN_COUNT; i++)
		assert(strlen(look->shown[i]) < SORTING_SHOWN_MAX && strpbrk(look->shown[i], "\r\n\x1b") == NULL);
	assert(look->reason == NULL || strpbrk(look->reason, "\r\n") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fetch_look look = {.rule = NULL};
	struct sorter *sorter;
	const struct conf *conf = sorting_office(&sorter);

	if (sorting_look_read(conf, slice_make((const char *)data, size), &look))
		check_look(conf, &look);
	for (int i = 0; i < SHOWN_COUNT; i++)
		free(look.shown[i]);
	free(look.reason);
	return 0;
}
