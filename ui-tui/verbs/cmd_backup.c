/*
 * lanpost backup and restore: everything in one file, and back.
 */
#include "base/alloc.h"
#include "base/archive.h"
#include "base/fsx.h"
#include "base/i18n.h"
#include "spool/backup.h"
#include "spool/layout.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/verbs/verbs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- backup */

static int tell(const struct cli *cli, const char *file, const struct backup_counts *counts, const char *text)
{
	if (cli->json)
		return cli_print_json(json_pack("{s:o, s:I, s:I, s:I}", "file", cli_json_text(file), "messages",
		    (json_int_t)counts->messages, "queued", (json_int_t)counts->queued, "files", (json_int_t)counts->files));
	printf(text, file, counts->messages, counts->queued);
	return CLI_DONE;
}

static int write_backup(const struct cli *cli, const struct conf *conf, struct state *state)
{
	bool with_passwords = cli_option(cli, "--with-passwords") != NULL;
	struct backup_counts counts;
	struct error error;

	if (backup_write(conf, state, cli->words[0], with_passwords, &counts, &error) != 0)
		return cli_fail_error(&error);
	if (!with_passwords && !cli->json)
		puts(_("The backup contains no passwords; --with-passwords includes them."));
	return tell(cli, cli->words[0], &counts, _("%s: %zu messages in mailboxes, %zu in the queue\n"));
}

int cmd_backup(struct cli *cli)
{
	return cli_with_state(cli, write_backup);
}

/* --- restore */

/* The line "spool ..." of the note that stands first in a backup. New memory, NULL if there is none. */
static char *spool_of_backup(const char *path, struct error *error)
{
	struct archive_reader *archive;
	char text[4096], *found = NULL;
	const char *name;
	unsigned mode;
	int fd = memfd_create("note", MFD_CLOEXEC);
	ssize_t got = 0;

	if (fd < 0 || archive_reader_open(&archive, path, error) != 0) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (archive_reader_next(archive, &name, &mode, error) == 1 && strcmp(name, "README") == 0 &&
	    archive_reader_copy(archive, fd, error) == 0)
		got = pread(fd, text, sizeof(text), 0);
	for (struct slice rest = slice_make(text, got > 0 ? (size_t)got : 0); found == NULL && rest.len > 0;) {
		struct slice line = slice_cut(&rest, '\n');

		if (slice_begins_nocase(line, "spool /"))
			found = slice_dup(slice_from(line, 6));
	}
	archive_reader_close(archive);
	close(fd);
	if (found == NULL)
		error_set(error, ERROR_PROTOCOL, N_("this is not a backup of lanpost"));
	return found;
}

static bool is_running(const char *spool)
{
	char *path = layout_gateway_lock(spool);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool runs = fd >= 0 && fsx_lock(fd) != 0;

	if (fd >= 0)
		close(fd);
	free(path);
	return runs;
}

/* One that has been used: it is not to be mixed with another. */
static bool is_used(const char *spool)
{
	char *path = layout_state(spool);
	bool used = access(path, F_OK) == 0;

	free(path);
	return used;
}

/* Most errors name the file themselves. */
static int fail(const struct cli *cli, const struct error *error)
{
	const char *file = cli->words[0], *said = ERROR_SAID(error);

	return strstr(said, file) != NULL ? cli_fail(CLI_FAILED, "%s", said) : cli_fail(CLI_FAILED, "%s: %s", file, said);
}

static int put_back(const struct cli *cli, const char *config, const char *spool)
{
	bool force = cli_option(cli, "--force") != NULL;
	struct backup_counts counts;
	struct error error;

	if (is_running(spool))
		return cli_fail(CLI_FAILED, _("the gateway is running on %s; stop it first"), spool);
	if (is_used(spool) && !force)
		return cli_fail(CLI_FAILED, _("%s already contains mail; --force replaces the files "
		    "that the backup contains"), spool);
	if (backup_restore(cli->words[0], config, spool, force, cli_option(cli, "--to") != NULL, &counts, &error) != 0)
		return fail(cli, &error);
	return tell(cli, spool, &counts, _("%s: %zu messages in mailboxes, %zu in the queue\n"));
}

int cmd_restore(struct cli *cli)
{
	const char *to = cli_option(cli, "--to"), *slash = strrchr(cli->config, '/');
	struct error error = ERROR_INIT;
	char *config, *spool;
	int result;

	spool = to != NULL ? xasprintf("%s/spool", to) : spool_of_backup(cli->words[0], &error);
	if (spool == NULL)
		return fail(cli, &error);
	if (to != NULL)
		config = xasprintf("%s/config", to);
	else
		config = slash == NULL ? xstrdup(".") : xstrndup(cli->config, (size_t)(slash - cli->config));
	result = put_back(cli, config, spool);
	free(config);
	free(spool);
	return result;
}
