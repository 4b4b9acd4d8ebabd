/* Sorting in a separate process, which the message may have compromised, or killed. */
#include "gateway/session/sorting.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/net/frame.h"
#include "gateway/process/limits.h"
#include "gateway/session/sorting_priv.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char *text(const char *constant)
{
	return (char *)(uintptr_t)constant;
}

static char *ivan = (char *)(uintptr_t) "ivan", *away = (char *)(uintptr_t) "boss@else.ru", *folder = (char *)(uintptr_t) "ivan/A -> B",
	    *orders = (char *)(uintptr_t) "Orders -> buh/Orders";
static struct conf_user users[2];
static struct conf_rule rules[2];
static struct conf_account account;
static struct conf conf;
static atomic_bool cancel;
static const struct slice letter = SLICE_LITERAL("From: a@b.ru\r\nTo: buh@office.lan\r\nSubject: bill\r\nMessage-ID: <1@b>\r\n\r\nbody\r\n");

static void fill_conf(void)
{
	memset(&conf, 0, sizeof(conf));
	conf.gateway.hostname = text("gw");
	conf.gateway.local_domain = text("office.lan");
	conf.gateway.postmaster = conf.gateway.boss = text("");
	conf.sorter.by_address = true;
	users[0] = users[1] = (struct conf_user){.password = text(""), .full_name = text(""), .external_alias = text(""), .forward = text("")};
	users[0].name = text("ivan");
	users[1].name = text("buh");
	for (int i = 0; i < 2; i++)
		rules[i] = (struct conf_rule){.tag = text(""), .subject_prefix = text(""), .reply = text(""), .when = text("subject contains \"zzz\"")};
	rules[0].name = text("sends");
	rules[0].forward = (struct strlist){&away, 1};
	rules[0].deliver = (struct strlist){&folder, 1};
	rules[1].name = text("drops");
	rules[1].drop = true;
	account = (struct conf_account){.name = text("sales"), .envelope_header = text(""), .envelope_prefix = text(""),
	    .unsorted_to = {&ivan, 1}, .folders_to = {&orders, 1}, .max_size = {.usual = 10000}};
	conf.users = users;
	conf.user_count = 2;
	conf.rules = rules;
	conf.rule_count = 2;
	conf.accounts = &account;
	conf.account_count = 1;
}

/* --- allowed answers of a worker */

static void field(struct buf *out, char tag, const char *value, size_t len)
{
	frame_put(out, tag, slice_make(value, len));
}

static void recipient(struct buf *out, char action, const char *rule, const char *name)
{
	char *value = xasprintf("%c%s%c%s%cwhy", action, rule, 0, name, 0);

	field(out, 'r', value, 6 + strlen(rule) + strlen(name));
	free(value);
}

static bool is_read(struct buf *wire)
{
	struct sorter_decision decision;
	bool good = decision_read(&conf, letter, buf_slice(wire), &decision);

	if (good)
		decision_clear(&decision);
	buf_reset(wire);
	return good;
}

