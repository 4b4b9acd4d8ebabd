/* Login methods of a provider: the examples of the RFCs, the order, and how often a password is sent. */
#include "upstream/login_priv.h"

#include "base/alloc.h"
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* Lines of a dialogue: "C: line" we say, "S: line" the server says, "c: text" and "s: text" the same in base64, the server's
 * as a challenge; "closed": it hangs up, and the dialogue goes on over a new connection. */
struct dialogue {
	const char *name;
	enum login_protocol protocol;
	const char *abilities, *lines;
	enum login_result end;
	enum conf_auth auth;
	bool is_private;
	const char *words;
	enum conf_auth known;
	enum conf_auth untried;
	const char *user, *secret, *nonce, *greeting;
};

#define POP3(sasl) "+OK\r\nSASL " sasl "\r\nUSER\r\n.\r\n"
#define IMAP(words) "* CAPABILITY IMAP4rev1 " words "\r\nA1 OK\r\n"
#define ME "\\0me\\0pw"

static const struct dialogue dialogues[] = {
    /* --- the examples of the RFCs */
    {"RFC 7677", LOGIN_POP3, POP3("SCRAM-SHA-256"),
	"C: AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=\n"
	"s: r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096\n"
	"c: c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=\n"
	"s: v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=\n"
	"C: \n"
	"S: +OK\n",
	.end = LOGIN_DONE, .user = "user", .secret = "pencil", .nonce = "rOprNGfwEbeRWgbNEkqO"},
    {"RFC 5802, and the initial response of IMAP", LOGIN_IMAP, IMAP("SASL-IR AUTH=SCRAM-SHA-1"),
	"C: P1 AUTHENTICATE SCRAM-SHA-1 biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM\n"
	"s: r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096\n"
	"c: c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=\n"
	"s: v=rmF9pqV8S7suAoZWja4dJRkFsKQ=\n"
	"C: \n"
	"S: P1 OK\n",
	.end = LOGIN_DONE, .user = "user", .secret = "pencil", .nonce = "fyko+d2lbbFgONRv9qkxdawL"},
    {"RFC 2831", LOGIN_IMAP, IMAP("AUTH=DIGEST-MD5"),
	"C: P1 AUTHENTICATE DIGEST-MD5\n"
	"s: realm=\"elwood.innosoft.com\",nonce=\"OA6MG9tEQGm2hh\",qop=\"auth\",algorithm=md5-sess,charset=utf-8\n"
	"c: charset=utf-8,username=\"chris\",realm=\"elwood.innosoft.com\",nonce=\"OA6MG9tEQGm2hh\",nc=00000001,"
	"cnonce=\"OA6MHXh6VqTrRk\",digest-uri=\"imap/elwood.innosoft.com\",response=d388dad90d4bbd760a152321f2143af7,qop=auth\n"
	"s: rspauth=ea40f60335c427b5527b84dbabcdfffd\n"
	"C: \n"
	"S: P1 OK\n",
	.end = LOGIN_DONE, .user = "chris", .secret = "secret", .nonce = "OA6MHXh6VqTrRk"},
    {"RFC 2195", LOGIN_IMAP, IMAP("AUTH=CRAM-MD5"),
	"C: P1 AUTHENTICATE CRAM-MD5\n"
	"s: <1896.697170952@postoffice.reston.mci.net>\n"
	"c: tim b913a602c7eda7a495b4e6e7334d3890\n"
	"S: P1 OK in\n",
	.end = LOGIN_DONE, .user = "tim", .secret = "tanstaaftanstaaf"},
    {"RFC 1939", LOGIN_POP3, "-ERR what?\r\n",
	"C: APOP mrose c4c9334bac560ecc979e58001b3e22fb\n"
	"S: +OK\n",
	.end = LOGIN_DONE, .user = "mrose", .secret = "tanstaaf", .greeting = "+OK ready <1896.697170952@dbc.mtview.ca.us>"},

    /* --- the order */
    {"a private line: what works everywhere comes first", LOGIN_POP3, POP3("CRAM-MD5 PLAIN LOGIN"),
	"C: AUTH PLAIN AG1lAHB3\nS: +OK\n", .end = LOGIN_DONE, .is_private = true},
    {"the protocol's own command comes last", LOGIN_POP3, POP3("CRAM-MD5"), "C: AUTH CRAM-MD5\nS: -ERR [IN-USE] x\n",
	.end = LOGIN_BUSY, .is_private = true},
    {"SCRAM proves the server, too", LOGIN_POP3, POP3("PLAIN SCRAM-SHA-1"),
	"C: AUTH SCRAM-SHA-1 biwsbj1tZSxyPW5vbmNl\nS: -ERR [SYS/TEMP] later\n", .end = LOGIN_BUSY, .is_private = true,
	.words = "-ERR [SYS/TEMP] later", .nonce = "nonce"},
    {"in the clear: what hides the password", LOGIN_SMTP, "250-x\r\n250 AUTH PLAIN LOGIN CRAM-MD5\r\n",
	"C: AUTH CRAM-MD5\nS: 454 4.7.0 not now\n", .end = LOGIN_BUSY, .words = "454 4.7.0 not now"},
    {"what worked the last time is first", LOGIN_SMTP, "250-x\r\n250 AUTH PLAIN LOGIN CRAM-MD5\r\n",
	"C: AUTH PLAIN AG1lAHB3\nS: 235 ok\n", .end = LOGIN_DONE, .known = AUTH_PLAIN},
    {"AUTH= is understood", LOGIN_SMTP, "250-x\r\n250 AUTH=PLAIN LOGIN\r\n", "C: AUTH PLAIN AG1lAHB3\nS: 235-ok\nS: 235 in\n", .end = LOGIN_DONE},
    {"nothing of use", LOGIN_SMTP, "250-x\r\n250-AUTHENTIC\r\n250 AUTH NTLM GSSAPI\r\n", "", .end = LOGIN_NONE},
    {"NTLM is nothing, USER is something", LOGIN_POP3, POP3("NTLM"), "C: USER me\nS: +OK\nC: PASS pw\nS: +OK\n", .end = LOGIN_DONE},
    {"no CAPA", LOGIN_POP3, "-ERR\r\n", "C: USER me\nS: +OK\nC: PASS pw\nS: +OK\n", .end = LOGIN_DONE},
    {"LOGIN without an initial response", LOGIN_SMTP, "250 AUTH LOGIN\r\n",
	"C: AUTH LOGIN\nS: 334 Username, please\nc: me\ns: Password:\nc: pw\nS: 235 ok\n", .end = LOGIN_DONE},
    {"no SASL-IR: the response waits", LOGIN_IMAP, IMAP("AUTH=PLAIN"),
	"C: P1 AUTHENTICATE PLAIN\nS: * 1 EXISTS\nS: +\nc: " ME "\nS: P1 OK\n", .end = LOGIN_DONE},
    {"the command LOGIN, quoted", LOGIN_IMAP, IMAP(""), "C: P1 LOGIN \"me\" \"a\\\"b\\\\c\"\nS: * CAPABILITY IMAP4rev1\nS: P1 OK\n",
	.end = LOGIN_DONE, .secret = "a\"b\\c"},
    {"the command LOGIN, with literals", LOGIN_IMAP, IMAP(""),
	"C: P1 LOGIN {4}\nS: + go\nC: \xd1\x8f\xd1\x8f {2}\nS: + go\nC: \xd1\x8f\nS: P1 OK\n", .end = LOGIN_DONE, .user = "\xd1\x8f\xd1\x8f",
	.secret = "\xd1\x8f"},
    {"LOGINDISABLED", LOGIN_IMAP, IMAP("LOGINDISABLED"), "", .end = LOGIN_NONE, .auth = AUTH_LOGIN_COMMAND},
    {"auth = login where the mechanism is not there", LOGIN_IMAP, IMAP("AUTH=PLAIN"), "C: P1 LOGIN \"me\" \"pw\"\nS: P1 OK\n",
	.end = LOGIN_DONE, .auth = AUTH_LOGIN},
    {"what the admin asks for needs no announcement", LOGIN_POP3, POP3("CRAM-MD5"), "C: AUTH PLAIN AG1lAHB3\nS: +OK\n", .end = LOGIN_DONE,
	.auth = AUTH_PLAIN},
    {"auth = user", LOGIN_POP3, POP3("PLAIN"), "C: USER me\nS: +OK\nC: PASS pw\nS: +OK\n", .end = LOGIN_DONE, .auth = AUTH_USER},
    {"auth = apop without a timestamp", LOGIN_POP3, POP3("PLAIN"), "", .end = LOGIN_NONE, .auth = AUTH_APOP},
    {"a password with a line end never becomes a command", LOGIN_POP3, "-ERR\r\n", "", .end = LOGIN_NONE, .secret = "x\r\nDELE 1"},

    /* --- after a refusal */
    {"a challenge is refused: the password, once", LOGIN_POP3, POP3("CRAM-MD5 SCRAM-SHA-1 PLAIN LOGIN"),
	"C: AUTH SCRAM-SHA-1 biwsbj1tZSxyPW5vbmNl\nS: -ERR [AUTH] no\nC: AUTH PLAIN AG1lAHB3\nS: -ERR [AUTH] no\n", .end = LOGIN_REFUSED,
	.words = "-ERR [AUTH] no", .nonce = "nonce"},
    {"a definite refusal is not asked for twice", LOGIN_IMAP, IMAP("SASL-IR AUTH=PLAIN AUTH=LOGIN AUTH=CRAM-MD5"),
	"C: P1 AUTHENTICATE PLAIN AG1lAHB3\nS: P1 NO [AUTHENTICATIONFAILED] no\n", .end = LOGIN_REFUSED, .is_private = true,
	.words = "P1 NO [AUTHENTICATIONFAILED] no"},
    {"535 is definite", LOGIN_SMTP, "250 AUTH PLAIN LOGIN CRAM-MD5\r\n", "C: AUTH PLAIN AG1lAHB3\nS: 535 no\n", .end = LOGIN_REFUSED,
	.is_private = true},
    {"never more than three times", LOGIN_IMAP, IMAP("SASL-IR AUTH=PLAIN AUTH=LOGIN AUTH=CRAM-MD5 AUTH=DIGEST-MD5"),
	"C: P1 AUTHENTICATE CRAM-MD5\ns: <1@x>\nc: me 0134654b73dcd856343054a762c8a3ee\nS: P1 NO no\n"
	"C: P2 AUTHENTICATE PLAIN AG1lAHB3\nS: P2 NO no\n"
	"C: P3 LOGIN \"me\" \"pw\"\nS: P3 NO no\n",
	.end = LOGIN_REFUSED, .untried = AUTH_DIGEST_MD5},
    {"refused before anything was shown: does not count", LOGIN_POP3, POP3("CRAM-MD5 DIGEST-MD5 LOGIN"),
	"C: AUTH CRAM-MD5\nS: -ERR unknown\nC: AUTH DIGEST-MD5\nS: +OK\nC: AUTH LOGIN\nS: +\nc: me\nS: +\nc: pw\nS: +OK\n", .end = LOGIN_DONE},
    {"BAD and 504 are about the mechanism", LOGIN_IMAP, IMAP("SASL-IR AUTH=PLAIN"),
	"C: P1 AUTHENTICATE PLAIN AG1lAHB3\nS: P1 BAD AUTHENTICATE takes one argument\nC: P2 LOGIN \"me\" \"pw\"\nS: P2 OK\n", .end = LOGIN_DONE},
    {"504", LOGIN_SMTP, "250 AUTH PLAIN LOGIN\r\n",
	"C: AUTH PLAIN AG1lAHB3\nS: 504 not that\nC: AUTH LOGIN\nS: 334\nc: me\nS: 334\nc: pw\nS: 235 ok\n", .end = LOGIN_DONE},
    {"a challenge that is none is cancelled", LOGIN_POP3, POP3("DIGEST-MD5"),
	"C: AUTH DIGEST-MD5\ns: realm=x\nC: *\nS: -ERR cancelled\nC: USER me\nS: +OK\nC: PASS pw\nS: +OK\n", .end = LOGIN_DONE},
    {"an impostor's SCRAM is no login", LOGIN_POP3, "+OK\r\nSASL SCRAM-SHA-1\r\n.\r\n",
	"C: AUTH SCRAM-SHA-1 biwsbj1tZSxyPW5vbmNl\nS: +OK welcome\n", .end = LOGIN_REFUSED, .words = "+OK welcome", .nonce = "nonce"},
    {"it hangs up behind the refusal", LOGIN_POP3, POP3("CRAM-MD5 PLAIN"),
	"C: AUTH CRAM-MD5\nS: -ERR no\nC: AUTH PLAIN AG1lAHB3\nclosed\nC: AUTH PLAIN AG1lAHB3\nS: +OK\n", .end = LOGIN_DONE},
    {"neither the password nor what holds it is told", LOGIN_SMTP, "250 AUTH PLAIN\r\n",
	"C: AUTH PLAIN AG1lAHNlY3JldA==\nS: 535 AUTH PLAIN AG1lAHNlY3JldA== secret c2VjcmV0\n", .end = LOGIN_REFUSED, .secret = "secret",
	.words = "535 AUTH PLAIN *** *** ***"},

    /* --- tokens */
    {"a token", LOGIN_SMTP, "250 AUTH PLAIN XOAUTH2 OAUTHBEARER\r\n",
	"C: AUTH OAUTHBEARER bixhPW1lLAFhdXRoPUJlYXJlciB0b2tlbgEB\nS: 334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=\nC: AQ==\nS: 535 5.7.8 no\n",
	.end = LOGIN_REFUSED, .secret = "token"},
    {"the other form", LOGIN_IMAP, IMAP("AUTH=XOAUTH2 SASL-IR"),
	"C: P1 AUTHENTICATE XOAUTH2 dXNlcj1tZQFhdXRoPUJlYXJlciB0b2tlbgEB\nS: + eyJzdGF0dXMiOiI0MDEifQ==\nC: \nS: P1 NO [AUTHENTICATIONFAILED]\n",
	.end = LOGIN_REFUSED, .secret = "token"},
    {"not of this protocol", LOGIN_IMAP, IMAP("AUTH=PLAIN SASL-IR"), "C: P1 AUTHENTICATE PLAIN AG1lAHB3\nS: P7 OK\n", .end = LOGIN_BROKEN,
	.words = "P7 OK"},
};

