#include "ui-tui/command/config_edit.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/file/path.h"
#include "base/process/service_user.h"
#include "config/ini_edit.h"
#include "config/schema.h"
#include "sorter/rule_lint.h"
#include "sorter/sorter.h"
#include "ui-tui/command/control_client.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define TEXT_MAX (1024 * 1024)
#define LIST_MAX 4096
#define RELOAD_SECONDS 30

bool config_edit_begin(struct config_edit *edit, struct cli *cli, struct conf *conf, const char *file)
{
	struct error error = ERROR_INIT;

	*edit = (struct config_edit){.cli = cli, .conf = conf, .file = xstrdup(file),
	    .text = BUF_INIT(TEXT_MAX), .before = BUF_INIT(TEXT_MAX)};
	if (ini_edit_read(file, &edit->before, &error) == 0) {
		buf_append_slice(&edit->text, buf_slice(&edit->before));
		return true;
	}
	cli_fail_error(&error);
	return false;
}

void config_edit_restart(struct config_edit *edit)
{
	buf_reset(&edit->text);
	buf_append_slice(&edit->text, buf_slice(&edit->before));
}

bool config_edit_reread(struct config_edit *edit)
{
	struct error error = ERROR_INIT;

	buf_reset(&edit->before);
	if (ini_edit_read(edit->file, &edit->before, &error) != 0) {
		cli_fail_error(&error);
		return false;
	}
	config_edit_restart(edit);
	return true;
}

bool config_edit_begin_beside(struct config_edit *edit, struct cli *cli, struct conf *conf, enum conf_file which)
{
	char *file = conf_file_path(cli->config, which);
	bool begun = config_edit_begin(edit, cli, conf, file);

	free(file);
	return begun;
}

/* It contains passwords. */
static void clear_text(struct buf *text)
{
	if (text->ptr != NULL)
		explicit_bzero(text->ptr, text->capacity);
	buf_clear(text);
}

void config_edit_clear(struct config_edit *edit)
{
	clear_text(&edit->text);
	clear_text(&edit->before);
	free(edit->file);
}

bool config_edit_set(struct config_edit *edit, const char *kind, const char *name, const char *key, const char *value)
{
	struct error error = ERROR_INIT;

	if (ini_edit_set(&edit->text, kind, name, key, value, &error) == 0)
		return true;
	cli_fail_error(&error);
	return false;
}

bool config_edit_unset(struct config_edit *edit, const char *kind, const char *name, const char *key)
{
	struct error error = ERROR_INIT;

	if (ini_edit_unset(&edit->text, kind, name, key, &error) == 0)
		return true;
	cli_fail_error(&error);
	return false;
}

/* --unset full-name, as in options, or full_name. */
static void read_unset(const struct cli *cli, struct strlist *keys)
{
	cli_options(cli, "--unset", keys);
	for (size_t i = 0; i < keys->count; i++)
		for (char *at = keys->items[i]; *at != '\0'; at++)
			*at = *at == '-' ? '_' : *at;
}

static bool unset_options(struct config_edit *edit, const struct schema_section *section, const char *name)
{
	struct strlist keys = {NULL, 0};
	bool done = true;

	read_unset(edit->cli, &keys);
	for (size_t i = 0; done && i < keys.count; i++)
		done = config_edit_unset(edit, section->kind, name, keys.items[i]);
	strlist_clear(&keys);
	return done;
}

bool config_edit_set_options(struct config_edit *edit, const char *kind, const char *name)
{
	const struct schema_section *section = schema_find(kind);
	bool done = true;

	for (size_t i = 0; done && i < section->key_count; i++) {
		struct strlist values = {NULL, 0};
		struct buf value = BUF_INIT(LIST_MAX);

		cli_options(edit->cli, section->keys[i].name, &values);
		for (size_t j = 0; j < values.count; j++)
			buf_printf(&value, "%s%s", j > 0 ? ", " : "", values.items[j]);
		if (value.overflow)
			done = cli_fail(CLI_FAILED, _("%s: longer than %d bytes"), section->keys[i].name,
				   LIST_MAX) == CLI_DONE;
		else if (value.len > 0)
			done = config_edit_set(edit, kind, name, section->keys[i].name, buf_text(&value));
		else if (values.count > 0)
			done = config_edit_unset(edit, kind, name, section->keys[i].name);
		strlist_clear(&values);
		buf_clear(&value);
	}
	return done && unset_options(edit, section, name);
}

/* --- checks */

/* The problems of the configuration with this text in the file. */
static struct conf *load_with(const struct config_edit *edit, struct buf *text, struct conf_problems *problems)
{
	struct conf *conf = conf_load_edited_broken(edit->cli->config, edit->file, buf_slice(text), problems);

	sorter_check(conf, problems);
	rule_lint(conf, problems);
	return conf;
}

/* The next problem of `after` that is new (lines move, so texts are compared, each once); NULL at the end. */
static const struct conf_problem *next_new(struct conf_problems *before, const struct conf_problems *after, bool warnings,
    size_t *at)
{
	while (*at < after->count) {
		const struct conf_problem *problem = &after->items[(*at)++];
		size_t known = 0;

		if (problem->is_warning != warnings)
			continue;
		while (known < before->count && (before->items[known].is_warning != warnings ||
						    strcmp(before->items[known].phrase, problem->phrase) != 0))
			known++;
		if (known < before->count)
			before->items[known].phrase[0] = '\0'; /* none is like this one */
		else
			return problem;
	}
	return NULL;
}

static void remark(struct config_edit *edit, const char *text)
{
	if (edit->remark[0] == '\0')
		snprintf(edit->remark, sizeof(edit->remark), "%s", text);
	cli_warn("%s", text);
}

