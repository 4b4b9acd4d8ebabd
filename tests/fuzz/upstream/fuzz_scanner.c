/*
 * Scanners with any answer, and messages with any Received lines: results and memory are bounded, a verdict is one that its text form keeps, and
 * clamd's reply means the same whole and byte by byte. What is learned is at most what there is.
 */
#include "tests/fuzz/common/fuzz.h"

#include "base/buf.h"
#include "mail/filter/lesson_message.h"
#include "message/scan/received.h"
#include "message/scan/scan_facts.h"
#include "upstream/scanner/clamd.h"
#include "upstream/scanner/rspamd.h"
#include "upstream/scanner/spamd.h"

static void check_verdict(const struct scan_verdict *verdict)
{
	struct buf text = BUF_INIT(SCAN_TEXT_MAX);
	struct scan_verdict back;

	assert(strlen(verdict->virus) < SCAN_VIRUS_MAX && strlen(verdict->symbols) < SCAN_SYMBOLS_MAX);
	assert(verdict->score <= SCAN_SCORE_MAX && verdict->score >= -SCAN_SCORE_MAX);
	scan_verdict_write(verdict, &text);
	assert(!text.overflow && scan_verdict_read(buf_slice(&text), &back));
	assert(strcmp(back.virus, verdict->virus) == 0 && strcmp(back.symbols, verdict->symbols) == 0 && back.score == verdict->score);
	buf_clear(&text);
}

static enum clamd_result ask_clamd(struct slice reply, size_t piece, struct scan_verdict *verdict)
{
	enum clamd_result result = CLAMD_MORE;
	struct buf out = BUF_INIT(256);
	struct clamd clamd;
	struct error error;

	clamd_init(&clamd);
	clamd_begin(&clamd, &out);
	while (reply.len > 0 && result == CLAMD_MORE)
		result = clamd_feed(&clamd, fuzz_take(&reply, piece), verdict, &error);
	buf_clear(&out);
	clamd_clear(&clamd);
	return result;
}

static void try_clamd(struct slice reply)
{
	struct scan_verdict whole = {0}, pieces = {0};
	enum clamd_result result = ask_clamd(reply, reply.len, &whole);

	if (result == CLAMD_DONE) {
		assert(ask_clamd(reply, 1, &pieces) == CLAMD_DONE && strcmp(whole.virus, pieces.virus) == 0);
		check_verdict(&whole);
	}
}

static void try_message(struct slice message)
{
	struct strlist domains = {NULL, 0};
	struct received_hop hop;
	char sender[600];

	strlist_add(&domains, "example.ru");
	if (received_last_hop(message, &domains, &hop))
		assert(strlen(hop.helo) < RECEIVED_NAME_MAX && strlen(hop.name) < RECEIVED_NAME_MAX);
	received_domains(message, &domains);
	received_sender(message, sender, sizeof(sender));
	strlist_clear(&domains);
}

static void try_texts(struct slice text)
{
	struct scan_verdict verdict;
	struct scan_facts facts;

	if (scan_verdict_read(text, &verdict))
		check_verdict(&verdict);
	if (scan_facts_read(text, &facts)) {
		struct strlist lines = {NULL, 0};

		rspamd_lines(&facts, &lines);
		for (size_t i = 0; i < lines.count; i++)
			assert(strpbrk(lines.items[i], "\r\n") == NULL);
		strlist_clear(&lines);
	}
	scan_facts_clear(&facts);
}

static void try_learned(struct slice reply)
{
	static const long codes[] = {200, 204, 208, 400, 401, 404, 500};
	struct error error;
	bool was_known;

	spamd_read_learned(reply, &was_known, &error);
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		rspamd_read_learned(codes[i], reply, &was_known, &error);
}

static bool count_bytes(void *context, struct slice message)
{
	size_t *bytes = context;
	char digest[LESSON_DIGEST_MAX];

	assert(message.len <= LESSON_BYTES_MAX);
	lesson_digest(message, digest);
	*bytes += message.len;
	return true;
}

static void try_lesson(struct slice message)
{
	size_t bytes = 0;

	assert(lesson_messages(message, false, count_bytes, &bytes) <= 1 && bytes <= message.len);
	assert(lesson_messages(message, true, count_bytes, &bytes) <= LESSON_MESSAGES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_make((const char *)data, size);
	unsigned what = fuzz_byte(&input) % 7;
	struct scan_verdict verdict;
	struct error error;

	if (what == 0)
		try_clamd(input);
	else if (what == 1 && spamd_read(input, &verdict, &error) == 0)
		check_verdict(&verdict);
	else if (what == 2 && rspamd_read(input, &verdict, &error) == 0)
		check_verdict(&verdict);
	else if (what == 3)
		try_message(input);
	else if (what == 4)
		try_texts(input);
	else if (what == 5)
		try_learned(input);
	else if (what == 6)
		try_lesson(input);
	return 0;
}
