/*
 * IMAP before a mailbox is open: capabilities and logins.
 */
#include "base/alloc.h"
#include "base/log.h"
#include "base/net/net.h"

#include "lan-server/imap/imapd_priv.h"

#define ID_FIELDS_MAX 30 /* RFC 2971 section 3.3 */

static bool may_log_in(const struct imapd *imapd)
{
	return imapd->dialogue.tls || !imapd->options.tls_required;
}

/* --- capabilities */

/* What a client must know before the login. */
#define FOR_STRANGERS "IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE IDLE"
#define FOR_USERS                                                                                                                                    \
	FOR_STRANGERS " NAMESPACE UNSELECT CHILDREN UIDPLUS MOVE MULTIAPPEND ESEARCH SEARCHRES WITHIN LIST-EXTENDED LIST-STATUS STATUS=SIZE "            \
		      "SPECIAL-USE CREATE-SPECIAL-USE CONDSTORE QRESYNC BINARY SORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES QUOTA "                      \
		      "QUOTA=RES-STORAGE UTF8=ACCEPT SAVEDATE PREVIEW OBJECTID COMPRESS=DEFLATE"

static void offer_logins(struct imapd *imapd, struct buf *out)
{
	const struct sasl_hooks *sasl = &imapd->options.sasl;
	struct buf names = BUF_INIT(256);
	struct slice rest;

	sasl_list(sasl->mechanisms(sasl->context, imapd->dialogue.tls), &names);
	rest = buf_slice(&names);
	while (rest.len > 0) {
		struct slice name = slice_cut(&rest, ' ');

		buf_printf(out, " AUTH=%.*s", SLICE_PRINT(name));
	}
	buf_clear(&names);
}

static void list_capabilities(struct imapd *imapd, struct buf *out)
{
	if (imapd->dialogue.user != NULL) {
		buf_printf(out, "CAPABILITY " FOR_USERS " APPENDLIMIT=%lld", (long long)imapd->options.conf->limits.max_message_size);
		return;
	}
	buf_append_text(out, "CAPABILITY " FOR_STRANGERS);
	if (!imapd->dialogue.tls && imapd->options.tls_offered)
		buf_append_text(out, " STARTTLS");
	if (may_log_in(imapd))
		offer_logins(imapd, out);
	else
		buf_append_text(out, " LOGINDISABLED");
}

/* Into the code of the next reply. */
static void capability_code(struct imapd *imapd)
{
	buf_reset(&imapd->code);
	list_capabilities(imapd, &imapd->code);
}

void imapd_greet(struct imapd *imapd)
{
	capability_code(imapd);
	imapd_answer(imapd, imapd_about(imapd, IMAPD_GREETING, imapd->options.conf->gateway.hostname));
}

enum imapd_reply imapd_cmd_capability(struct imapd *imapd, struct imapd_args *args)
{
	(void)args;
	buf_append_text(imapd_out(imapd), "* ");
	list_capabilities(imapd, imapd_out(imapd));
	buf_append_text(imapd_out(imapd), "\r\n");
	return IMAPD_NOTHING_DONE;
}

/* What the client says of itself is only checked. */
enum imapd_reply imapd_cmd_id(struct imapd *imapd, struct imapd_args *args)
{
	size_t count = 0;

	if (!imapd_args_word(args, "NIL")) {
		imapd_args_expect(args, '(');
		while (!args->failed && imapd_args_peek(args) != ')' && count++ < ID_FIELDS_MAX) {
			imapd_args_string(args);
			imapd_args_space(args);
			imapd_args_nstring(args);
			imapd_args_accept(args, ' ');
		}
		imapd_args_expect(args, ')');
	}
	if (!imapd_args_done(args))
		return IMAPD_SYNTAX;
	buf_append_text(imapd_out(imapd), "* ID (\"name\" \"lanpost\")\r\n");
	return IMAPD_NOTHING_DONE;
}

enum imapd_reply imapd_cmd_starttls(struct imapd *imapd, struct imapd_args *args)
{
	(void)args;
	if (imapd->dialogue.tls)
		return IMAPD_TLS_ACTIVE;
	return imapd->options.tls_offered ? IMAPD_START_TLS : IMAPD_NO_TLS;
}

/* RFC 4978. */
enum imapd_reply imapd_cmd_compress(struct imapd *imapd, struct imapd_args *args)
{
	if (!imapd_args_word(args, "DEFLATE") || !imapd_args_done(args))
		return IMAPD_SYNTAX;
	if (imapd->is_compressed)
		return IMAPD_DEFLATE_ACTIVE;
	imapd->is_compressed = true;
	return IMAPD_START_DEFLATE;
}