static struct slice unescape(struct slice text, struct buf *out)
{
	buf_reset(out);
	for (size_t i = 0; i < text.len; i++) {
		bool is_nul = i + 1 < text.len && text.ptr[i] == '\\' && text.ptr[i + 1] == '0';

		buf_append_byte(out, is_nul ? '\0' : text.ptr[i]);
		i += is_nul;
	}
	return buf_slice(out);
}

static void expect(struct login *login, const char *name, struct slice line, bool is_encoded)
{
	struct buf plain = BUF_INIT(8192), text = BUF_INIT(8192);

	if (is_encoded)
		base64_encode(unescape(line, &plain), &text);
	else
		buf_append_slice(&text, line);
	buf_append_text(&text, "\r\n");
	if (strcmp(buf_text(login_out(login)), buf_text(&text)) != 0)
		fail_msg("%s: said `%s`, not `%s`", name, buf_text(login_out(login)), buf_text(&text));
	buf_reset(login_out(login));
	buf_clear(&plain);
	buf_clear(&text);
}

static enum login_result hear(struct login *login, const struct dialogue *dialogue, struct slice line, bool is_encoded)
{
	struct buf text = BUF_INIT(8192);
	enum login_result result;

	if (is_encoded) {
		buf_append_text(&text, dialogue->protocol == LOGIN_SMTP ? "334 " : "+ ");
		base64_encode(line, &text);
	} else {
		buf_append_slice(&text, line);
	}
	result = login_hear(login, buf_slice(&text));
	buf_clear(&text);
	return result;
}

