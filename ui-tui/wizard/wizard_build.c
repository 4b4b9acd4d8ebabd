/* The files that `lanpost setup` writes, built from the answers. */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/file/path.h"
#include "config/conf_file.h"
#include "config/ini_edit.h"
#include "sorter/sorter.h"
#include "ui-tui/wizard/wizard.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The text of the new files. */
struct draft {
	const struct wizard *wizard;
	struct buf text[WIZARD_FILES];
	struct error *error;
	bool failed;
};

/* otherwise: the file for a section that does not exist yet. */
static void put(struct draft *draft, enum conf_file otherwise, const char *kind, const char *name, const char *key, const char *value)
{
	enum conf_file file = wizard_file_of(draft->wizard, kind, name, otherwise);

	if (!draft->failed)
		draft->failed = ini_edit_set(&draft->text[file], kind, name, key, value, draft->error) != 0;
}

/* An empty answer removes the key, if it exists. */
static void put_or_remove(
    struct draft *draft, enum conf_file otherwise, const char *kind, const char *name, const char *key, const char *value)
{
	enum conf_file file = wizard_file_of(draft->wizard, kind, name, otherwise);

	if (value[0] != '\0')
		put(draft, otherwise, kind, name, key, value);
	else if (!draft->failed)
		draft->failed = ini_edit_unset(&draft->text[file], kind, name, key, draft->error) != 0;
}

static void put_office(struct draft *draft, const struct wizard *wizard)
{
	put(draft, CONF_FILE_MAIN, "gateway", "", "local_domain", wizard->domain);
	put(draft, CONF_FILE_MAIN, "gateway", "", "language", strcmp(i18n_locale_language(), "ru") == 0 ? "ru" : "en");
	put(draft, CONF_FILE_MAIN, "gateway", "", "spool", wizard->spool);
	put(draft, CONF_FILE_MAIN, "gateway", "", "postmaster", wizard->users[0].name);
	put(draft, CONF_FILE_MAIN, "lan", "", "allow", wizard->networks);
	for (size_t i = 0; i < WIZARD_PORTS; i++)
		put(draft, CONF_FILE_MAIN, "lan", "", wizard_port_keys[i], wizard->ports[i]);
}

static void put_user(struct draft *draft, const struct wizard_user *user)
{
	if (user->secret.hash != NULL) {
		put(draft, CONF_FILE_USERS, "user", user->name, "password", user->secret.hash);
		put(draft, CONF_FILE_USERS, "user", user->name, "scram_sha256", user->secret.scram);
	}
	put_or_remove(draft, CONF_FILE_USERS, "user", user->name, "full_name", user->full_name);
	put_or_remove(draft, CONF_FILE_USERS, "user", user->name, "external_alias", user->outside);
}

static void remove_keys(struct draft *draft, const char *kind, const char *name, const char *const *keys)
{
	for (; *keys != NULL; keys++)
		put_or_remove(draft, CONF_FILE_ACCOUNTS, kind, name, *keys, "");
}

static void put_login(struct draft *draft, const struct wizard *wizard, const char *kind, const char *name, const char *url,
    const char *tls)
{
	static const char *const passwords[] = {"password", "password_command", "oauth2_token_command", NULL};
	static const char *const others[] = {"password_command", "oauth2", "oauth2_token_command", NULL};

	put(draft, CONF_FILE_ACCOUNTS, kind, name, "url", url);
	put_or_remove(draft, CONF_FILE_ACCOUNTS, kind, name, "tls", tls);
	put(draft, CONF_FILE_ACCOUNTS, kind, name, "user", wizard->login);
	if (wizard_oauth2(wizard, url) != NULL) {
		put(draft, CONF_FILE_ACCOUNTS, kind, name, "oauth2", wizard_oauth2(wizard, url));
		put(draft, CONF_FILE_ACCOUNTS, kind, name, "oauth2_client_id", wizard->client_id);
		remove_keys(draft, kind, name, passwords);
	} else if (wizard->password != NULL) {
		put(draft, CONF_FILE_ACCOUNTS, kind, name, "password", wizard->password);
		remove_keys(draft, kind, name, others);
	}
}

static void put_provider(struct draft *draft, const struct wizard *wizard)
{
	if (wizard->address[0] == '\0')
		return;
	put_login(draft, wizard, "account", WIZARD_ACCOUNT, wizard->fetch, wizard->fetch_tls);
	put(draft, CONF_FILE_ACCOUNTS, "account", WIZARD_ACCOUNT, "unsorted_to", wizard->users[0].name);
	if (wizard->send[0] != '\0')
		put_login(draft, wizard, "smarthost", WIZARD_SMARTHOST, wizard->send, wizard->send_tls);
}

