/* What the sorter process says of a message that is still on the server. */
#include "gateway/session/sorting.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/net/frame.h"
#include "gateway/session/sorting_priv.h"

#include <stdlib.h>

static bool read_text(struct slice value, size_t most, char **text)
{
	if (value.len >= most || *text != NULL)
		return false;
	*text = xmalloc(value.len + 1);
	str_printable(*text, value.len + 1, value);
	return true;
}

static bool read_priority(struct slice value, enum conf_priority *priority)
{
	uint64_t number;

	if (value.len != sizeof(number))
		return false;
	memcpy(&number, value.ptr, sizeof(number));
	*priority = (enum conf_priority)number;
	return number <= PRIORITY_HIGH;
}

/* The rule must be one for messages on the server that decides about them. */
static bool read_rule(const struct conf *conf, struct slice value, const struct conf_rule **rule)
{
	*rule = conf_find_rule(conf, value);
	return *rule != NULL && (*rule)->on == RULE_LISTED && ((*rule)->fetch || (*rule)->stub || (*rule)->leave || (*rule)->remove);
}

static bool read_field(const struct conf *conf, char tag, struct slice value, struct fetch_look *look)
{
	switch (tag) {
	case SORTING_PRIORITY:
		return read_priority(value, &look->priority);
	case SORTING_RULE:
		return read_rule(conf, value, &look->rule);
	case SORTING_REASON:
		free(look->reason);
		look->reason = decision_take_reason(value);
		return true;
	default:
		return tag >= SORTING_SHOWN && tag < SORTING_SHOWN + SHOWN_COUNT && read_text(value, SORTING_SHOWN_MAX, &look->shown[tag - SORTING_SHOWN]);
	}
}

bool sorting_look_read(const struct conf *conf, struct slice rest, struct fetch_look *look)
{
	struct slice value;
	bool good = true;
	char tag;

	while (good && frame_take(&rest, &tag, &value))
		good = read_field(conf, tag, value, look);
	for (int i = 0; i < SHOWN_COUNT; i++)
		good = good && look->shown[i] != NULL;
	return good && rest.len == 0 && (look->rule == NULL) == (look->reason == NULL);
}

int sorting_look(struct sorting_worker *worker, struct slice header, uint64_t size, struct fetch_look *look, struct error *error)
{
	struct buf head = BUF_INIT(4096), answer = BUF_INIT(SORTING_ANSWER_MAX);
	struct slice parts[2];
	const struct frame request = {.kind = SORTING_LISTED, .parts = parts, .count = ARRAY_LEN(parts), .passed = -1};
	int64_t now = clock_wall();
	enum sorting_outcome asked;

	frame_put(&head, SORTING_ACCOUNT, slice_of(worker->account->name));
	frame_put(&head, SORTING_TIME, slice_make((const char *)&now, sizeof(now)));
	frame_put(&head, SORTING_SIZE, slice_make((const char *)&size, sizeof(size)));
	sorting_put_head(&head, SORTING_MESSAGE, header.len);
	parts[0] = buf_slice(&head);
	parts[1] = header;
	asked = sorting_exchange(worker, &request, &answer, error);
	/* It is fetched as if there were no rules: the others see it then. */
	if (asked == SORTING_ANSWERED && !sorting_look_read(worker->sorting->conf, buf_slice(&answer), look)) {
		free(look->reason);
		look->reason = NULL;
		look->rule = NULL;
		look->priority = PRIORITY_NORMAL;
		helper_kill(&worker->sorting->helper, &worker->conversation);
	}
	buf_clear(&head);
	buf_clear(&answer);
	return asked == SORTING_IMPOSSIBLE ? -1 : 0;
}
