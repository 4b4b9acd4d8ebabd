/*
 * Login to any server: the login ends, sends a password at most three times, succeeds only after a secret was sent, and
 * sends whole lines without a line end in them.
 */
#include "upstream/login_priv.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_out(struct login *login)
{
	struct slice out = buf_slice(login_out(login));

	assert(out.len >= 2 && memcmp(out.ptr + out.len - 2, "\r\n", 2) == 0);
	assert(slice_find(out, '\n') == (ptrdiff_t)out.len - 1 && slice_find(out, '\0') < 0);
	buf_reset(login_out(login));
}

/* The first byte says how, then the greeting, then what the server can do up to an empty line, then its answers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum login_protocol protocols[] = {LOGIN_POP3, LOGIN_IMAP, LOGIN_SMTP, LOGIN_IMAP};
	unsigned how = size > 0 ? data[0] : 0, begun = 0;
	struct slice rest = slice_make((const char *)data + (size > 0), size - (size > 0)), greeting, abilities;
	struct login_settings settings = {.protocol = protocols[how & 3], .host = "x:1", .user = "me", .secret = "p\"w",
	    .is_token = (how & 4) != 0, .auth = (how >> 4) % (AUTH_DIGEST_MD5 + 1)};
	struct login *login = login_new(&settings);
	enum login_result result;

	login_set_private(login, (how & 8) != 0);
	greeting = slice_cut(&rest, '\n');
	abilities = rest;
	while (rest.len > 0 && slice_cut(&rest, '\n').len > 0)
		;
	abilities.len -= rest.len;
	result = login_begin(login, greeting, abilities);
	while ((result == LOGIN_SAY || result == LOGIN_WAIT) && rest.len > 0) {
		bool may_be_in = login->has_shown;

		begun += result == LOGIN_SAY;
		if (result == LOGIN_SAY)
			check_out(login);
		result = login_hear(login, slice_trim(slice_cut(&rest, '\n')));
		assert(result != LOGIN_DONE || may_be_in);
	}
	assert(begun <= 200 && __builtin_popcount(login->refused_kinds) <= LOGIN_REFUSALS_MAX);
	login_free(login);
	return 0;
}
