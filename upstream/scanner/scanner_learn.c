/* Scanners for spam learn. Each message has a connection of its own: it is rare, and a kept connection would have died meanwhile. */
#include "upstream/scanner/scanner_priv.h"

#include "base/i18n.h"
#include "upstream/scanner/spamd.h"

/* It may refuse before it has read all: then its reply counts. */
static int read_reply(struct scanner *scanner, int sent, int64_t deadline, bool *was_known, struct error *error)
{
	struct buf reply = BUF_INIT(SPAMD_REPLY_MAX);
	struct error other;
	int result = scanner_read_all(scanner, &reply, deadline, &other);

	if (result == 0)
		result = spamd_read_learned(buf_slice(&reply), was_known, error);
	else if (sent == 0)
		*error = other;
	if (result != 0 && error->class == ERROR_TEMPORARY) /* it has taken the connection */
		error->class = ERROR_PROTOCOL;
	buf_clear(&reply);
	return result;
}

static int learn_spamd(struct scanner *scanner, const struct scanner_message *message, bool is_spam, int64_t deadline, bool *was_known,
    struct error *error)
{
	struct buf out = BUF_INIT(256 + SCANNER_CHUNK_ROOM);
	int sent;

	if (scanner_line_open(scanner, deadline, error) != 0)
		return -1;
	spamd_begin_learning(message->size, is_spam, &out);
	sent = scanner_send_message(scanner, message, &out, deadline, error);
	buf_clear(&out);
	if (sent != 0 && error->class != ERROR_TEMPORARY)
		return -1;
	return read_reply(scanner, sent, deadline, was_known, error);
}

int scanner_learn(struct scanner *scanner, const struct scanner_message *message, bool is_spam, int64_t deadline, bool *was_known,
    struct error *error)
{
	int result = -1;

	*was_known = false;
	if (scanner->url.kind == SCANNER_RSPAMD)
		result = scanner_rspamd_learn(scanner, message, is_spam, deadline, was_known, error);
	else if (scanner->url.kind == SCANNER_SPAMD)
		result = learn_spamd(scanner, message, is_spam, deadline, was_known, error);
	else
		error_set(error, ERROR_CONFIG, N_("this scanner does not learn"));
	scanner_line_close(scanner);
	return result;
}
