/* Whatever a client sends: every answer ends with CRLF, each message read is given back, and
 * messages leave only by QUIT of the session that marked them. */
#include "lan-server/pop3/pop3d.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const bodies[] = {"Subject: one\r\n\r\n.\r\n..\r\nend\r\n", "no header, no end",
    "\n\n.\n", "", "\r\n\r\n\r.\r\n"};

struct box {
	size_t open, reading, removals;
	bool quitting;
};

static int login(
    void *context, struct slice name, struct slice password, const char **user, struct error *error)
{
	(void)context;
	(void)password;
	*user = "ivan";
	return slice_is(name, "ivan") ? 0 : error_set(error, ERROR_LOGIN, "wrong");
}

#include "tests/unit/sample_secrets.h"

static int64_t expire_days(void *context, const char *user)
{
	(void)context;
	return user == NULL ? 7 : -1;
}

static enum maildrop_outcome open_box(void *context, const char *user, struct maildir_list *list, struct error *error)
{
	struct box *box = context;

	(void)user;
	(void)error;
	box->open++;
	*list = (struct maildir_list){
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

static int message_size(void *context, struct maildir_message *message)
{
	(void)context;
	(void)message;
	return -1;
}

static int read_message(void *context, const struct maildir_message *message, struct slice *bytes)
{
	struct box *box = context;

	box->reading++;
	*bytes = slice_of(bodies[message->unique[0] - '0']);
	return 0;
}

static void done_reading(void *context, struct slice bytes)
{
	struct box *box = context;

	(void)bytes;
	box->reading--;
}

/* The last message is cut while it is read. */
static bool is_intact(void *context, struct slice bytes)
{
	(void)context;
	return bytes.ptr != bodies[ARRAY_LEN(bodies) - 1];
}

static int remove_messages(
    void *context, const char *const *uniques, size_t count, struct error *error)
{
	struct box *box = context;

	(void)error;
	assert(box->quitting && box->removals == 0 && count > 0 && count <= ARRAY_LEN(bodies));
	for (size_t i = 1; i < count; i++)
		assert(strcmp(uniques[i - 1], uniques[i]) < 0); /* each one once */
	box->removals++;
	return 0;
}

static void close_box(void *context)
{
	struct box *box = context;

	assert(box->reading == 0);
	box->open--;
}

static enum pop3d_effect take_replies(struct pop3d *pop3d, enum pop3d_effect effect)
{
	for (;;) {
		struct slice replies = buf_slice(pop3d_replies(pop3d));

		if (effect != POP3D_SEND && effect != POP3D_BREAK)
			assert(replies.len >= 2 &&
			       memcmp(replies.ptr + replies.len - 2, "\r\n", 2) == 0);
		buf_reset(pop3d_replies(pop3d));
		if (effect != POP3D_SEND)
			break;
		effect = pop3d_send(pop3d);
	}
	if (effect != POP3D_START_TLS)
		return effect;
	pop3d_tls_started(pop3d);
	return POP3D_CONTINUE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_make((const char *)data, size);
	struct box box = {0};
	struct pop3d_options options = {
	    .hostname = "gw",
	    .tls_offered = true,
	    .mechanisms = mechanisms,
	    .sasl = {&box, login, scram_begin, scram_end, digest, NULL},
	    .hooks = {&box, open_box, message_size, read_message, done_reading, is_intact,
	        remove_messages, expire_days, close_box},
	};
	struct pop3d *pop3d = pop3d_new(&options);
	enum pop3d_effect effect = take_replies(pop3d, POP3D_CONTINUE);

	while (rest.len > 0 && effect != POP3D_CLOSE && effect != POP3D_BREAK) {
		struct slice line = slice_cut(&rest, '\n');

		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		box.quitting = slice_begins_nocase(line, "QUIT");
		effect = line.len > POP3D_LINE_MAX ? pop3d_line_too_long(pop3d)
		                                   : pop3d_line(pop3d, line);
		effect = take_replies(pop3d, effect);
	}
	box.quitting = false;
	pop3d_free(pop3d);
	assert(box.open == 0 && box.reading == 0);
	return 0;
}