static void test_a_decision_says_what_the_configuration_allows(void **state)
{
	struct buf wire = BUF_INIT(1u << 20);
	uint64_t at = 1u << 20;

	(void)state;
	fill_conf();
	recipient(&wire, '0' + SORTER_ADDRESS, "", "buh");
	assert_true(is_read(&wire));
	recipient(&wire, '0' + SORTER_FORWARD, "sends", "boss@else.ru");
	assert_true(is_read(&wire));
	recipient(&wire, '0' + SORTER_DELIVER, "sends", "ivan/A -> B");
	assert_true(is_read(&wire));
	recipient(&wire, '0' + SORTER_ACCOUNT, "", "buh/Orders");
	assert_true(is_read(&wire));
	field(&wire, 'd', "drops", 5);
	assert_true(is_read(&wire));
	assert_false(is_read(&wire)); /* nobody gets it, and no rule has dropped it */
	field(&wire, 'd', "sends", 5);
	assert_false(is_read(&wire));
	recipient(&wire, '0' + SORTER_ADDRESS, "", "nobody");
	assert_false(is_read(&wire));
	recipient(&wire, '0' + SORTER_ADDRESS, "", "daemon");
	assert_false(is_read(&wire));
	recipient(&wire, '0' + SORTER_FORWARD, "sends", "thief@else.ru");
	assert_false(is_read(&wire));
	recipient(&wire, '0' + SORTER_FORWARD, "", "boss@else.ru");
	assert_false(is_read(&wire));
	recipient(&wire, '0' + SORTER_REDIRECT, "sends", "boss@else.ru");
	assert_false(is_read(&wire));
	recipient(&wire, '0' + SORTER_DELIVER, "none", "ivan");
	assert_false(is_read(&wire));
	recipient(&wire, '0' + SORTER_DELIVER, "sends", "ivan/Other"); /* no folder that the rule does not name */
	assert_false(is_read(&wire));
	recipient(&wire, '0' + SORTER_ADDRESS, "", "ivan/Other");
	assert_false(is_read(&wire));
	recipient(&wire, '9', "sends", "ivan");
	assert_false(is_read(&wire));
	for (const char *tag = "tpmyzs\xff"; *tag != '\0'; tag++) {
		recipient(&wire, '0' + SORTER_ADDRESS, "", "buh");
		field(&wire, *tag, "X: y\r\n\0z", 8);
		assert_false(is_read(&wire));
	}
	recipient(&wire, '0' + SORTER_ADDRESS, "", "buh");
	field(&wire, 's', (const char *)&at, sizeof(at));
	assert_false(is_read(&wire));
	recipient(&wire, '0' + SORTER_ADDRESS, "", "buh");
	buf_append_byte(&wire, 'x');
	assert_false(is_read(&wire));
	for (int i = 0; i <= ENVELOPE_PLACES_MAX; i++)
		recipient(&wire, '0' + SORTER_ADDRESS, "", "buh");
	assert_false(is_read(&wire));
	buf_clear(&wire);
}

/* --- a process */

struct answer {
	struct envelope envelope;
	struct sorting_result result;
};

static int ask(struct sorting_worker *worker, struct slice message, const char *path, struct answer *answer)
{
	struct error error;

	envelope_init(&answer->envelope);
	envelope_set(&answer->envelope.account, SLICE_LITERAL("sales"));
	return sorting_ask(worker, &(struct fetch_arrival){.message = message, .path = path}, &answer->envelope, &answer->result, &error);
}

static void expect_sorted(struct sorting_worker *worker, struct slice message, const char *path)
{
	struct answer answer;

	assert_int_equal(ask(worker, message, path, &answer), 0);
	assert_false(answer.result.failed);
	assert_int_equal(answer.envelope.place_count, 1);
	assert_string_equal(answer.envelope.places[0].name, "buh");
	assert_string_equal(answer.envelope.shown[SHOWN_ID], "<1@b>");
	assert_string_equal(answer.envelope.shown[SHOWN_SUBJECT], "bill");
	assert_string_equal(answer.envelope.shown[SHOWN_SENDERS], "a@b.ru");
	assert_string_equal(answer.envelope.shown[SHOWN_RECIPIENTS], "buh@office.lan");
	envelope_clear(&answer.envelope);
}

/* It is not lost, and has the reason for its place. */
static void expect_unsorted(struct sorting_worker *worker)
{
	struct answer answer;

	assert_int_equal(ask(worker, letter, NULL, &answer), 0);
	assert_true(answer.result.failed);
	assert_int_equal(answer.envelope.place_count, 1);
	assert_string_equal(answer.envelope.places[0].name, "ivan");
	assert_non_null(strstr(PHRASE_EN(answer.envelope.places[0].why), "could not be sorted"));
	assert_int_equal(answer.envelope.recipients.count, 0);
	envelope_clear(&answer.envelope);
}