/* Remaining problems of the saved configuration. */
static void tell_rest(struct config_edit *edit, struct conf_problems *before, const struct conf_problems *after)
{
	const struct conf_problem *warning;
	size_t at = 0;
	char *text;

	if (after->errors > 0) {
		text = xasprintf(_n("the configuration still has %zu error (lanpost check); until "
		    "it is fixed the gateway uses the old configuration",
				     "the configuration still has %zu errors (lanpost check); until "
				     "they are fixed the gateway uses the old configuration", after->errors),
		    after->errors);
		remark(edit, text);
		free(text);
	}
	while ((warning = next_new(before, after, true, &at)) != NULL)
		remark(edit, PHRASE_SAID(warning->phrase));
}

/* Refuses a text that adds errors to the configuration. */
static int judge(struct config_edit *edit, struct conf_problems *before, const struct conf_problems *after,
    const struct conf *conf)
{
	size_t at = 0;
	const struct conf_problem *error = after->errors < before->errors ? NULL : next_new(before, after, false, &at);

	if (error != NULL)
		return cli_fail(CLI_FAILED, _("nothing was changed, because the configuration would "
		    "be invalid: %s"), ERROR_SAID(error));
	return edit->approve == NULL ? CLI_DONE : edit->approve(edit, conf);
}

/* A stopped gateway reads the files when it starts. */
static int tell_gateway(const struct conf *conf)
{
	json_t *answer;
	int result;

	if (control_client_gateway_pid(conf) == 0)
		return CLI_DONE;
	result = control_client_call(conf, json_pack("{s:s}", "verb", "reload"), RELOAD_SECONDS, NULL, NULL,
	    &answer);
	if (result == CLI_DONE)
		json_decref(answer);
	return result;
}

/* Takes the folder's lock, so that two concurrent changes are made one after the other. */
static int lock_folder(const char *file)
{
	char *folder = path_folder(file);
	bool paused = service_user_pause();
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	service_user_resume(paused);
	if (fd >= 0)
		flock(fd, LOCK_EX);
	free(folder);
	return fd;
}

/* Another process may have written the file while we asked for a password. */
bool config_edit_is_stale(const struct config_edit *edit)
{
	struct buf now = BUF_INIT(TEXT_MAX);
	struct error error;
	bool same = ini_edit_read(edit->file, &now, &error) == 0 && now.len == edit->before.len &&
		    (now.len == 0 || memcmp(now.ptr, edit->before.ptr, now.len) == 0);

	clear_text(&now);
	return !same;
}

static int replace_file(const struct config_edit *edit)
{
	struct error error = ERROR_INIT;
	int lock = lock_folder(edit->file), result = CLI_DONE;

	if (config_edit_is_stale(edit))
		result = cli_fail(CLI_FAILED, _("%s was changed in the meantime; try again"), edit->file);
	else if (ini_edit_write(edit->file, &edit->text, edit->cli->config, &error) != 0)
		result = cli_fail_error(&error);
	if (lock >= 0)
		close(lock);
	return result;
}

int config_edit_commit(struct config_edit *edit)
{
	struct conf_problems before = {0}, after = {0};
	struct conf *old = load_with(edit, &edit->before, &before), *new = load_with(edit, &edit->text, &after);
	bool is_good = after.errors == 0;
	int result = judge(edit, &before, &after, new);

	if (result == CLI_DONE)
		result = replace_file(edit);
	if (result == CLI_DONE) { /* the file now has our text, even if the gateway reports an error */
		buf_reset(&edit->before);
		buf_append_slice(&edit->before, buf_slice(&edit->text));
		edit->remark[0] = '\0';
		tell_rest(edit, &before, &after);
	}
	conf_problems_clear(&before);
	conf_problems_clear(&after);
	conf_free(old);
	conf_free(new);
	return result == CLI_DONE && is_good ? tell_gateway(edit->conf) : result;
}

int config_edit_remove(struct config_edit *edit, const char *kind, const char *name)
{
	if (!ini_edit_remove(&edit->text, kind, name))
		return cli_fail(CLI_FAILED, _("%s was changed in the meantime; try again"), edit->file);
	return config_edit_commit(edit);
}

/* Whether the options contain a change. */
static int check_changes(const struct cli *cli, const struct schema_section *section)
{
	struct strlist keys = {NULL, 0};
	int result = CLI_DONE;
	bool any;

	read_unset(cli, &keys);
	any = keys.count > 0;
	for (size_t i = 0; result == CLI_DONE && i < keys.count; i++)
		if (schema_find_key(section, keys.items[i]) == NULL)
			result = cli_fail(CLI_USAGE, _("--unset: [%s] has no key %s"), section->kind, keys.items[i]);
	strlist_clear(&keys);
	for (size_t i = 0; i < cli->given_count; i++)
		any = any || schema_find_key(section, cli->given[i].name) != NULL;
	if (!any)
		result = cli_fail(CLI_USAGE, _("specify what to change: --KEY VALUE or --unset KEY; "
		    "see lanpost %s --help"), cli->verb->name);
	return result;
}

int config_edit_section(struct cli *cli, struct conf *conf, const char *file, const char *kind, const char *name,
    int (*approve)(struct config_edit *edit, const struct conf *after))
{
	struct config_edit edit;
	int result = check_changes(cli, schema_find(kind));

	if (result != CLI_DONE)
		return result;
	result = CLI_FAILED;
	if (config_edit_begin(&edit, cli, conf, file) && config_edit_set_options(&edit, kind, name)) {
		edit.approve = approve;
		edit.name = name;
		result = config_edit_commit(&edit);
	}
	if (result == CLI_DONE)
		printf(_("[%s %s] was changed in %s\n"), kind, name, edit.file);
	config_edit_clear(&edit);
	return result;
}
