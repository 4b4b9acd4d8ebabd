/* A message that lanpost writes, from any name, subject, value and text: its header has exactly the right fields, in this
 * order; lines end in CRLF and are not too long; the subject is decoded to the same text; a multipart message has its
 * parts. */
#include "message/compose.h"
#include "message/decode.h"
#include "message/mime.h"
#include "tests/fuzz/common/fuzz.h"

static const struct msgid id = {"01krs1b0cdm8f2q3v4wx"};
static const struct addr ivan = {"ivan", "office.lan"};

static void check_lines(struct slice text)
{
	while (text.len > 0) {
		struct slice line = slice_cut(&text, '\n');

		assert(text.ptr != NULL && line.len > 0 && line.len <= 999 && line.ptr[line.len - 1] == '\r');
		line.len--;
		assert(slice_find(line, '\r') < 0 && slice_find(line, '\0') < 0);
	}
}

static void check_field(struct header_walk *walk, const char *name, struct header_field *field)
{
	assert(header_walk_next(walk, field) && slice_is(field->name, name));
}

static void check_subject(struct slice body, struct slice subject)
{
	struct buf wanted = BUF_INIT(1u << 20), got = BUF_INIT(1u << 20);

	decode_append_clean(slice_trim(subject), &wanted);
	decode_text(body, SLICE_NONE, &got);
	assert(slice_equal(slice_trim(buf_slice(&wanted)), slice_trim(buf_slice(&got))));
	buf_clear(&wanted);
	buf_clear(&got);
}

static void check_header(const struct compose *message, struct slice text)
{
	struct header_walk walk;
	struct header_field field;

	header_walk_init(&walk, text);
	check_field(&walk, "From", &field);
	check_field(&walk, "To", &field);
	check_field(&walk, "Subject", &field);
	check_subject(field.body, message->subject);
	check_field(&walk, "Date", &field);
	check_field(&walk, "Message-ID", &field);
	if (header_is_message_id(message->answers)) {
		check_field(&walk, "In-Reply-To", &field);
		check_field(&walk, "References", &field);
	}
	if (message->kind != COMPOSE_PERSONAL)
		check_field(&walk, "Auto-Submitted", &field);
	if (message->kind == COMPOSE_AUTO_REPLY)
		check_field(&walk, "X-Auto-Response-Suppress", &field);
	else if (message->kind == COMPOSE_REPORT || message->kind == COMPOSE_ANSWER)
		check_field(&walk, "Precedence", &field);
	check_field(&walk, "X-Extra", &field);
	check_field(&walk, "MIME-Version", &field);
	check_field(&walk, "Content-Type", &field);
	if (message->part_count == 1)
		check_field(&walk, "Content-Transfer-Encoding", &field);
	assert(!header_walk_next(&walk, &field));
}

/* The rest after the third part belongs to it. */
static void check_parts(struct slice text)
{
	static const char *const types[] = {"multipart/report", "text/plain", NULL, "message/rfc822"};
	struct mime_walk walk;
	struct mime_part part;

	mime_walk_init(&walk, text);
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		assert(mime_walk_next(&walk, &part) && (types[i] == NULL || slice_is(part.type, types[i])));
}

/* A text that the fuzzer chooses, as a C string. */
static char *take_text(struct slice *input)
{
	return slice_dup(fuzz_take(input, fuzz_number(input) % 3000));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_make((const char *)data, size);
	struct buf out = BUF_INIT(16u << 20), status = BUF_INIT(1u << 20);
	char *name, *value, *answers, *text;
	struct compose message;
	struct error error;

	if (size > 20000 || memmem(data, size, id.text, MSGID_LEN) != NULL)
		return 0;
	message = (struct compose){.kind = fuzz_byte(&input) % (COMPOSE_BOUNCE + 1), .to = &ivan, .from = &ivan, .date = 1, .id = &id, .host = "gw"};
	message.from_name = name = take_text(&input);
	message.subject = fuzz_take(&input, fuzz_number(&input) % 3000);
	message.extra_name = "X-Extra";
	message.extra_value = value = take_text(&input);
	answers = take_text(&input);
	message.answers = slice_of(answers);
	text = take_text(&input);
	message.parts[0] = (struct compose_part){COMPOSE_TEXT, slice_of(text)};
	message.part_count = 1;
	if (message.kind == COMPOSE_BOUNCE) {
		compose_field(&status, "Status", "%s", value);
		message.parts[1] = (struct compose_part){COMPOSE_STATUS, buf_slice(&status)};
		message.parts[2] = (struct compose_part){COMPOSE_MESSAGE, input};
		message.part_count = 3;
	}
	assert(compose_message(&message, &out, &error) == 0);
	if (message.kind != COMPOSE_BOUNCE)
		check_lines(buf_slice(&out));
	check_lines(buf_slice(&status));
	check_header(&message, buf_slice(&out));
	if (message.kind == COMPOSE_BOUNCE)
		check_parts(buf_slice(&out));
	free(name);
	free(value);
	free(answers);
	free(text);
	buf_clear(&out);
	buf_clear(&status);
	return 0;
}