static void test_it_sorts(void **state)
{
	struct buf large = BUF_INIT(4u << 20), stub_text = BUF_INIT(FETCH_STUB_MAX);
	char path[] = "/tmp/test_sorting.XXXXXX";
	struct sorting sorting;
	struct sorting_worker worker;
	struct error error;
	const struct fetch_stub stub = {&conf, &account, "ID", 123456, 123456, 10000, NULL, 0, letter, SLICE_NONE};
	int fd;

	(void)state;
	fill_conf();
	assert_int_equal(sorting_start(&sorting, &conf, &cancel, &error), 0);
	sorting_begin(&worker, &sorting, &account);
	expect_sorted(&worker, letter, NULL);
	buf_append_slice(&large, letter);
	while (large.len < (2u << 20))
		buf_append_text(&large, "the quick brown fox\r\n");
	fd = mkostemp(path, O_CLOEXEC);
	assert_int_equal(write(fd, large.ptr, large.len), (ssize_t)large.len);
	close(fd);
	expect_sorted(&worker, buf_slice(&large), path);
	unlink(path);
	expect_sorted(&worker, letter, NULL);
	assert_int_equal(sorting_make_stub(&worker, &stub, &stub_text, &error), 0);
	assert_non_null(strstr(buf_text(&stub_text), "bill"));
	sorting_hang_up(&worker);
	sorting_stop(&sorting);
	buf_clear(&large);
	buf_clear(&stub_text);
}

static void test_a_bad_rule_is_an_error(void **state)
{
	struct sorting sorting;
	struct error error;

	(void)state;
	fill_conf();
	rules[0].when = text("subject contains");
	assert_int_equal(sorting_start(&sorting, &conf, &cancel, &error), -1);
	assert_non_null(strstr(ERROR_EN(&error), "rule sends"));
}

enum fault { DIES, SILENT_DEATH, OTHER_KIND, NOTHING, NO_DECISION, NO_SHOWN, NAMED, TWICE, GARBAGE, THIEF, FAULTS };

static void put_decision(struct buf *answer, const char *name)
{
	struct buf wire = BUF_INIT(4096);

	recipient(&wire, '0' + SORTER_ADDRESS, "", name);
	frame_put(answer, SORTING_DECISION, buf_slice(&wire));
	buf_clear(&wire);
}

static void put_shown(struct buf *answer)
{
	for (int i = 0; i < SHOWN_COUNT; i++)
		field(answer, (char)(SORTING_SHOWN + i), "", 0);
}

/* Kills its first worker, as an admin or the kernel might. */
static atomic_int *killed;

static void serve_second(void *context, int fd)
{
	if (atomic_fetch_add(killed, 1) == 0)
		raise(SIGKILL);
	sorting_serve(context, fd);
}

