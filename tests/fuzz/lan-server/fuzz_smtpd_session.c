/* For any input of a client: the same bytes in other pieces get the same replies; an accepted
 * message has clean line ends and a known sender; no address trick sends mail outside the
 * office. */
#include "lan-server/smtp/smtpd.h"

#include "base/log.h"
#include "message/addr.h"
#include "tests/unit/sample_conf.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Results that must not depend on the pieces: reply codes, and the sizes and recipients of
 * accepted messages. */
struct session {
	struct dialogue *smtpd;
	enum dialogue_effect effect;
	struct buf line, facts;
};

static int login(
    void *context, struct slice name, struct slice password, const char **user, struct error *error)
{
	(void)context;
	*user = "ivan";
	if (slice_is(name, "ivan") && slice_is(password, "secret"))
		return 0;
	return error_set(error, ERROR_LOGIN, "wrong");
}

#include "tests/unit/sample_secrets.h"

static bool has_room(void *context, uint64_t bytes)
{
	(void)context;
	return bytes < 1000000;
}

static void check_lines(struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		assert(bytes.ptr[i] != '\0');
		assert(bytes.ptr[i] != '\n' || (i > 0 && bytes.ptr[i - 1] == '\r'));
		assert(bytes.ptr[i] != '\r' || (i + 1 < bytes.len && bytes.ptr[i + 1] == '\n'));
	}
}

static uint64_t bytes_in_mailbox(void *context, const char *user)
{
	(void)context;
	(void)user;
	return 0;
}

static struct send_quota_total sent_today(void *context, const char *user)
{
	(void)context;
	(void)user;
	return (struct send_quota_total){0};
}

static void count_sent(void *context, const char *user, uint64_t bytes)
{
	(void)context;
	(void)user;
	(void)bytes;
}

static int accept_message(
    void *context, struct envelope *envelope, struct body *body, struct error *error)
{
	struct session *session = context;
	struct slice bytes;

	assert(body_view(body, &bytes, error) == 0);
	check_lines(bytes);
	check_lines(slice_of(envelope->header));
	assert(envelope->envid[0] == '\0' || dsn_is_xtext(slice_of(envelope->envid), DSN_ENVID_MAX));
	for (size_t i = 0; i < envelope->place_count; i++) {
		const struct slice orcpt = slice_of(envelope->places[i].orcpt);
		struct addr addr;

		assert(orcpt.len == 0 || dsn_is_orcpt(orcpt)); /* the rest is read as commands */
		if (envelope->places[i].kind != PLACE_QUEUE)
			continue;
		assert(addr_parse(slice_of(envelope->places[i].name), &addr));
		assert(!addr_looks_routed(&addr) && addr.domain[0] != '\0');
		assert(strcmp(addr.domain, "office.lan") != 0);
	}
	buf_printf(&session->facts, "%zu %zu %zu\n", bytes.len, envelope->recipients.count,
	    envelope->place_count);
	envelope_clear(envelope);
	body_clear(body, false);
	return 0;
}

static void take_replies(struct session *session)
{
	struct slice rest = buf_slice(&session->smtpd->replies);

	while (rest.len > 0) {
		struct slice line = slice_cut(&rest, '\n');

		assert(line.len >= 4 && line.ptr[line.len - 1] == '\r');
		buf_append(&session->facts, line.ptr, 4);
	}
	buf_reset(&session->smtpd->replies);
	if (session->effect != DIALOGUE_START_TLS)
		return;
	dialogue_tls_started(session->smtpd);
	session->effect = DIALOGUE_READ_LINE;
}

/* Up to the end of a line, or all of the piece. */
static void take_line(struct session *session, struct slice *piece)
{
	const char *end = memchr(piece->ptr, '\n', piece->len);
	size_t len = end == NULL ? piece->len : (size_t)(end - piece->ptr);
	struct slice line;

	buf_append(&session->line, piece->ptr, len);
	*piece = slice_from(*piece, len + (end != NULL));
	if (end == NULL)
		return;
	line = buf_slice(&session->line);
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	session->effect = session->line.overflow ? dialogue_line_too_long(session->smtpd)
	                                         : dialogue_line(session->smtpd, line);
	buf_reset(&session->line);
}

static void feed(struct session *session, struct slice piece)
{
	while (piece.len > 0 && session->effect != DIALOGUE_CLOSE) {
		if (session->effect == DIALOGUE_READ_DATA)
			session->effect = dialogue_data(session->smtpd, &piece);
		else
			take_line(session, &piece);
		take_replies(session);
	}
}

static struct buf run(const struct conf *conf, struct slice input, size_t step)
{
	struct session session = {.line = BUF_INIT(SMTPD_LINE_MAX), .facts = BUF_INIT(16 << 20)};
	struct smtpd_options options = {
	    .conf = conf,
	    .session = "fuzz",
	    .tls_offered = true,
	    .sasl = {&session, mechanisms, login, scram_begin, scram_end, digest, NULL},
	    .hooks = {.context = &session, .has_room = has_room, .accept = accept_message, .mailbox_bytes = bytes_in_mailbox,
		.sent_today = sent_today, .count_sent = count_sent},
	};

	session.smtpd = smtpd_new(&options);
	take_replies(&session);
	for (size_t at = 0; at < input.len; at += step)
		feed(&session,
		    slice_make(input.ptr + at, input.len - at < step ? input.len - at : step));
	dialogue_free(session.smtpd);
	buf_clear(&session.line);
	return session.facts;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_make((const char *)data, size);
	struct conf conf = sample_conf();
	struct buf whole, pieces;

	log_start(&(struct log_settings){.level = LOG_LEVEL_ERROR}, "fuzz");
	conf.limits.max_message_size = 20000;
	conf.gateway.boss = size % 2 == 0 ? "chief" : "";
	whole = run(&conf, input, size + 1);
	pieces = run(&conf, input, size % 7 + 1);
	assert(slice_equal(buf_slice(&whole), buf_slice(&pieces)));
	buf_clear(&whole);
	buf_clear(&pieces);
	return 0;
}
