/*
 * The plan for each message of a listing, for any UIDLs, reused or changed, and any headers: a message is deleted without
 * a fetch only if it was fetched before. If a server shows no headers, only UIDL and size can be compared: both must be
 * those of a fetched message.
 *
 * The input: how (how long messages are kept, whether there is UIDL and TOP), the seen messages (key, header, size, age),
 * a zero byte, and the messages that are there now (key, header, size as listed). There are few keys, headers and sizes,
 * so that they meet.
 */
#include "fetcher/digest.h"
#include "fetcher/plan.h"
#include "spool/storage/state_seen.h"
#include "tests/fuzz/common/fuzz.h"

#define NOW 2000000000
#define DAY 86400
#define MESSAGES_MAX 24
#define HEADERS 16

struct world {
	unsigned headers[MESSAGES_MAX]; /* of the messages that are there */
	size_t count;
	bool came[HEADERS]; /* a message with that header was seen */
	bool has_top;
};

static struct slice header_of(unsigned header)
{
	static char texts[HEADERS][64];

	snprintf(texts[header], sizeof(texts[header]), "Message-ID: <%u@x>\r\nSubject: %u\r\n\r\n", header, header);
	return slice_of(texts[header]);
}

/* "a" to "l", or numbers. */
static const char *key_of(unsigned byte)
{
	static char key[16];

	snprintf(key, sizeof(key), byte & 64 ? "%u" : "uid-%u", byte % 12 + 1);
	return key;
}

static void take_seen(struct world *world, struct slice *input, struct map *seen)
{
	while (input->len > 0 && input->ptr[0] != '\0') {
		const char *key = key_of(fuzz_byte(input));
		unsigned header = fuzz_byte(input) % HEADERS, more = fuzz_byte(input);
		const struct seen what = {.time = NOW - (int64_t)(more / 16) * DAY, .listed = 100 + more % 4,
		    .digest = digest_of_header(header_of(header))};

		world->came[header] = true;
		state_seen_put(seen, slice_of(key), &what);
	}
	fuzz_byte(input);
}

static void take_messages(struct world *world, struct slice *input, struct plan *plan, bool has_uidl)
{
	while (input->len > 0 && world->count < MESSAGES_MAX) {
		const char *key = key_of(fuzz_byte(input));
		unsigned header = fuzz_byte(input) % HEADERS, size = 100 + fuzz_byte(input) % 4;
		char line[64];

		world->headers[world->count++] = header;
		snprintf(line, sizeof(line), "%zu %s", world->count, key);
		if (has_uidl)
			plan_add_uidl(plan, slice_of(line));
		snprintf(line, sizeof(line), "%zu %u", world->count, size);
		plan_add_size(plan, slice_of(line), !has_uidl);
	}
}

/* As in fetch_plan.c. */
static void answer(const struct world *world, struct plan *plan, const struct conf_account *account, struct map *seen)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct plan_item *item = &plan->items[i];
		struct slice header = header_of(world->headers[item->number - 1]);
		const struct plan_known *known;

		if (item->question == PLAN_SURE)
			continue;
		if (!world->has_top) {
			plan_no_answer(plan, item, account, seen, NOW);
			continue;
		}
		known = plan_answer(plan, item, seen, digest_of_header(header), header);
		if (known == NULL)
			continue;
		item->is_new = false;
		state_seen_put(seen, slice_of(item->key), &known->what);
	}
}

static bool may_be_deleted(const struct world *world, const struct plan_item *item, const struct map *seen)
{
	const struct seen *what = item->key == NULL ? NULL : map_get(seen, slice_of(item->key));

	return what != NULL && (world->came[world->headers[item->number - 1]] || (!world->has_top && what->listed == item->size));
}

static void check(const struct world *world, const struct plan *plan, const struct map *seen)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];

		assert(item->number >= 1 && item->number <= world->count);
		assert(plan_find(plan, item->number) == item);
		assert(item->action != PLAN_DELETE || may_be_deleted(world, item, seen));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t keeps[] = {0, -1, 3, 0};
	struct slice input = slice_make((const char *)data, size);
	unsigned how = fuzz_byte(&input), left = fuzz_byte(&input) % MESSAGES_MAX;
	const struct conf_account account = {.keep_days = keeps[how % ARRAY_LEN(keeps)], .max_size = {.usual = (how & 32) != 0 ? 102 : 0}};
	struct world world = {.has_top = (how & 8) == 0};
	struct map seen = MAP_INIT;
	struct plan plan = {0};

	take_seen(&world, &input, &seen);
	take_messages(&world, &input, &plan, (how & 4) == 0);
	plan_question(&plan, &account, &seen, left, NOW);
	do
		answer(&world, &plan, &account, &seen);
	while (plan_question_again(&plan, &seen));
	plan_decide(&plan, &account, &seen, NOW);
	check(&world, &plan, &seen);
	plan_clear(&plan);
	state_seen_clear(&seen);
	return 0;
}
