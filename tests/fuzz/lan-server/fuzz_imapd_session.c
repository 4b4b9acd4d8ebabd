/* For any input of a client: every reply is a whole number of lines where the client speaks next, pieces are bounded, each message that is
 * read is released, and nothing changes in a mailbox that was selected for reading only. */
#include "lan-server/imap/imapd.h"

#include "tests/unit/fake_folder.h"
#include "tests/unit/sample_conf.h"

#include <assert.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PIECE_MAX (1u << 20)

static const char *const bodies[] = {"From: a <a@b>\r\nSubject: one\r\n\r\n.\r\nend\r\n", "no header, no end", "\n\n.\n", "",
    "Content-Type: multipart/mixed; boundary=b\r\nReferences: <1@x>\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\n--b--\r\n"};

static int login(
    void *context, struct slice name, struct slice password, const char **user, struct error *error)
{
	(void)context;
	(void)password;
	*user = "ivan";
	return slice_is(name, "ivan") ? 0 : error_set(error, ERROR_LOGIN, "wrong");
}

#include "tests/unit/sample_secrets.h"

static uint64_t used(void *context, const char *user)
{
	(void)context;
	(void)user;
	return 0;
}

static enum dialogue_effect take_replies(struct dialogue *imapd, enum dialogue_effect effect)
{
	for (;;) {
		struct slice replies = buf_slice(&imapd->replies);

		assert(replies.len < PIECE_MAX && !imapd->replies.overflow);
		if (replies.len > 0 && (effect == DIALOGUE_READ_LINE || effect == DIALOGUE_CLOSE || effect == DIALOGUE_START_TLS))
			assert(replies.len >= 2 && memcmp(replies.ptr + replies.len - 2, "\r\n", 2) == 0);
		buf_reset(&imapd->replies);
		if (effect != DIALOGUE_SEND)
			break;
		effect = dialogue_send(imapd);
	}
	if (effect == DIALOGUE_START_DEFLATE)
		return DIALOGUE_READ_LINE;
	if (effect != DIALOGUE_START_TLS)
		return effect;
	dialogue_tls_started(imapd);
	return DIALOGUE_READ_LINE;
}

/* Another session, now and then: a line that begins with a control byte. */
static void play_other(struct slice line)
{
	struct folder *inbox = fake_find("ivan");
	uint32_t uid = line.len > 1 ? (unsigned char)line.ptr[1] : 1, *left;
	struct error error;
	size_t count;

	switch (line.ptr[0]) {
	case 1:
		fake_add("ivan", bodies[uid % ARRAY_LEN(bodies)], strlen(bodies[uid % ARRAY_LEN(bodies)]), 0, 0);
		break;
	case 2:
		fake_remove(inbox, uid);
		break;
	case 3:
		folder_store(inbox, &uid, 1, FOLDER_SET, uid % 64, UINT64_MAX, &left, &count, &error);
		break;
	default:
		fake.fails = fake.fails == ERROR_NONE ? ERROR_IO : ERROR_NONE;
	}
}

static enum dialogue_effect feed(struct dialogue *imapd, enum dialogue_effect effect, struct slice *rest)
{
	struct slice line;

	if (effect == DIALOGUE_READ_DATA) {
		size_t before = rest->len;

		effect = dialogue_data(imapd, rest);
		assert(effect != DIALOGUE_READ_DATA || (rest->len == 0 && before > 0));
		return effect;
	}
	line = slice_cut(rest, '\n');
	if (line.len > 0 && line.ptr[0] > 0 && line.ptr[0] < 5) {
		play_other(line);
		return imapd->wake_fd > 0 ? dialogue_woken(imapd) : effect;
	}
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line.len > IMAPD_LINE_MAX ? dialogue_line_too_long(imapd) : dialogue_line(imapd, line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_make((const char *)data, size);
	struct conf conf = sample_conf();
	struct spool spool = {.folder = "/nowhere"};
	struct imapd_options options = {
	    .conf = &conf,
	    .spool = &spool,
	    .session = "session",
	    .tls_offered = true,
	    .sasl = {NULL, mechanisms, login, scram_begin, scram_end, digest, NULL},
	    .used = used,
	};
	struct dialogue *imapd;
	enum dialogue_effect effect;

	fake_reset();
	fake_make("ivan");
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		fake_add("ivan", bodies[i], strlen(bodies[i]), i % 2 == 0 ? FOLDER_SEEN : 0, 0);
	imapd = imapd_new(&options);
	effect = take_replies(imapd, DIALOGUE_READ_LINE);
	while (rest.len > 0 && effect != DIALOGUE_CLOSE && effect != DIALOGUE_BREAK)
		effect = take_replies(imapd, feed(imapd, effect, &rest));
	dialogue_free(imapd);
	for (size_t i = 0; i < FAKE_FOLDERS_MAX; i++)
		assert(fake.folders[i].open == 0 && fake.folders[i].watch_count == 0);
	fake_reset();
	return 0;
}
