#include "ui-tui/command/password.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/scram.h"
#include "base/str.h"
#include "config/conf_remote.h"
#include "ui-tui/command/prompt.h"

#include <crypt.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#define CTRL_C 3
#define SECRET_MAX 512 /* limit of crypt(3) */

/* One line of standard input without its end, byte by byte: the rest belongs to other readers. */
static int read_line(char line[SECRET_MAX], struct error *error)
{
	size_t used = 0;

	for (;;) {
		char byte;
		ssize_t got = read(STDIN_FILENO, &byte, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(error, N_("standard input"));
		if (got == 0 && used == 0)
			return error_set(error, ERROR_CANCELLED, N_("end of input instead of a password"));
		if (got == 0 || byte == '\n')
			break;
		if (used == SECRET_MAX - 1)
			return error_set(error, ERROR_LIMIT, N_("the password is longer than %d bytes"),
			    SECRET_MAX - 1);
		if (byte == CTRL_C)
			return error_set(error, ERROR_CANCELLED, N_("nothing was changed"));
		if (byte == '\0')
			return error_set(error, ERROR_CONFIG, N_("a password cannot contain NUL bytes"));
		line[used++] = byte;
	}
	if (used > 0 && line[used - 1] == '\r')
		used--;
	line[used] = '\0';
	return 0;
}

/* A signal while the echo is off would leave the terminal without echo: Ctrl-C is read as a
 * byte, other signals wait. */
static int prompt(const char *text, const char *user, char line[SECRET_MAX], struct error *error)
{
	struct termios old, mute;
	sigset_t signals, before;
	int result;

	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGTERM);
	if (tcgetattr(STDIN_FILENO, &old) != 0)
		return error_errno(error, N_("terminal"));
	mute = old;
	mute.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	mute.c_lflag |= ECHONL;
	mute.c_cc[VEOL] = CTRL_C; /* ends the line, or it would wait for Enter */
	sigprocmask(SIG_BLOCK, &signals, &before);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &mute);
	fprintf(stderr, text, user); /* only now: an answer to the prompt must not be flushed */
	result = read_line(line, error);
	if (result != 0)
		fputc('\n', stderr); /* the line was not ended by Enter */
	tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

static int ask(const char *user, bool twice, char secret[SECRET_MAX], struct error *error)
{
	char again[SECRET_MAX] = "";
	int result;

	if (isatty(STDIN_FILENO) != 1)
		return read_line(secret, error);
	result = prompt(_("Password for %s: "), user, secret, error);
	if (result == 0 && twice)
		result = prompt(_("Again for %s: "), user, again, error);
	if (result == 0 && twice && strcmp(secret, again) != 0)
		result = error_set(error, ERROR_CONFIG, N_("the two passwords differ"));
	explicit_bzero(again, sizeof(again));
	return result;
}

static int make_hash(const char *secret, char **hash, struct error *error)
{
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data *data = xcalloc(1, sizeof(*data));
	const char *made = NULL;
	int result = 0;

	if (crypt_gensalt_rn("$y$", 0, NULL, 0, salt, sizeof(salt)) != NULL)
		made = crypt_rn(secret, salt, data, sizeof(*data));
	if (made == NULL)
		result = error_errno(error, N_("cannot hash the password"));
	else
		*hash = xstrdup(made);
	explicit_bzero(data, sizeof(*data));
	free(data);
	return result;
}

static char *make_scram(const char *password)
{
	struct buf text = BUF_INIT(SCRAM_TEXT_MAX);
	struct scram_keys keys;
	char *made;

	scram_keys_make(slice_of(password), &keys);
	scram_keys_write(&keys, &text);
	made = xstrdup(buf_text(&text));
	buf_clear(&text);
	return made;
}

int password_make(const char *password, struct password *secret, struct error *error)
{
	*secret = (struct password){NULL, NULL, NULL};
	if (password[0] == '\0') {
		*secret = (struct password){xstrdup(""), xstrdup(""), xstrdup("")};
		return 0;
	}
	if (make_hash(password, &secret->hash, error) != 0)
		return -1;
	secret->scram = make_scram(password);
	secret->clear = xstrdup(password);
	return 0;
}

/* Alphabetic characters, digits and others count as kinds. */
static int kinds_of(const char *password)
{
	bool small = false, large = false, digit = false, other = false;

	for (; *password != '\0'; password++) {
		small = small || (*password >= 'a' && *password <= 'z');
		large = large || (*password >= 'A' && *password <= 'Z');
		digit = digit || (*password >= '0' && *password <= '9');
		other = other || strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", *password) == NULL;
	}
	return small + large + digit + other;
}

const char *password_weakness(const char *password, const char *user)
{
	static const char *const common[] = {"password", "qwerty", "123456", "111111", "parol", "пароль", "йцукен"};

	if (password[0] == '\0')
		return _("Without a password everybody on the LAN can read this mailbox.");
	if (user[0] != '\0' && strcasestr(password, user) != NULL)
		return _("Weak: it contains the name.");
	for (size_t i = 0; i < ARRAY_LEN(common); i++)
		if (strcasestr(password, common[i]) != NULL)
			return _("Weak: it is one of the most common passwords.");
	if (strlen(password) < 8)
		return _("Weak: it is short. Use eight characters or more.");
	if (strlen(password) < 14 && kinds_of(password) < 2)
		return _("Weak: it has one kind of characters. Add digits, or make it longer.");
	return NULL;
}

/* A weak password is accepted without a terminal, or after confirmation. */
static int judge(const char *password, const char *user, struct error *error)
{
	const char *weakness = password_weakness(password, user);

	if (password[0] == '\0')
		return error_set(error, ERROR_CONFIG, N_("the password of %s is empty; use "
		    "--no-password to set no password"), user);
	if (weakness == NULL)
		return 0;
	if (isatty(STDIN_FILENO) == 1)
		prompt_say(weakness);
	else
		fprintf(stderr, _("lanpost: warning: %s\n"), weakness);
	if (isatty(STDIN_FILENO) != 1 || prompt_confirm(_("Use this password anyway?"), false))
		return 0;
	return error_set(error, ERROR_CONFIG, N_("the password of %s was not accepted"), user);
}

int password_ask(const char *user, struct password *secret, struct error *error)
{
	char password[SECRET_MAX] = "";
	int result = ask(user, true, password, error);

	*secret = (struct password){NULL, NULL, NULL};
	if (result == 0)
		result = judge(password, user, error);
	if (result == 0)
		result = password_make(password, secret, error);
	explicit_bzero(password, sizeof(password));
	return result;
}

int password_ask_plain(const char *whose, char **password, struct error *error)
{
	char line[SECRET_MAX] = "";
	int result = ask(whose, false, line, error);

	if (result == 0 && line[0] == '\0')
		result = error_set(error, ERROR_CONFIG, N_("the password of %s is empty; use "
		    "--no-password to set no password"), whose);
	if (result == 0)
		*password = xstrdup(line);
	explicit_bzero(line, sizeof(line));
	return result;
}

void password_clear(struct password *secret)
{
	conf_secret_free(secret->hash);
	conf_secret_free(secret->scram);
	conf_secret_free(secret->clear);
	*secret = (struct password){NULL, NULL, NULL};
}