static void test_one_death_costs_no_message_its_place(void **state)
{
	struct sorting sorting = {.conf = &conf, .cancel = &cancel};
	const struct helper_job job = {.name = "sorter", .serve = serve_second, .context = &sorting, .most = 8};
	struct sorting_worker worker;
	struct error error;

	(void)state;
	killed = mmap(NULL, sizeof(*killed), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(killed, MAP_FAILED);
	fill_conf();
	sorting.sorter = sorter_new(&conf, &error);
	assert_int_equal(helper_start(&sorting.helper, &job, &error), 0);
	sorting_begin(&worker, &sorting, &account);
	expect_sorted(&worker, letter, NULL);
	assert_int_equal(atomic_load(killed), 2);
	expect_sorted(&worker, letter, NULL); /* by the same worker */
	assert_int_equal(atomic_load(killed), 2);
	sorting_hang_up(&worker);
	sorting_stop(&sorting);
	munmap(killed, sizeof(*killed));
}

/* An ended session must not wait for it. */
static void test_a_process_that_hangs_holds_up_nobody(void **state)
{
	int64_t begin = clock_now_ms();
	struct sorting sorting;
	struct error error;
	pid_t pid;

	(void)state;
	fill_conf();
	assert_int_equal(sorting_start(&sorting, &conf, &cancel, &error), 0);
	pid = sorting.helper.pid;
	kill(pid, SIGSTOP);
	sorting_stop(&sorting);
	assert_true(clock_now_ms() - begin < 30000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* The admin's own limit is lower than ours: it applies, and mail is sorted. */
static void test_a_low_limit_of_the_processor_stays(void **state)
{
	struct rlimit before, low = {20, 20};
	struct sorting sorting;
	struct sorting_worker worker;
	struct error error;
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		setrlimit(RLIMIT_CPU, &low);
		fill_conf();
		assert_int_equal(sorting_start(&sorting, &conf, &cancel, &error), 0);
		sorting_begin(&worker, &sorting, &account);
		expect_sorted(&worker, letter, NULL);
		sorting_hang_up(&worker);
		sorting_stop(&sorting);
		assert_true(limits_cpu(1000));
		assert_int_equal(getrlimit(RLIMIT_CPU, &before), 0);
		assert_int_equal(before.rlim_cur, 20);
		assert_true(limits_set(RLIMIT_CORE, 0));
		assert_false(limits_set(9999, 0));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void misbehave(enum fault fault, struct buf *answer)
{
	if (fault != NOTHING && fault != NO_DECISION)
		put_decision(answer, fault == THIEF ? "thief" : "buh");
	if (fault != NOTHING && fault != NO_SHOWN)
		put_shown(answer);
	if (fault == TWICE)
		put_decision(answer, "buh");
	if (fault == NAMED)
		field(answer, SORTING_NAMED, "a@b.ru", 6); /* which this account does not note */
	if (fault == GARBAGE)
		buf_append_text(answer, "garbage");
}

static void serve_badly(void *context, int fd)
{
	const enum fault *fault = context;
	struct buf body = BUF_INIT(SORTING_REQUEST_MAX), answer = BUF_INIT(SORTING_ANSWER_MAX);
	const struct frame_wait wait = {.deadline = INT64_MAX};
	struct slice part;
	uint32_t kind;
	int file;

	if (frame_receive(fd, &kind, &body, &file, wait) != FRAME_OK || *fault == SILENT_DEATH)
		_exit(0);
	if (*fault == DIES) {
		signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
	}
	misbehave(*fault, &answer);
	part = buf_slice(&answer);
	frame_send(fd, &(struct frame){.kind = *fault == OTHER_KIND ? 99 : kind, .parts = &part, .count = 1}, wait);
	pause(); /* it does not end by itself */
}

static void test_whatever_a_worker_does_the_message_is_not_lost(void **state)
{
	struct error error;

	(void)state;
	for (enum fault fault = 0; fault < FAULTS; fault++) {
		const struct helper_job job = {.name = "sorter", .serve = serve_badly, .context = &fault, .most = 8};
		struct sorting sorting = {.conf = &conf, .cancel = &cancel};
		struct sorting_worker worker;
		struct buf stub_text = BUF_INIT(FETCH_STUB_MAX);
		const struct fetch_stub stub = {.conf = &conf, .account = &account, .id = "ID", .size = 123456, .at_least = 123456, .limit = 10000, .top = letter};

		print_message("fault %d\n", (int)fault);
		fill_conf();
		sorting.sorter = sorter_new(&conf, &error);
		assert_int_equal(helper_start(&sorting.helper, &job, &error), 0);
		sorting_begin(&worker, &sorting, &account);
		expect_unsorted(&worker);
		expect_unsorted(&worker); /* by another worker */
		if (fault == DIES) {
			assert_int_equal(sorting_make_stub(&worker, &stub, &stub_text, &error), 0);
			assert_non_null(strstr(buf_text(&stub_text), "[fetch ID]"));
			assert_null(strstr(buf_text(&stub_text), "bill"));
		}
		sorting_hang_up(&worker);
		sorting_stop(&sorting);
		buf_clear(&stub_text);
	}
}

static void test_without_the_process_nothing_is_delivered(void **state)
{
	struct sorting sorting;
	struct sorting_worker worker;
	struct answer answer;
	struct error error;

	(void)state;
	fill_conf();
	assert_int_equal(sorting_start(&sorting, &conf, &cancel, &error), 0);
	sorting_begin(&worker, &sorting, &account);
	expect_sorted(&worker, letter, NULL);
	kill(sorting.helper.pid, SIGKILL);
	sorting_hang_up(&worker);
	assert_int_equal(ask(&worker, letter, NULL, &answer), -1);
	assert_int_equal(answer.envelope.place_count, 0);
	envelope_clear(&answer.envelope);
	sorting_stop(&sorting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_decision_says_what_the_configuration_allows),
	    cmocka_unit_test(test_it_sorts),
	    cmocka_unit_test(test_a_bad_rule_is_an_error),
	    cmocka_unit_test(test_whatever_a_worker_does_the_message_is_not_lost),
	    cmocka_unit_test(test_one_death_costs_no_message_its_place),
	    cmocka_unit_test(test_a_process_that_hangs_holds_up_nobody),
	    cmocka_unit_test(test_a_low_limit_of_the_processor_stays),
	    cmocka_unit_test(test_without_the_process_nothing_is_delivered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