/* RFC 5161 section 3.2: names that are not known are ignored. */
enum imapd_reply imapd_cmd_enable(struct imapd *imapd, struct imapd_args *args)
{
	static const struct {
		const char *name;
		unsigned bits;
	} known[] = {{"CONDSTORE", IMAPD_CONDSTORE}, {"QRESYNC", IMAPD_QRESYNC | IMAPD_CONDSTORE}, {"UTF8=ACCEPT", IMAPD_UTF8},
	    {"IMAP4rev2", IMAPD_REV2}};
	struct buf *out = imapd_out(imapd);
	unsigned enabled = imapd->enabled;
	struct buf names = BUF_INIT(256);

	do {
		struct slice name = imapd_args_atom(args);

		for (size_t i = 0; i < ARRAY_LEN(known); i++) {
			if (args->failed || !slice_is_nocase(name, known[i].name) || (enabled & known[i].bits) == known[i].bits)
				continue;
			enabled |= known[i].bits;
			buf_printf(&names, " %s", known[i].name);
		}
	} while (imapd_args_accept(args, ' '));
	if (imapd_args_done(args)) {
		buf_printf(out, "* ENABLED%s\r\n", buf_text(&names));
		imapd->enabled = enabled;
	}
	buf_clear(&names);
	return imapd_args_done(args) ? IMAPD_NOTHING_DONE : IMAPD_SYNTAX;
}

/* --- logging in */

static enum imapd_reply logged_in(struct imapd *imapd, const char *user)
{
	char address[NET_ADDRESS_MAX];

	imapd->dialogue.user = user;
	imapd->state = IMAPD_STATE_KNOWN;
	log_info("event=imap-login session=%s ip=%s user=%s", imapd->options.session, net_address_text(address, &imapd->options.client), user);
	imapd_names_make_standard(imapd);
	imapd_join_shared(imapd);
	capability_code(imapd);
	return IMAPD_LOGGED_IN;
}

static enum imapd_reply login_failed(struct imapd *imapd, const struct error *error)
{
	return imapd_about(imapd, error->class == ERROR_LOGIN ? IMAPD_AUTH_FAILED : IMAPD_AUTH_LATER, ERROR_EN(error));
}

enum imapd_reply imapd_cmd_login(struct imapd *imapd, struct imapd_args *args)
{
	struct sasl_hooks *sasl = &imapd->options.sasl;
	struct error error = ERROR_INIT;
	struct slice name = imapd_args_astring(args), password;
	const char *user;

	imapd_args_space(args);
	password = imapd_args_astring(args);
	if (!imapd_args_done(args))
		return IMAPD_SYNTAX;
	if (!may_log_in(imapd))
		return IMAPD_TLS_FIRST;
	if (sasl->login(sasl->context, name, password, &user, &error) != 0)
		return login_failed(imapd, &error);
	return logged_in(imapd, user);
}

enum imapd_reply imapd_sasl_response(struct imapd *imapd, struct slice line)
{
	struct buf challenge = BUF_INIT(4 * IMAPD_LINE_MAX);
	struct error error = ERROR_INIT;
	const char *user = NULL;
	enum sasl_result result = sasl_step(imapd->sasl, line, &challenge, &user, &error);

	if (result == SASL_CHALLENGE)
		imapd_continue(imapd, buf_slice(&challenge));
	buf_clear(&challenge);
	imapd->waits = IMAPD_WAITS_SASL;
	if (result == SASL_CHALLENGE)
		return IMAPD_NONE;
	sasl_free(imapd->sasl);
	imapd->sasl = NULL;
	if (result == SASL_DONE)
		return logged_in(imapd, user);
	if (result == SASL_FAILED)
		return login_failed(imapd, &error);
	return imapd_about(imapd, IMAPD_AUTH_MALFORMED, ERROR_EN(&error));
}

enum imapd_reply imapd_cmd_authenticate(struct imapd *imapd, struct imapd_args *args)
{
	const struct imapd_options *options = &imapd->options;
	unsigned offered = options->sasl.mechanisms(options->sasl.context, imapd->dialogue.tls);
	struct slice mechanism = imapd_args_atom(args), initial = SLICE_NONE;

	if (!args->failed && imapd_args_accept(args, ' ')) { /* SASL-IR */
		initial = slice_make(args->at, (size_t)(args->end - args->at));
		args->at = args->end;
	}
	if (!imapd_args_done(args))
		return IMAPD_SYNTAX;
	if (!may_log_in(imapd))
		return IMAPD_TLS_FIRST;
	sasl_begin(&imapd->sasl, &options->sasl, options->conf->gateway.hostname, offered, mechanism);
	if (imapd->sasl == NULL)
		return IMAPD_NO_MECHANISM;
	return imapd_sasl_response(imapd, initial.len > 0 ? initial : SLICE_NONE);
}
