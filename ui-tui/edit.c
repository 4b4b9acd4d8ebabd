#include "ui-tui/edit.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "config/ini_edit.h"
#include "config/schema.h"
#include "sorter/sorter.h"
#include "ui-tui/client.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define TEXT_MAX (1024 * 1024)
#define LIST_MAX 4096
#define RELOAD_SECONDS 30

bool edit_begin(struct edit *edit, struct cli *cli, struct conf *conf, const char *file)
{
	struct error error = ERROR_INIT;

	*edit = (struct edit){.cli = cli, .conf = conf, .file = xstrdup(file),
	    .text = BUF_INIT(TEXT_MAX), .before = BUF_INIT(TEXT_MAX)};
	if (ini_edit_read(file, &edit->before, &error) == 0) {
		buf_append_slice(&edit->text, buf_slice(&edit->before));
		return true;
	}
	cli_fail(CLI_FAILED, "%s", error.text);
	return false;
}

void edit_restart(struct edit *edit)
{
	buf_reset(&edit->text);
	buf_append_slice(&edit->text, buf_slice(&edit->before));
}

bool edit_reread(struct edit *edit)
{
	struct error error = ERROR_INIT;

	buf_reset(&edit->before);
	if (ini_edit_read(edit->file, &edit->before, &error) != 0) {
		cli_fail(CLI_FAILED, "%s", error.text);
		return false;
	}
	edit_restart(edit);
	return true;
}

bool edit_begin_beside(struct edit *edit, struct cli *cli, struct conf *conf, const char *name)
{
	const char *slash = strrchr(cli->config, '/');
	int folder = slash == NULL ? 0 : (int)(slash - cli->config + 1);
	char *file = xasprintf("%.*s%s", folder, cli->config, name);
	bool begun = edit_begin(edit, cli, conf, file);

	free(file);
	return begun;
}

/* Passwords stand in it. */
static void clear_text(struct buf *text)
{
	if (text->ptr != NULL)
		explicit_bzero(text->ptr, text->capacity);
	buf_clear(text);
}

void edit_clear(struct edit *edit)
{
	clear_text(&edit->text);
	clear_text(&edit->before);
	free(edit->file);
}

bool edit_set(struct edit *edit, const char *kind, const char *name, const char *key, const char *value)
{
	struct error error = ERROR_INIT;

	if (ini_edit_set(&edit->text, kind, name, key, value, &error) == 0)
		return true;
	cli_fail(CLI_FAILED, "%s", error.text);
	return false;
}

bool edit_set_options(struct edit *edit, const char *kind, const char *name)
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
		else if (values.count > 0)
			done = edit_set(edit, kind, name, section->keys[i].name, buf_text(&value));
		strlist_clear(&values);
		buf_clear(&value);
	}
	return done;
}

/* Refuses a text that would break the configuration. */
static int check_change(const struct edit *edit)
{
	struct conf_problems problems = {0};
	struct conf *conf = conf_load_edited(edit->cli->config, edit->file, buf_slice(&edit->text),
	    &problems);
	int result = CLI_DONE;

	if (conf != NULL)
		sorter_check(conf, &problems);
	for (size_t i = 0; result == CLI_DONE && i < problems.count; i++)
		if (!problems.items[i].is_warning)
			result = cli_fail(CLI_FAILED,
			    _("nothing was changed, for the configuration would be wrong: %s"),
			    problems.items[i].text);
	conf_free(conf);
	conf_problems_clear(&problems);
	return result;
}

/* A gateway that does not run reads the files when it starts. */
static int tell_gateway(const struct conf *conf)
{
	json_t *answer;
	int result;

	if (client_gateway_pid(conf) == 0)
		return CLI_DONE;
	result = client_call(conf, json_pack("{s:s}", "verb", "reload"), RELOAD_SECONDS, NULL, NULL,
	    &answer);
	if (result == CLI_DONE)
		json_decref(answer);
	return result;
}

/* The folder's lock, so that of two who change files in it one comes second. */
static int lock_folder(const char *file)
{
	const char *slash = strrchr(file, '/');
	char *folder = slash == NULL ? xstrdup(".") : xasprintf("%.*s", (int)(slash - file + 1), file);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		flock(fd, LOCK_EX);
	free(folder);
	return fd;
}

/* Somebody else may have written the file while we asked for a password. */
bool edit_is_stale(const struct edit *edit)
{
	struct buf now = BUF_INIT(TEXT_MAX);
	struct error error;
	bool same = ini_edit_read(edit->file, &now, &error) == 0 && now.len == edit->before.len &&
		    (now.len == 0 || memcmp(now.ptr, edit->before.ptr, now.len) == 0);

	clear_text(&now);
	return !same;
}

static int replace_file(const struct edit *edit)
{
	struct error error = ERROR_INIT;
	int lock = lock_folder(edit->file), result = CLI_DONE;

	if (edit_is_stale(edit))
		result = cli_fail(CLI_FAILED, _("%s has changed meanwhile; try again"), edit->file);
	else if (ini_edit_write(edit->file, &edit->text, edit->cli->config, &error) != 0)
		result = cli_fail(CLI_FAILED, "%s", error.text);
	if (lock >= 0)
		close(lock);
	return result;
}

int edit_commit(struct edit *edit)
{
	int result = check_change(edit);

	if (result == CLI_DONE)
		result = replace_file(edit);
	if (result == CLI_DONE) { /* what stands there now is ours, whatever the gateway says of it */
		buf_reset(&edit->before);
		buf_append_slice(&edit->before, buf_slice(&edit->text));
	}
	return result == CLI_DONE ? tell_gateway(edit->conf) : result;
}

int edit_remove(struct edit *edit, const char *kind, const char *name)
{
	if (!ini_edit_remove(&edit->text, kind, name))
		return cli_fail(CLI_FAILED, _("%s has changed meanwhile; try again"), edit->file);
	return edit_commit(edit);
}
