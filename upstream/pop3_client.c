#include "upstream/pop3_client.h"

/* Bytes of data handed out at a time; bare line feeds may double them. */
#define CHUNK_MAX 16384
#define OUT_MAX (POP3_PENDING_MAX * 64)

static const struct {
	const char *verb;
	bool has_number;
	enum pop3_state after_ok;
} commands[] = {
    [POP3_CAPA] = {"CAPA", false, POP3_IN_LISTING},
    [POP3_STAT] = {"STAT", false, POP3_AT_REPLY},
    [POP3_UIDL] = {"UIDL", false, POP3_IN_LISTING},
    [POP3_LIST] = {"LIST", false, POP3_IN_LISTING},
    [POP3_TOP] = {"TOP", true, POP3_IN_MESSAGE},
    [POP3_RETR] = {"RETR", true, POP3_IN_MESSAGE},
    [POP3_DELE] = {"DELE", true, POP3_AT_REPLY},
    [POP3_NOOP] = {"NOOP", false, POP3_AT_REPLY},
    [POP3_QUIT] = {"QUIT", false, POP3_AT_REPLY},
};

void pop3_client_init(struct pop3_client *client)
{
	*client = (struct pop3_client){
	    .state = POP3_AT_REPLY,
	    .data = BUF_INIT(4 * CHUNK_MAX),
	    .out = BUF_INIT(OUT_MAX),
	};
	line_reader_init(&client->lines, POP3_LINE_MAX);
}

void pop3_client_clear(struct pop3_client *client)
{
	line_reader_clear(&client->lines);
	buf_clear(&client->data);
	buf_clear(&client->out);
}

bool pop3_client_send(struct pop3_client *client, enum pop3_command command, uint32_t number,
    unsigned lines)
{
	size_t at = (client->first + client->count) % POP3_PENDING_MAX;

	if (client->count == POP3_PENDING_MAX)
		return false;
	client->pending[at].command = command;
	client->pending[at].number = number;
	client->count++;
	buf_append_text(&client->out, commands[command].verb);
	if (commands[command].has_number)
		buf_printf(&client->out, " %u", number);
	if (command == POP3_TOP)
		buf_printf(&client->out, " %u", lines);
	buf_append_text(&client->out, "\r\n");
	return true;
}

static void answered(struct pop3_client *client)
{
	client->first = (client->first + 1) % POP3_PENDING_MAX;
	client->count--;
	client->state = POP3_AT_REPLY;
}

static enum pop3_what broken(struct pop3_client *client, struct pop3_event *event)
{
	client->state = POP3_BROKEN;
	return event->what = POP3_GARBAGE;
}

/* The word +OK or -ERR alone or before a blank; nothing else is a reply. */
static bool reply_word(struct slice line, const char *word, struct slice *text)
{
	size_t len = strlen(word);

	if (!slice_begins_nocase(line, word) ||
	    (line.len > len && line.ptr[len] != ' ' && line.ptr[len] != '\t'))
		return false;
	*text = slice_trim(slice_from(line, len));
	return true;
}

static enum pop3_what next_reply(struct pop3_client *client, struct slice *input,
    struct pop3_event *event)
{
	enum line_result result = line_read(&client->lines, input, &event->text);
	struct slice line = event->text;

	if (result == LINE_MORE)
		return POP3_NEED;
	if (client->count == 0 || result == LINE_ENDLESS)
		return broken(client, event);
	event->ok = reply_word(line, "+OK", &event->text);
	if (!event->ok && !reply_word(line, "-ERR", &event->text))
		return broken(client, event);
	if (event->ok && commands[event->command].after_ok != POP3_AT_REPLY) {
		client->state = commands[event->command].after_ok;
		dot_reader_init(&client->dots);
	} else {
		answered(client);
	}
	return event->what = POP3_REPLY;
}

static enum pop3_what next_line(struct pop3_client *client, struct slice *input,
    struct pop3_event *event)
{
	enum line_result result = line_read(&client->lines, input, &event->text);

	if (result == LINE_MORE)
		return POP3_NEED;
	if (result == LINE_ENDLESS)
		return broken(client, event);
	if (slice_is(event->text, ".")) {
		answered(client);
		return event->what = POP3_END;
	}
	event->cut = result == LINE_CUT;
	if (event->text.len > 0 && event->text.ptr[0] == '.')
		event->text = slice_from(event->text, 1);
	return event->what = POP3_LINE;
}

/* The only place where a bare LF of the provider becomes CRLF. dot_read() returns CR and LF of a
 * line end together, so a LF at the start of the chunk is bare. */
static void mend_line_ends(struct buf *data)
{
	struct buf mended = BUF_INIT(data->limit);
	struct slice rest = buf_slice(data);
	bool after_cr = false;

	while (rest.len > 0) {
		ptrdiff_t at = slice_find(rest, '\n');
		size_t len = at < 0 ? rest.len : (size_t)at;

		buf_append(&mended, rest.ptr, len);
		after_cr = len > 0 && rest.ptr[len - 1] == '\r';
		if (at >= 0)
			buf_append_text(&mended, after_cr ? "\n" : "\r\n");
		rest = slice_from(rest, at < 0 ? len : len + 1);
	}
	buf_clear(data);
	*data = mended;
}

static enum pop3_what next_data(struct pop3_client *client, struct slice *input,
    struct pop3_event *event)
{
	while (client->dots.state != DOT_END && input->len > 0) {
		struct slice chunk = slice_make(input->ptr,
		    input->len < CHUNK_MAX ? input->len : CHUNK_MAX);
		size_t before = chunk.len;

		buf_reset(&client->data);
		dot_read(&client->dots, &chunk, &client->data);
		*input = slice_from(*input, before - chunk.len);
		if (client->data.len == 0)
			continue;
		if (client->dots.bare_lf)
			mend_line_ends(&client->data);
		event->text = buf_slice(&client->data);
		return event->what = POP3_DATA;
	}
	if (client->dots.state != DOT_END)
		return POP3_NEED;
	answered(client);
	return event->what = POP3_END;
}

enum pop3_what pop3_client_next(struct pop3_client *client, struct slice *input,
    struct pop3_event *event)
{
	*event = (struct pop3_event){.what = POP3_NEED};
	if (client->state == POP3_BROKEN)
		return event->what = POP3_GARBAGE;
	if (client->count > 0) {
		event->command = client->pending[client->first].command;
		event->number = client->pending[client->first].number;
	}
	/* The final dot may have been the last byte of the input. */
	if (client->state == POP3_IN_MESSAGE)
		return next_data(client, input, event);
	if (input->len == 0)
		return POP3_NEED;
	return client->state == POP3_IN_LISTING ? next_line(client, input, event)
						: next_reply(client, input, event);
}
