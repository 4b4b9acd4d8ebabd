/*
 * A whole configuration: it is loaded, or refused with at least one error that names a line of it; all queries work on a
 * loaded one, and rules that pass the check compile.
 *
 * The input is lanpost.conf.
 */
#include "config/conf.h"
#include "sorter/sorter.h"
#include "tests/fuzz/common/fuzz.h"

static int line_count(struct slice text)
{
	int lines = 1;

	for (size_t i = 0; i < text.len; i++)
		lines += text.ptr[i] == '\n';
	return lines;
}

static void ask(const struct conf *conf, bool is_good)
{
	struct in6_addr address = {.s6_addr = {[10] = 255, [11] = 255, [12] = 192, [13] = 168, [14] = 1, [15] = 5}};

	for (size_t i = 0; i < conf->user_count; i++)
		assert(!is_good || (conf_is_mailbox_name(slice_of(conf->users[i].name)) &&
				       conf_find_user(conf, conf->users[i].name) == &conf->users[i]));
	for (size_t i = 0; i < conf->account_count; i++) {
		char *mailbox = conf_mailbox(&conf->accounts[i]);

		assert(mailbox != NULL);
		free(mailbox);
		conf_account_twin(conf, &conf->accounts[i]);
	}
	conf_owner_of(conf, slice_of("Ivan@office.lan"));
	conf_smarthost_for(conf, slice_of("ivan@office.lan"));
	conf_dkim_for(conf, "office.lan");
	conf_nets_have(&conf->lan.allow, &address);
}

static void check_rules(const struct conf *conf)
{
	struct conf_problems problems = {0};
	struct error error;
	struct sorter *sorter;

	if (sorter_check(conf, &problems) == 0) {
		sorter = sorter_new(conf, &error);
		assert(sorter != NULL);
		sorter_free(sorter);
	}
	conf_problems_clear(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *path;
	struct slice text = slice_make((const char *)data, size);
	struct conf_problems problems = {0};
	struct conf *conf;

	if (path == NULL)
		path = xasprintf("%s/lanpost.conf", fuzz_folder());
	conf = conf_load_edited(path, path, text, &problems);
	assert((conf == NULL) == (problems.errors > 0));
	for (size_t i = 0; i < problems.count; i++) {
		assert(problems.items[i].phrase[0] != '\0');
		assert(problems.items[i].place.line >= 0 && problems.items[i].place.line <= line_count(text));
	}
	if (conf != NULL) {
		ask(conf, true);
		check_rules(conf);
		conf_free(conf);
	}
	conf_problems_clear(&problems);
	conf = conf_load_edited_broken(path, path, text, &problems);
	ask(conf, false);
	check_rules(conf);
	conf_free(conf);
	conf_problems_clear(&problems);
	return 0;
}