static enum login_result begin(struct login *login, const struct dialogue *dialogue)
{
	return login_begin(login, slice_of(dialogue->greeting == NULL ? "+OK" : dialogue->greeting), slice_of(dialogue->abilities));
}

static void play(const struct dialogue *dialogue)
{
	const char *secret = dialogue->secret == NULL ? "pw" : dialogue->secret;
	struct login_settings settings = {
	    .protocol = dialogue->protocol,
	    .host = "elwood.innosoft.com:143",
	    .user = dialogue->user == NULL ? "me" : dialogue->user,
	    .secret = secret,
	    .is_token = strcmp(secret, "token") == 0,
	    .auth = dialogue->auth,
	    .known = dialogue->known,
	};
	struct login *login = login_new(&settings);
	struct slice rest = slice_of(dialogue->lines);
	enum login_result result;

	if (dialogue->nonce != NULL)
		snprintf(login->nonce, sizeof(login->nonce), "%s", dialogue->nonce);
	login_set_private(login, dialogue->is_private);
	result = begin(login, dialogue);
	while (rest.len > 0) {
		struct slice line = slice_cut(&rest, '\n');

		if (slice_is(line, "closed")) {
			buf_reset(login_out(login));
			assert_true(login_hung_up(login));
			result = begin(login, dialogue);
		} else if (ascii_lower(line.ptr[0]) == 'c') {
			assert_int_equal(result, LOGIN_SAY);
			expect(login, dialogue->name, slice_from(line, 3), line.ptr[0] == 'c');
		} else {
			result = hear(login, dialogue, slice_from(line, 3), line.ptr[0] == 's');
		}
	}
	if (result != dialogue->end)
		fail_msg("%s: ended as %d, not %d (%s)", dialogue->name, result, dialogue->end, buf_text(login_out(login)));
	if (dialogue->words != NULL)
		assert_string_equal(login_words(login), dialogue->words);
	if (result == LOGIN_REFUSED)
		assert_int_equal(login_untried(login), dialogue->untried);
	login_free(login);
}

