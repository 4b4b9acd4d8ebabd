/* For any input of a client: every reply ends with CRLF, each message that is read is released,
 * and only QUIT of the session that marked messages removes them. */
#include "lan-server/pop3/pop3d.h"

#include "tests/unit/sample_conf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const bodies[] = {"Subject: one\r\n\r\n.\r\n..\r\nend\r\n", "no header, no end",
    "\n\n.\n", "", "\r\n\r\n\r.\r\n"};

struct box {
	struct maildrop drop; /* the context of the hooks */
	size_t open, reading, removals;
	bool quitting;
};

static struct box *box_of(struct maildrop *drop)
{
	return (struct box *)drop;
}

static int login(
    void *context, struct slice name, struct slice password, const char **user, struct error *error)
{
	(void)context;
	(void)password;
	*user = "ivan";
	return slice_is(name, "ivan") ? 0 : error_set(error, ERROR_LOGIN, "wrong");
}

#include "tests/unit/sample_secrets.h"
#include "spool/storage/mailbox.h"

static enum maildrop_outcome open_box(struct maildrop *drop, const char *user, struct mailbox_list *list, struct error *error)
{
	struct box *box = box_of(drop);

	(void)user;
	(void)error;
	box->open++;
	*list = (struct mailbox_list){
	    xcalloc(ARRAY_LEN(bodies), sizeof(*list->items)), ARRAY_LEN(bodies)};
	for (size_t i = 0; i < list->count; i++) {
		list->items[i].file = xstrdup("new/x");
		list->items[i].unique = xasprintf("%zu", i);
		snprintf(list->items[i].uidl, sizeof(list->items[i].uidl), "u%zu", i);
		list->items[i].size = strlen(bodies[i]);
		list->items[i].size_known = i != 1;
	}
	return MAILDROP_OPEN;
}

static int message_size(struct maildrop *drop, struct mailbox_message *message)
{
	(void)drop;
	(void)message;
	return -1;
}

static int read_message(struct maildrop *drop, const struct mailbox_message *message, struct slice *bytes)
{
	struct box *box = box_of(drop);

	box->reading++;
	*bytes = slice_of(bodies[message->unique[0] - '0']);
	return 0;
}

static void done_reading(struct maildrop *drop, struct slice bytes)
{
	struct box *box = box_of(drop);

	(void)bytes;
	box->reading--;
}

/* The last message is truncated while it is read. */
static bool is_intact(struct maildrop *drop, struct slice bytes)
{
	(void)drop;
	return bytes.ptr != bodies[ARRAY_LEN(bodies) - 1];
}

static int remove_messages(
    struct maildrop *drop, const char *const *uniques, size_t count, struct error *error)
{
	struct box *box = box_of(drop);

	(void)error;
	assert(box->quitting && box->removals == 0 && count > 0 && count <= ARRAY_LEN(bodies));
	for (size_t i = 1; i < count; i++)
		assert(strcmp(uniques[i - 1], uniques[i]) < 0); /* each one once */
	box->removals++;
	return 0;
}

static void close_box(struct maildrop *drop)
{
	struct box *box = box_of(drop);

	assert(box->reading == 0);
	box->open--;
}

static enum dialogue_effect take_replies(struct dialogue *pop3d, enum dialogue_effect effect)
{
	for (;;) {
		struct slice replies = buf_slice(&pop3d->replies);

		if (effect != DIALOGUE_SEND && effect != DIALOGUE_BREAK)
			assert(replies.len >= 2 &&
			       memcmp(replies.ptr + replies.len - 2, "\r\n", 2) == 0);
		buf_reset(&pop3d->replies);
		if (effect != DIALOGUE_SEND)
			break;
		effect = dialogue_send(pop3d);
	}
	if (effect != DIALOGUE_START_TLS)
		return effect;
	dialogue_tls_started(pop3d);
	return DIALOGUE_READ_LINE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_make((const char *)data, size);
	struct box box = {.open = 0};
	struct conf conf = sample_conf();
	struct pop3d_options options = {
	    .conf = &conf,
	    .tls_offered = true,
	    .sasl = {&box, mechanisms, login, scram_begin, scram_end, digest, NULL},
	    .hooks = {&box.drop, open_box, message_size, read_message, done_reading, is_intact, remove_messages, close_box},
	};
	struct dialogue *pop3d = pop3d_new(&options);
	enum dialogue_effect effect = take_replies(pop3d, DIALOGUE_READ_LINE);

	while (rest.len > 0 && effect != DIALOGUE_CLOSE && effect != DIALOGUE_BREAK) {
		struct slice line = slice_cut(&rest, '\n');

		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		box.quitting = slice_begins_nocase(line, "QUIT");
		effect = line.len > POP3D_LINE_MAX ? dialogue_line_too_long(pop3d)
		                                   : dialogue_line(pop3d, line);
		effect = take_replies(pop3d, effect);
	}
	box.quitting = false;
	dialogue_free(pop3d);
	assert(box.open == 0 && box.reading == 0);
	return 0;
}
