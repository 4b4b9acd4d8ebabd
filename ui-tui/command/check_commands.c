#include "ui-tui/command/check_commands.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define BETWEEN_COMMANDS ";&|()\n`"
#define BETWEEN_WORDS " \t\"'"

static bool needs_rights(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0 &&
	       ((st.st_mode & (S_ISUID | S_ISGID)) != 0 || getxattr(path, "security.capability", NULL, 0) > 0);
}

/* The path where the shell finds it, in new memory; NULL if not found. */
static char *find_program(struct slice name)
{
	const char *path = getenv("PATH");
	struct slice rest = slice_of(path == NULL ? PATH_DEFAULT : path);
	struct stat st;

	if (slice_find(name, '/') >= 0)
		return slice_dup(name);
	while (rest.len > 0) {
		struct slice folder = slice_cut(&rest, ':');
		char *file = xasprintf("%.*s/%.*s", SLICE_PRINT(folder), SLICE_PRINT(name));

		if (stat(file, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0)
			return file;
		free(file);
	}
	return NULL;
}

static struct slice cut_word(struct slice *rest, const char *separators)
{
	struct slice word;
	size_t start = 0, end;

	while (start < rest->len && strchr(separators, rest->ptr[start]) != NULL)
		start++;
	for (end = start; end < rest->len && strchr(separators, rest->ptr[end]) == NULL;)
		end++;
	word = slice_make(rest->ptr + start, end - start);
	*rest = slice_from(*rest, end);
	return word;
}

/* Words before a program's name: NAME=value, and programs that run another one. */
static bool is_before(struct slice word)
{
	static const char *const words[] = {"exec", "env", "nohup", "command", "time", "if", "then", "else", "do", "while", "until", "!", "{"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (slice_is(word, words[i]))
			return true;
	return slice_find(word, '=') > 0;
}

/* The program of one simple command, as far as it can be determined without a shell. */
static struct slice program_of(struct slice command)
{
	struct slice word = cut_word(&command, BETWEEN_WORDS);

	while (word.len > 0 && is_before(word))
		word = cut_word(&command, BETWEEN_WORDS);
	return word;
}

static void check(struct conf_problems *problems, struct conf_place place, const char *key, const char *text)
{
	struct slice rest = slice_of(text);

	while (rest.len > 0) {
		struct slice program = program_of(cut_word(&rest, BETWEEN_COMMANDS));
		char *path = program.len == 0 ? NULL : find_program(program);

		if (path != NULL && needs_rights(path))
			conf_problem_add(problems, place, true,
			    N_("%s runs %s, which needs the rights of its file (setuid, setgid or capabilities). "
			       "Commands of the gateway get none. Let a service of the system do it, and the command ask that service (nmcli, systemctl)"),
			    key, path);
		free(path);
	}
}

static void check_remote(struct conf_problems *problems, struct conf_place place, const struct conf_remote *remote)
{
	check(problems, place, "password_command", remote->password_command);
	check(problems, place, "oauth2_token_command", remote->oauth2_token_command);
	check(problems, place, "oauth2_client_secret_command", remote->oauth2_client_secret_command);
}

void check_commands(const struct conf *conf, struct conf_problems *problems)
{
	struct conf_place main = {conf->files.items[0], 0};

	check(problems, main, "[line] connect_command", conf->line.connect_command);
	check(problems, main, "[line] disconnect_command", conf->line.disconnect_command);
	check(problems, main, "[line] while_up", conf->line.while_up);
	for (size_t i = 0; i < conf->way_count; i++) {
		check(problems, conf->ways[i].place, "connect_command", conf->ways[i].connect_command);
		check(problems, conf->ways[i].place, "disconnect_command", conf->ways[i].disconnect_command);
	}
	for (size_t i = 0; i < conf->account_count; i++)
		check_remote(problems, conf->accounts[i].place, &conf->accounts[i].remote);
	for (size_t i = 0; i < conf->smarthost_count; i++)
		check_remote(problems, conf->smarthosts[i].place, &conf->smarthosts[i].remote);
}
