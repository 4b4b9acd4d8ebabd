/*
 * Fetching with deletion through power cuts (power_cut.h): a POP3 provider in a separate process, the real fetcher with
 * its batches, one of which is read while the other becomes durable, and checkpoints. After each cut the provider has its messages
 * of that moment, the gateway starts again and fetches: each message is delivered once, and none is left at the provider.
 */
#include "spool/log/intake_priv.h"
#include "spool/storage/state.h"
#include "tests/unit/power_cut.h"
#include "tests/unit/pop3_provider.h"

static void put_second(struct box *box)
{
	for (int n = FIRST; n < MESSAGES && !box->has_second; n++)
		box->is_there[n] = true;
	box->has_second = true;
}

static bool fetch(struct spool *house)
{
	struct fetch_result result;
	struct error error;
	int code = provider_fetch(house, to_ivan, NULL, &result, &error);

	fetch_result_clear(&result);
	if (code != 0)
		print_message("fetching: %s\n", ERROR_EN(&error));
	return code == 0;
}

/* The work of the checkpoint thread, at a time of our choice. */
static void checkpoint(struct spool *house)
{
	struct error error;

	checkpoint_run(house->intake, &error);
}

static void live(const char *folder)
{
	struct spool house;

	assert_true(house_open(&house, folder));
	assert_true(fetch(&house));
	checkpoint(&house);
	put_second(&boxes[world]);
	assert_true(fetch(&house));
	house_close(&house);
	assert_true(house_open(&house, folder));
	house_close(&house);
}

/* --- after a cut */

/* The provider continues with its state, and has all messages now. */
static bool all_comes_once(const char *folder)
{
	struct spool house;
	bool right;

	boxes[world + 1] = boxes[world];
	put_second(&boxes[++world]);
	right = house_open(&house, folder);
	if (right) {
		right = fetch(&house);
		house_close(&house);
	}
	for (int n = 0; n < MESSAGES; n++)
		right = right && !boxes[world].is_there[n];
	return right && has_each_once(&(struct spool){.folder = (char *)(uintptr_t)folder});
}

static void test_fetching_through_power_cuts(void **context)
{
	(void)context;
	provider_start();
	for (int n = 0; n < FIRST; n++)
		boxes[0].is_there[n] = true;
	cut_life(live, all_comes_once, 3);
	for (int n = 0; n < MESSAGES; n++)
		assert_false(boxes[0].is_there[n]);
	provider_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fetching_through_power_cuts),
	};

	signal(SIGPIPE, SIG_IGN);
	audit_knows = &world;
	audit_knows_len = sizeof(world);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
