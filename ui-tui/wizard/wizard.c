#include "ui-tui/wizard/wizard.h"

#include "base/alloc.h"
#include "config/conf_file.h"
#include "config/ini.h"
#include "config/ini_edit.h"
#include "upstream/provider_hint.h"

#include <stdlib.h>
#include <unistd.h>

#define TEXT_MAX (1u << 20)

const char *const wizard_port_keys[WIZARD_PORTS] = {"smtp_port", "submission_port", "smtps_port", "pop3_port", "pop3s_port", "imap_port", "imaps_port"};

void wizard_set(char **answer, const char *value)
{
	char *copy = xstrdup(value);

	free(*answer);
	*answer = copy;
}

const char *wizard_oauth2(const struct wizard *wizard, const char *url)
{
	return wizard->address[0] == '\0' || wizard->has_token_command ? NULL : provider_hint_oauth2(url);
}

const char *wizard_login_verb(const struct wizard *wizard)
{
	if (wizard_oauth2(wizard, wizard->fetch) != NULL)
		return "lanpost account login " WIZARD_ACCOUNT; /* the smarthost shares it */
	return wizard_oauth2(wizard, wizard->send) != NULL ? "lanpost smarthost login " WIZARD_SMARTHOST : NULL;
}

/* --- users */

struct wizard_user *wizard_find_user(const struct wizard *wizard, const char *name)
{
	for (size_t i = 0; i < wizard->user_count; i++)
		if (strcmp(wizard->users[i].name, name) == 0)
			return &wizard->users[i];
	return NULL;
}

struct wizard_user *wizard_add_user(struct wizard *wizard, const char *name)
{
	struct wizard_user *user;

	ARRAY_GROW(wizard->users, wizard->user_count);
	user = &wizard->users[wizard->user_count++];
	*user = (struct wizard_user){.name = xstrdup(name), .full_name = xstrdup(""), .outside = xstrdup("")};
	return user;
}

/* --- existing files */

static const char *value_of(const struct ini_section *section, const char *key)
{
	for (size_t i = 0; i < section->count; i++)
		if (strcmp(section->entries[i].key, key) == 0)
			return section->entries[i].value;
	return NULL;
}

static void take(char **answer, const struct ini_section *section, const char *key)
{
	const char *value = value_of(section, key);

	if (value != NULL && value[0] != '\0')
		wizard_set(answer, value);
}

static void take_user(struct wizard *wizard, const struct ini_section *section)
{
	struct wizard_user *user = wizard_find_user(wizard, section->name);

	if (user == NULL)
		user = wizard_add_user(wizard, section->name);
	user->is_in_file = true;
	take(&user->full_name, section, "full_name");
	take(&user->outside, section, "external_alias");
}

static void take_remote(const struct ini_section *section, char **url, char **tls)
{
	take(url, section, "url");
	take(tls, section, "tls");
}

static void take_section(struct wizard *wizard, const struct ini_section *section)
{
	if (strcmp(section->kind, "gateway") == 0) {
		take(&wizard->domain, section, "local_domain");
		take(&wizard->spool, section, "spool");
	} else if (strcmp(section->kind, "lan") == 0) {
		take(&wizard->networks, section, "allow");
		for (size_t i = 0; i < WIZARD_PORTS; i++)
			take(&wizard->ports[i], section, wizard_port_keys[i]);
	} else if (strcmp(section->kind, "user") == 0 && section->name[0] != '\0') {
		take_user(wizard, section);
	} else if (strcmp(section->kind, "account") == 0 && strcmp(section->name, WIZARD_ACCOUNT) == 0) {
		take_remote(section, &wizard->fetch, &wizard->fetch_tls);
		take(&wizard->login, section, "user");
		take(&wizard->address, section, "user");
		take(&wizard->client_id, section, "oauth2_client_id");
		wizard->has_token_command = value_of(section, "oauth2_token_command") != NULL;
		wizard->has_password_in_file = wizard->has_token_command || value_of(section, "password") != NULL ||
					       value_of(section, "password_command") != NULL || value_of(section, "oauth2") != NULL;
	} else if (strcmp(section->kind, "smarthost") == 0 && strcmp(section->name, WIZARD_SMARTHOST) == 0) {
		take_remote(section, &wizard->send, &wizard->send_tls);
	}
}

/* Errors in them are ignored: the questions fix them. */
static void read_answers(struct wizard *wizard, enum conf_file file)
{
	char *path = conf_file_path(wizard->cli->config, file);
	struct conf_problems problems = {0};
	struct ini ini = {0};

	ini_read(&ini, path, buf_slice(&wizard->text[file]), &problems);
	for (size_t i = 0; i < ini.count; i++) {
		char *name = xasprintf("%s %s", ini.sections[i].kind, ini.sections[i].name);

		strlist_add(&wizard->sections[file], name);
		free(name);
		take_section(wizard, &ini.sections[i]);
	}
	ini_clear(&ini);
	conf_problems_clear(&problems);
	free(path);
}

enum conf_file wizard_file_of(const struct wizard *wizard, const char *kind, const char *name, enum conf_file otherwise)
{
	char *section = xasprintf("%s %s", kind, name);
	enum conf_file found = otherwise;

	for (int i = 0; i < WIZARD_FILES; i++)
		if (strlist_has(&wizard->sections[i], section))
			found = (enum conf_file)i;
	free(section);
	return found;
}

int wizard_open(struct wizard *wizard, struct cli *cli)
{
	char **const answers[] = {&wizard->domain, &wizard->spool, &wizard->networks, &wizard->address, &wizard->fetch,
	    &wizard->fetch_tls, &wizard->send, &wizard->send_tls, &wizard->login, &wizard->client_id};
	int result = 0;

	*wizard = (struct wizard){.cli = cli, .error = ERROR_INIT, .has_main = access(cli->config, F_OK) == 0};
	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		*answers[i] = xstrdup("");
	for (size_t i = 0; i < WIZARD_PORTS; i++)
		wizard->ports[i] = xstrdup("");
	for (int i = 0; i < WIZARD_FILES && result == 0; i++) {
		char *path = conf_file_path(wizard->cli->config, (enum conf_file)i);

		buf_init(&wizard->text[i], TEXT_MAX);
		result = ini_edit_read(path, &wizard->text[i], &wizard->error);
		if (result == 0)
			read_answers(wizard, (enum conf_file)i);
		free(path);
	}
	return result;
}

void wizard_clear(struct wizard *wizard)
{
	char *const answers[] = {wizard->domain, wizard->spool, wizard->networks, wizard->address, wizard->fetch,
	    wizard->fetch_tls, wizard->send, wizard->send_tls, wizard->login, wizard->client_id};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		free(answers[i]);
	for (size_t i = 0; i < WIZARD_PORTS; i++)
		free(wizard->ports[i]);
	for (size_t i = 0; i < wizard->user_count; i++) {
		free(wizard->users[i].name);
		free(wizard->users[i].full_name);
		free(wizard->users[i].outside);
		password_clear(&wizard->users[i].secret);
	}
	free(wizard->users);
	conf_secret_free(wizard->password);
	for (int i = 0; i < WIZARD_FILES; i++) {
		if (wizard->text[i].ptr != NULL)
			explicit_bzero(wizard->text[i].ptr, wizard->text[i].capacity);
		buf_clear(&wizard->text[i]);
		strlist_clear(&wizard->sections[i]);
	}
	*wizard = (struct wizard){0};
}