static void draft_clear(struct draft *draft)
{
	for (int i = 0; i < WIZARD_FILES; i++) {
		if (draft->text[i].ptr != NULL)
			explicit_bzero(draft->text[i].ptr, draft->text[i].capacity);
		buf_clear(&draft->text[i]);
	}
}

static int draft_make(struct draft *draft, struct wizard *wizard)
{
	*draft = (struct draft){.wizard = wizard, .error = &wizard->error};
	for (int i = 0; i < WIZARD_FILES; i++) {
		buf_init(&draft->text[i], wizard->text[i].limit);
		buf_append_slice(&draft->text[i], buf_slice(&wizard->text[i]));
	}
	put_office(draft, wizard);
	for (size_t i = 0; i < wizard->user_count; i++)
		put_user(draft, &wizard->users[i]);
	put_provider(draft, wizard);
	if (!draft->failed)
		return 0;
	draft_clear(draft);
	return -1;
}

/* --- the whole */

/* The files are written to a private folder, together with a copy of rules.conf, and loaded from there. */
static void fill_folder(const struct draft *draft, const struct wizard *wizard, const char *main)
{
	char *rules = conf_file_path(wizard->cli->config, CONF_FILE_RULES), *path;
	struct buf text = BUF_INIT(wizard->text[0].limit);
	struct error ignored; /* missing files are reported by the check */

	for (enum conf_file file = CONF_FILE_MAIN; file < WIZARD_FILES; file++) {
		path = conf_file_path(main, file);
		ini_edit_write(path, &draft->text[file], path, &ignored);
		free(path);
	}
	path = conf_file_path(main, CONF_FILE_RULES);
	if (ini_edit_read(rules, &text, &ignored) == 0 && text.len > 0)
		ini_edit_write(path, &text, path, &ignored);
	buf_clear(&text);
	free(path);
	free(rules);
}

static void remove_folder(const char *folder, const char *main)
{
	struct error ignored;

	for (enum conf_file file = CONF_FILE_MAIN; file < CONF_FILES; file++) {
		char *path = conf_file_path(main, file);

		fsx_unlink(path, &ignored);
		free(path);
	}
	rmdir(folder);
}

struct conf *wizard_try(struct wizard *wizard, struct conf_problems *problems)
{
	char folder[] = "/tmp/lanpost-setup-XXXXXX", *path;
	struct draft draft;
	struct conf *conf;

	if (draft_make(&draft, wizard) != 0)
		return NULL;
	if (mkdtemp(folder) == NULL) {
		error_errno(&wizard->error, N_("cannot create a folder in /tmp"));
		draft_clear(&draft);
		return NULL;
	}
	path = xasprintf("%s/%s", folder, conf_file_name(CONF_FILE_MAIN));
	fill_folder(&draft, wizard, path);
	conf = conf_load_broken(path, problems);
	if (conf != NULL)
		sorter_check(conf, problems);
	remove_folder(folder, path);
	free(path);
	draft_clear(&draft);
	return conf;
}

size_t wizard_errors_now(const struct wizard *wizard)
{
	struct conf_problems problems = {0};
	struct conf *conf = wizard->has_main ? conf_load_broken(wizard->cli->config, &problems) : NULL;
	size_t errors;

	if (conf != NULL)
		sorter_check(conf, &problems);
	errors = problems.errors;
	conf_free(conf);
	conf_problems_clear(&problems);
	return errors;
}

/* --- writing */

static int write_file(struct wizard *wizard, const struct draft *draft, enum conf_file file)
{
	char *path = conf_file_path(wizard->cli->config, file), *folder = path_folder(path);
	int result = fsx_make_dirs(folder, &wizard->error);

	if (result == 0 && draft->text[file].len > 0)
		result = ini_edit_write(path, &draft->text[file], wizard->cli->config, &wizard->error);
	if (result == 0 && draft->text[file].len > 0)
		printf(_("written: %s\n"), path);
	free(folder);
	free(path);
	return result;
}

int wizard_write(struct wizard *wizard)
{
	struct draft draft;
	int result = draft_make(&draft, wizard);

	if (result != 0)
		return -1;
	for (int i = WIZARD_FILES - 1; i >= 0 && result == 0; i--)
		result = write_file(wizard, &draft, (enum conf_file)i);
	draft_clear(&draft);
	return result;
}
