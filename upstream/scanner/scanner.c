#include "upstream/scanner/scanner_priv.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "upstream/scanner/spamd.h"

#include <stdio.h>
#include <stdlib.h>

#define FACTS_MAX 16384
#define CHUNK CLAMD_CHUNK_MAX
#define OUT_MAX (FACTS_MAX + SCANNER_CHUNK_ROOM)

static struct scanner *scanner_at(const struct conf_scanner *conf, char *address)
{
	struct scanner *scanner = xcalloc(1, sizeof(*scanner));

	scanner->conf = conf;
	scanner->address = address;
	scanner->url = scanner_url_of(address);
	clamd_init(&scanner->clamd);
	return scanner;
}

struct scanner *scanner_new(const struct conf_scanner *conf)
{
	return scanner_at(conf, xstrdup(conf->url));
}

struct scanner *scanner_new_learner(const struct conf_scanner *conf)
{
	return scanner_at(conf, scanner_url_to_learn(conf->url, conf->learn_url));
}

void scanner_free(struct scanner *scanner)
{
	if (scanner == NULL)
		return;
	scanner_line_close(scanner);
	clamd_clear(&scanner->clamd);
	free(scanner->address);
	free(scanner);
}

int scanner_send_message(struct scanner *scanner, const struct scanner_message *message, struct buf *out, int64_t deadline, struct error *error)
{
	bool has_chunks = scanner->url.kind == SCANNER_CLAMD;
	size_t room = has_chunks ? 4 : 0, got;
	int result = 0;

	for (uint64_t at = 0; result == 0 && at < message->size; at += got) {
		size_t most = message->size - at < CHUNK ? (size_t)(message->size - at) : CHUNK;
		char *bytes;

		if (at > 0) {
			result = scanner_line_send(scanner, buf_slice(out), deadline, error);
			buf_reset(out);
		}
		bytes = buf_reserve(out, room + most);
		if (result == 0)
			result = scanner_line_read(message, at, bytes + room, most, &got, error);
		if (result != 0)
			break;
		if (has_chunks)
			clamd_chunk(got, out);
		out->len += got;
	}
	if (has_chunks)
		clamd_chunk(0, out);
	return result == 0 ? scanner_line_send(scanner, buf_slice(out), deadline, error) : result;
}

/* --- clamd */

static int read_clamd(struct scanner *scanner, int64_t deadline, struct scan_verdict *verdict, struct error *error)
{
	enum clamd_result result = CLAMD_MORE;
	char bytes[CLAMD_REPLY_MAX];
	size_t got;

	while (result == CLAMD_MORE) {
		if (scanner_line_receive(scanner, bytes, sizeof(bytes), &got, deadline, error) != 0)
			return -1;
		if (got == 0)
			return error_set(error, ERROR_TEMPORARY, N_("%s has closed the connection"), scanner->address);
		result = clamd_feed(&scanner->clamd, slice_make(bytes, got), verdict, error);
	}
	if (result == CLAMD_TOO_LARGE)
		return error_set(error, ERROR_LIMIT, N_("the message is larger than the scanner takes"));
	return result == CLAMD_DONE ? 0 : -1;
}

/* clamd says that a message is too large while it is still sent, and closes the connection: then its reply counts. */
static int scan_clamd(struct scanner *scanner, const struct scanner_message *message, int64_t deadline, struct scan_verdict *verdict,
    struct error *error)
{
	struct buf out = BUF_INIT(OUT_MAX);
	struct error other;
	int result;

	clamd_begin(&scanner->clamd, &out);
	result = scanner_send_message(scanner, message, &out, deadline, error);
	buf_clear(&out);
	if (result == 0)
		return read_clamd(scanner, deadline, verdict, error);
	if (error->class == ERROR_TEMPORARY && read_clamd(scanner, deadline, verdict, &other) != 0 && other.class == ERROR_LIMIT)
		*error = other;
	return -1;
}

/* --- spamd */

/* What spamd cannot know otherwise: the last hop as a line of our own, and the sender. */
static void put_facts(const struct scan_facts *facts, struct buf *out)
{
	if (facts->sender[0] != '\0')
		buf_printf(out, "X-Envelope-From: <%s>\r\n", facts->sender);
	if (facts->address[0] != '\0')
		buf_printf(out, "Received: from %s (%s [%s])\r\n\tby localhost with ESMTP id %s\r\n",
		    facts->helo[0] == '\0' ? "unknown" : facts->helo, facts->name[0] == '\0' ? "unknown" : facts->name, facts->address, facts->id);
}

int scanner_read_all(struct scanner *scanner, struct buf *reply, int64_t deadline, struct error *error)
{
	int result = 0;
	size_t got = 1;

	while (result == 0 && got > 0) {
		char *room = buf_reserve(reply, reply->limit - reply->len);

		if (room == NULL || reply->len == reply->limit)
			return error_set(error, ERROR_PROTOCOL, N_("the scanner's reply is too long"));
		result = scanner_line_receive(scanner, room, reply->limit - reply->len, &got, deadline, error);
		reply->len += result == 0 ? got : 0;
	}
	if (result == 0 && reply->len == 0)
		result = error_set(error, ERROR_TEMPORARY, N_("%s has closed the connection"), scanner->address);
	return result;
}

static int scan_spamd(struct scanner *scanner, const struct scanner_message *message, int64_t deadline, struct scan_verdict *verdict,
    struct error *error)
{
	struct buf facts = BUF_INIT(FACTS_MAX), out = BUF_INIT(OUT_MAX), reply = BUF_INIT(SPAMD_REPLY_MAX);
	int result;

	put_facts(message->facts, &facts);
	spamd_begin(facts.len + message->size, &out);
	buf_append_slice(&out, buf_slice(&facts));
	result = scanner_send_message(scanner, message, &out, deadline, error);
	if (result == 0)
		result = scanner_read_all(scanner, &reply, deadline, error);
	if (result == 0)
		result = spamd_read(buf_slice(&reply), verdict, error);
	buf_clear(&reply);
	buf_clear(&facts);
	buf_clear(&out);
	return result;
}

/* --- one message */

static int scan_once(struct scanner *scanner, const struct scanner_message *message, int64_t deadline, struct scan_verdict *verdict,
    struct error *error)
{
	if (scanner->url.kind == SCANNER_RSPAMD)
		return scanner_rspamd(scanner, message, deadline, verdict, error);
	if (scanner->curl != NULL && scanner_line_is_stale(scanner))
		scanner_line_close(scanner);
	if (scanner->curl == NULL && scanner_line_open(scanner, deadline, error) != 0)
		return -1;
	if (scanner->url.kind == SCANNER_CLAMD)
		return scan_clamd(scanner, message, deadline, verdict, error);
	return scan_spamd(scanner, message, deadline, verdict, error);
}

int scanner_scan(struct scanner *scanner, const struct scanner_message *message, int64_t deadline, struct scan_verdict *verdict,
    struct error *error)
{
	bool was_used = scanner->is_used;
	int result;

	scanner->has_heard = false;
	result = scan_once(scanner, message, deadline, verdict, error);
	if (result != 0 && was_used && !scanner->has_heard && error->class == ERROR_TEMPORARY) {
		scanner_line_close(scanner);
		result = scan_once(scanner, message, deadline, verdict, error);
	}
	scanner->is_used = result == 0 && scanner->url.kind != SCANNER_SPAMD;
	if (!scanner->is_used)
		scanner_line_close(scanner);
	if (result == 0)
		snprintf(verdict->names, sizeof(verdict->names), "%s", scanner->conf->name);
	return result;
}