static void test_dialogues(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dialogues); i++)
		play(&dialogues[i]);
}

/* For any replies of a server the password is sent at most three times, and the login ends. */
static void test_bound(void **state)
{
	static const char *const answers[] = {"P NO no", "+ PDFAeD4=", "P BAD no", "+ ", "* OK", "P OK", "+ cj14LHM9eCxpPTE="};
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct login_settings settings = {.protocol = LOGIN_IMAP, .host = "x", .user = "me", .secret = "pw"};
		struct login *login = login_new(&settings);
		enum login_result result = login_begin(login, slice_of("* OK"),
		    slice_of(IMAP("SASL-IR AUTH=PLAIN AUTH=LOGIN AUTH=CRAM-MD5 AUTH=DIGEST-MD5 AUTH=SCRAM-SHA-1 AUTH=SCRAM-SHA-256")));
		int refused = 0, steps = 0;

		for (; (result == LOGIN_SAY || result == LOGIN_WAIT) && steps < 1000; steps++) {
			const char *answer = answers[(seed = seed * 1103515245 + 12345) / 65536 % ARRAY_LEN(answers)];
			bool counts = strstr(answer, "NO") != NULL && login->has_shown;
			char line[64];

			buf_reset(login_out(login));
			if (answer[0] == 'P')
				snprintf(line, sizeof(line), "P%u%s", login->tag, answer + 1);
			else
				snprintf(line, sizeof(line), "%s", answer);
			refused += counts;
			result = login_hear(login, slice_of(line));
		}
		assert_true(steps < 1000 && refused <= LOGIN_REFUSALS_MAX);
		login_free(login);
	}
}

static void test_names(void **state)
{
	(void)state;
	for (enum conf_auth way = AUTH_AUTO; way <= AUTH_DIGEST_MD5; way++)
		assert_int_equal(login_by_name(login_name(way)), way);
	assert_int_equal(login_by_name("ntlm"), AUTH_AUTO);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dialogues),
	    cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
