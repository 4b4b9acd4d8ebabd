/*
 * lanpost backup and restore: everything in one file, and back.
 */
#include "base/alloc.h"
#include "base/file/archive.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/file/path.h"
#include "base/process/service_user.h"
#include "spool/maintenance/backup.h"
#include "spool/layout_priv.h"
#include "spool/maintenance/spool_give.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/verbs/verbs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- backup */

static int tell(const struct cli *cli, const char *file, const struct backup_counts *counts, bool with_passwords)
{
	if (cli->json)
		return cli_print_json(json_pack("{s:o, s:I, s:I, s:I, s:b}", "file", cli_json_text(file), "messages",
		    (json_int_t)counts->messages, "queued", (json_int_t)counts->queued, "files", (json_int_t)counts->files,
		    "with_passwords", with_passwords));
	printf(_("%s: %zu messages in mailboxes, %zu in the queue\n"), file, counts->messages, counts->queued);
	return CLI_DONE;
}

static int write_backup(const struct cli *cli, const struct conf *conf, const struct spool *spool)
{
	bool with_passwords = cli_option(cli, "--with-passwords") != NULL;
	struct backup_counts counts;
	struct error error;

	if (backup_write(conf, spool, cli->words[0], with_passwords, &counts, &error) != 0)
		return cli_fail_error(&error);
	if (!with_passwords && !cli->json)
		puts(_("The backup contains no passwords and no TLS key; --with-passwords includes them."));
	return tell(cli, cli->words[0], &counts, with_passwords);
}

int cmd_backup(struct cli *cli)
{
	return cli_with_state(cli, write_backup);
}

/* --- restore */

/* The content of the first file of a backup. */
struct note {
	char *spool; /* new memory, NULL if it is not a backup */
	bool with_passwords;
};

static void read_note(struct slice text, struct note *note)
{
	while (text.len > 0) {
		struct slice line = slice_cut(&text, '\n');

		if (slice_begins_nocase(line, "spool /") && note->spool == NULL)
			note->spool = slice_dup(slice_from(line, 6));
		else if (slice_is(line, "passwords " BACKUP_LEFT_OUT))
			note->with_passwords = false;
	}
}

static int find_note(const char *path, struct note *note, struct error *error)
{
	struct archive_reader *archive;
	char text[4096];
	const char *name;
	unsigned mode;
	int fd = memfd_create("note", MFD_CLOEXEC);
	ssize_t got = 0;

	*note = (struct note){NULL, true};
	if (fd < 0 || archive_reader_open(&archive, path, error) != 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (archive_reader_next(archive, &name, &mode, error) == ARCHIVE_HAS_FILE && strcmp(name, "README") == 0 &&
	    archive_reader_copy(archive, fd, error) == 0)
		got = pread(fd, text, sizeof(text), 0);
	read_note(slice_make(text, got > 0 ? (size_t)got : 0), note);
	archive_reader_close(archive);
	close(fd);
	return note->spool != NULL ? 0 : error_set(error, ERROR_PROTOCOL, N_("this is not a backup of lanpost"));
}

static bool is_running(const struct spool *spool)
{
	char *path = layout_gateway_lock(spool);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool runs = fd >= 0 && !fsx_lock(fd);

	if (fd >= 0)
		close(fd);
	free(path);
	return runs;
}

/* A used spool must not be mixed with another. */
static bool is_used(const struct spool *spool)
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

/* Reports what is different, and what prevents the gateway from starting: files that the configuration names are not in
 * a backup. */
static void tell_what_is_missing(const char *config, const char *main, const struct note *note)
{
	char *path = xasprintf("%s/%s", config, main);
	struct conf_problems problems = {0};

	if (access(path, F_OK) == 0)
		conf_free(conf_load_broken(path, &problems));
	if (!note->with_passwords)
		puts(_("The backup contains no passwords and no TLS key: set the passwords of users "
		    "and accounts again; when the gateway starts it creates a new certificate, "
		    "about which mail programs ask once."));
	for (size_t i = 0; i < problems.count; i++)
		if (!problems.items[i].is_warning)
			printf(_("Before the gateway can start: %s\n"), PHRASE_SAID(problems.items[i].phrase));
	conf_problems_clear(&problems);
	free(path);
}

/* As root: from here on as the owner of the spool, which is the gateway's user even if the spool belongs to root or is
 * missing. */
static int become_owner(const struct cli *cli, const char *folder, struct error *error)
{
	struct service_user user;
	enum service_user_kind kind = service_user_find(folder, &user);

	if (kind == SERVICE_USER_DEFAULT && cli_option(cli, "--to") == NULL && spool_give(folder, &user, error) != 0)
		return -1;
	return service_user_act_for(folder, error);
}

static int put_back(const struct cli *cli, const char *config, char *folder, const struct note *note)
{
	bool force = cli_option(cli, "--force") != NULL;
	const struct spool spool = spool_at(folder);
	const struct backup_target target = {config, folder, .overwrite = force, .elsewhere = cli_option(cli, "--to") != NULL};
	struct backup_counts counts;
	struct error error;
	int result;

	if (become_owner(cli, folder, &error) != 0)
		return fail(cli, &error);
	if (is_running(&spool))
		return cli_fail(CLI_FAILED, _("the gateway is running on %s; stop it first"), folder);
	if (is_used(&spool) && !force)
		return cli_fail(CLI_FAILED, _("%s already contains mail; --force replaces the files "
		    "that the backup contains"), folder);
	if (backup_restore(cli->words[0], &target, &counts, &error) != 0)
		return fail(cli, &error);
	result = tell(cli, folder, &counts, note->with_passwords);
	if (!cli->json)
		tell_what_is_missing(config, path_name(cli->config), note);
	return result;
}

int cmd_restore(struct cli *cli)
{
	const char *to = cli_option(cli, "--to");
	struct error error = ERROR_INIT;
	struct note note = {NULL, true};
	char *config, *spool;
	int result;

	if (find_note(cli->words[0], &note, &error) != 0)
		return fail(cli, &error);
	spool = to != NULL ? xasprintf("%s/spool", to) : xstrdup(note.spool);
	config = to != NULL ? xasprintf("%s/config", to) : path_folder(cli->config);
	result = put_back(cli, config, spool, &note);
	free(note.spool);
	free(config);
	free(spool);
	return result;
}
