/*
 * Any outgoing message of ours: no LAN address is left in the fields with our addresses, Bcc is removed, the rewritten
 * header has the same number of fields, the signature is one field; and its bounce is a valid message.
 *
 * The first byte says how it leaves, the second how many bytes of the rest are the smarthost's reply; then the message.
 */
#include "gateway/outbound/rewrite.h"
#include "mail/bounce.h"
#include "message/addr.h"
#include "message/dkim/dkim.h"
#include "message/header.h"
#include "message/mime.h"
#include "tests/fuzz/common/fuzz.h"
#include "tests/unit/sample_conf.h"

static bool is_of_sender(struct slice name)
{
	static const char *const names[] = {"From", "Sender", "Reply-To", "Disposition-Notification-To"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_is_nocase(name, names[i]))
			return true;
	return false;
}

static void check_field(const struct header_field *field)
{
	struct addr_item item;
	size_t at = 0;

	while (is_of_sender(field->name) && addr_list_next(field->body, &at, &item))
		assert(!item.valid || strcmp(item.addr.domain, "office.lan") != 0);
}

static size_t check_header(struct slice header, bool is_foreign, bool is_fine)
{
	struct header_walk walk;
	struct header_field field;
	size_t count = 0;

	header_walk_init(&walk, header);
	while (header_walk_next(&walk, &field)) {
		assert(!slice_is_nocase(field.name, "Bcc") && !slice_is_nocase(field.name, "Resent-Bcc"));
		if (!is_foreign && is_fine)
			check_field(&field);
		count++;
	}
	return count;
}

static size_t count_kept(struct slice message)
{
	struct header_walk walk;
	struct header_field field;
	size_t count = 0;

	header_walk_init(&walk, message);
	while (header_walk_next(&walk, &field))
		count += !slice_is_nocase(field.name, "Bcc") && !slice_is_nocase(field.name, "Resent-Bcc");
	return count;
}

static void check_signature(struct slice header, struct slice body)
{
	static struct dkim_key *key;
	struct buf out = BUF_INIT(16384);
	struct dkim_signer signer;
	struct error error;

	if (key == NULL) {
		char *path = xasprintf("%s/key", fuzz_folder());

		assert(dkim_key_make(path, true, &error) == 0 && dkim_key_load(path, &key, &error) == 0);
		unlink(path);
		free(path);
	}
	signer = dkim_key_signer(key);
	if (dkim_sign(&signer, &(struct dkim_message){"branch.example", "s1", header, body, 1700000000}, &out, &error) == 0) {
		struct slice text = buf_slice(&out);

		assert(slice_begins_nocase(text, "DKIM-Signature:") && text.len > 2 && memcmp(text.ptr + text.len - 2, "\r\n", 2) == 0);
		for (size_t i = 0; i < text.len; i++) {
			assert((unsigned char)text.ptr[i] < 0x7f);
			assert(text.ptr[i] != '\n' || i + 1 == text.len || text.ptr[i + 1] == ' ' || text.ptr[i + 1] == '\t');
		}
	}
	buf_clear(&out);
}

/* The parts of a report, for any message that the last part returns. */
static void check_report(struct slice bytes)
{
	static const char *const types[] = {"multipart/report", "text/plain", "message/", NULL};
	struct mime_walk walk;
	struct mime_part part;

	mime_walk_init(&walk, bytes);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		assert(mime_walk_next(&walk, &part) && part.depth == (i == 0 ? 0 : 1));
		assert(types[i] != NULL ? slice_begins_nocase(part.type, types[i])
					: slice_is(part.type, "message/rfc822") || slice_is(part.type, "text/rfc822-headers"));
	}
	for (size_t i = 0; i < header_length(bytes); i++)
		assert((unsigned char)bytes.ptr[i] < 0x80 && (bytes.ptr[i] != '\n' || bytes.ptr[i - 1] == '\r'));
}

static void check_bounce(const struct conf *conf, struct slice message, struct slice reply, bool is_ours)
{
	const struct spool spool = spool_at((char *)(uintptr_t)"/tmp");
	char words[256];
	struct place place = {.kind = PLACE_QUEUE, .name = (char *)(uintptr_t)"x@example.net", .orcpt = (char *)(uintptr_t)"",
	    .reply = str_printable(words, sizeof(words), reply)};
	const struct place *places[] = {&place};
	struct envelope original;
	struct bounces bounces = {0};
	struct error error;

	envelope_init(&original);
	envelope_set(&original.sender, slice_of(is_ours ? "ivan@office.lan" : "stranger@example.org"));
	assert(bounce_make_all(conf, &(struct bounce_about){&spool, BOUNCE_FAILED, &original, places, 1, message, ""}, &bounces, &error) == 0);
	for (size_t i = 0; i < bounces.count; i++) {
		struct slice bytes;

		assert(body_view(&bounces.items[i].body, &bytes, &error) == 0);
		check_report(bytes);
	}
	bounce_clear_all(&bounces);
	envelope_clear(&original);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf conf = sample_conf();
	struct slice message = slice_make((const char *)data, size), reply;
	unsigned how = fuzz_byte(&message);
	struct rewrite rewrite = {&conf, how & 1 ? "ivan@example.ru" : "", (how & 2) != 0, (how & 4) != 0};
	struct buf out = BUF_INIT(4 * size + 1024);
	size_t length;
	bool is_fine;

	reply = fuzz_take(&message, fuzz_byte(&message));
	is_fine = rewrite_header(&rewrite, message, &out, &length);
	assert(length <= message.len && length == header_length(message));
	assert(check_header(buf_slice(&out), rewrite.is_foreign, is_fine) == count_kept(slice_make(message.ptr, length)));
	check_signature(buf_slice(&out), slice_from(message, length));
	check_bounce(&conf, message, reply, (how & 8) != 0);
	buf_clear(&out);
	return 0;
}
