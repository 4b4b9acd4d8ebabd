/* The login over a connection: transfers the lines of upstream/login, and explains failures. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "message/line_reader.h"
#include "upstream/imap_words.h"
#include "upstream/remote_priv.h"

#include <stdlib.h>

#define LINES_MAX 1000 /* limit of replies until the login is done */

struct carrier {
	struct remote *remote;
	struct login *login;
	struct line_reader lines;
	struct slice input;
	char chunk[4096];
};

static int64_t deadline_of(const struct remote *remote)
{
	int64_t end = remote->started + REMOTE_LOGIN_MS, reply = clock_now_ms() + remote->reply_ms;

	return remote->reply_ms > 0 && reply < end ? reply : end;
}

static int no_login_offered(const struct remote *remote, enum conf_auth asked, struct error *error)
{
	if (asked != AUTH_AUTO)
		return error_set(error, ERROR_CONFIG, N_("%s does not offer the login method auth = "
		    "%s. Set auth = auto."), remote->host,
		    login_name(asked));
	return error_set(error, ERROR_CONFIG,
	    N_("%s offers no login method that lanpost supports. Leave user empty if no login is "
	       "needed, or see auth and tls."),
	    remote->host);
}

static int busy(const struct remote *remote, const struct login *login, struct error *error)
{
	return error_set(error, ERROR_BUSY, N_("%s temporarily refuses logins: %s"), remote->host, login_words(login));
}

static int refused(const struct remote *remote, const struct login *login, enum conf_auth asked, struct error *error)
{
	enum conf_auth other = asked != AUTH_AUTO ? AUTH_AUTO : login_untried(login);

	if (asked == AUTH_AUTO && other == AUTH_AUTO)
		return error_set(error, ERROR_LOGIN, N_("%s refused the login (check user and password): %s"), remote->host,
		    login_words(login));
	return error_set(error, ERROR_LOGIN, N_("%s refused the login (check user and password, or set auth = %s): %s"),
	    remote->host, login_name(other), login_words(login));
}

static enum remote_login failed(const struct carrier *carrier, enum login_result result, struct error *error)
{
	const struct remote *remote = carrier->remote;
	const struct login *login = carrier->login;

	switch (result) {
	case LOGIN_NONE:
		no_login_offered(remote, login_asked(login), error);
		break;
	case LOGIN_BUSY:
		busy(remote, login, error);
		break;
	case LOGIN_LOST:
		error_set(error, ERROR_IO, N_("the password process does not answer; nothing "
		    "was sent to %s"),
		    remote->host);
		break;
	case LOGIN_REFUSED:
		refused(remote, login, login_asked(login), error);
		break;
	case LOGIN_WAIT: /* the reply has too many lines */
	case LOGIN_SAY:
	case LOGIN_DONE:
	case LOGIN_BROKEN:
		error_set(error, ERROR_TEMPORARY, N_("%s refuses the connection: %s"), remote->host, login_words(login));
		break;
	}
	return REMOTE_LOGIN_FAILED;
}

/* Many servers disconnect after a refusal. */
static enum remote_login broke_off(struct carrier *carrier, enum remote_result result, struct error *error)
{
	if (result == REMOTE_CLOSED && login_hung_up(carrier->login))
		return REMOTE_LOGIN_AGAIN;
	if (result == REMOTE_CLOSED && login_refused_way(carrier->login) != AUTH_AUTO)
		return failed(carrier, LOGIN_REFUSED, error);
	remote_error(carrier->remote, result, N_("logging in"), error);
	return REMOTE_LOGIN_FAILED;
}

static enum remote_result next_line(struct carrier *carrier, struct slice *line)
{
	int64_t deadline = deadline_of(carrier->remote);

	while (line_read(&carrier->lines, &carrier->input, line) == LINE_MORE) {
		size_t got;
		enum remote_result result =
		    remote_recv(carrier->remote, carrier->chunk, sizeof(carrier->chunk), &got, deadline);

		if (result != REMOTE_OK)
			return result;
		carrier->input = slice_make(carrier->chunk, got);
	}
	return REMOTE_OK;
}

static enum remote_login logged_in(struct carrier *carrier)
{
	enum conf_auth first = login_refused_way(carrier->login);

	buf_append_slice(&carrier->remote->rest, carrier->input);
	if (first != AUTH_AUTO)
		log_info("event=login-by-another-way host=%s refused=%s used=%s", LOG_CSTR(carrier->remote->host),
		    login_name(first), login_name(login_way(carrier->login)));
	return REMOTE_LOGGED_IN;
}

/* An IMAP server names what it offers after the login in a line of its own, or in its reply: no command is needed for it then. */
static void note_capabilities(struct remote *remote, struct slice line)
{
	static const char *const before = "[CAPABILITY ";
	struct slice rest = line;

	if (remote->protocol != LOGIN_IMAP)
		return;
	if (!imap_words_take(&rest, "* CAPABILITY ")) {
		while (rest.len > 0 && !slice_begins_nocase(rest, before))
			rest = slice_from(rest, 1);
		if (!imap_words_take(&rest, before))
			return;
		rest = slice_cut(&rest, ']');
	}
	buf_reset(&remote->capabilities);
	buf_append_slice(&remote->capabilities, slice_trim(rest));
}

static enum remote_login carry(struct carrier *carrier, struct error *error)
{
	struct remote *remote = carrier->remote;
	enum login_result result =
	    login_begin(carrier->login, buf_slice(&remote->greeting), buf_slice(&remote->heard));

	for (int i = 0; i < LINES_MAX; i++) {
		struct buf *out = login_out(carrier->login);
		enum remote_result sent = REMOTE_OK;
		struct slice line;

		if (result == LOGIN_DONE)
			return logged_in(carrier);
		if (result != LOGIN_SAY && result != LOGIN_WAIT)
			return failed(carrier, result, error);
		if (result == LOGIN_SAY)
			sent = remote_send(remote, buf_slice(out), deadline_of(remote));
		explicit_bzero(out->ptr, out->len);
		buf_reset(out);
		if (sent == REMOTE_OK)
			sent = next_line(carrier, &line);
		if (sent != REMOTE_OK)
			return broke_off(carrier, sent, error);
		note_capabilities(remote, line);
		result = login_hear(carrier->login, line);
	}
	return failed(carrier, LOGIN_BROKEN, error);
}

enum remote_login remote_log_in(struct remote *remote, struct login *login, struct error *error)
{
	struct carrier *carrier = xcalloc(1, sizeof(*carrier));
	enum remote_login result;

	carrier->remote = remote;
	carrier->login = login;
	line_reader_init(&carrier->lines, LOGIN_LINE_MAX);
	result = carry(carrier, error);
	line_reader_clear(&carrier->lines);
	free(carrier);
	return result;
}
