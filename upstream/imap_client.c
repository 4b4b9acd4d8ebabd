#include "upstream/imap_client.h"

#include "base/alloc.h"
#include "upstream/imap_response.h"
#include "upstream/imap_words.h"
#include "upstream/line_ends.h"

#define CHUNK_MAX 16384	       /* bytes of data handed out at a time; bare line feeds may double it */
#define SKIP_MAX (1u << 20)    /* limit of a literal that was not requested */
#define IMAP_GATHERED_MAX (256u << 10)
#define OUT_MAX (IMAP_PENDING_MAX * (IMAP_SET_MAX + 200))

static const struct {
	const char *format; /* %u: the UID, %s: the set */
	bool has_data;
} commands[] = {
    [IMAP_CAPABILITY] = {"CAPABILITY", false},
    [IMAP_SELECT] = {"SELECT %s", false},
    [IMAP_LIST] = {"UID FETCH %s (UID RFC822.SIZE FLAGS)", false},
    [IMAP_FIND] = {"UID SEARCH RETURN (ALL) UID 1:%u", false},
    [IMAP_COMPRESS] = {"COMPRESS DEFLATE", false},
    [IMAP_HEADER] = {"UID FETCH %u (UID BODY.PEEK[HEADER])", true},
    [IMAP_TOP] = {"UID FETCH %u (UID BODY.PEEK[HEADER] BODY.PEEK[TEXT]<0.3000>)", true},
    [IMAP_MESSAGE] = {"UID FETCH %u (UID BODY.PEEK[])", true},
    [IMAP_REST] = {"UID FETCH %u (UID BODY.PEEK[]<%s>)", true},
    [IMAP_PARTS] = {"UID FETCH %u (UID %s)", true},
    [IMAP_STRUCTURE] = {"UID FETCH %u (UID BODYSTRUCTURE)", false},
    [IMAP_DELETE] = {"UID STORE %u +FLAGS.SILENT (\\Deleted)", false},
    [IMAP_EXPUNGE] = {"UID EXPUNGE %s", false},
    [IMAP_EXPUNGE_ALL] = {"EXPUNGE", false},
    [IMAP_NOOP] = {"NOOP", false},
    [IMAP_EXAMINE] = {"EXAMINE %s", false},
    [IMAP_NOTIFY] = {"NOTIFY SET %s", false},
    [IMAP_IDLE] = {"IDLE", false},
    [IMAP_FOLDERS] = {"LIST \"\" %s", false},
    [IMAP_LOGOUT] = {"LOGOUT", false},
};

void imap_client_init(struct imap_client *client)
{
	*client = (struct imap_client){
	    .state = IMAP_AT_LINE,
	    .gathered = BUF_INIT(IMAP_GATHERED_MAX),
	    .line = BUF_INIT(IMAP_LINE_MAX),
	    .data = BUF_INIT(4 * CHUNK_MAX),
	    .out = BUF_INIT(OUT_MAX),
	};
	line_reader_init(&client->lines, IMAP_LINE_MAX);
}

void imap_client_clear(struct imap_client *client)
{
	line_reader_clear(&client->lines);
	buf_clear(&client->gathered);
	buf_clear(&client->line);
	buf_clear(&client->data);
	buf_clear(&client->out);
}

static void add_command(struct buf *out, const char *format, uint32_t uid, struct slice set)
{
	struct slice rest = slice_of(format);

	while (rest.len > 0) {
		buf_append_slice(out, slice_cut(&rest, '%'));
		if (rest.len == 0)
			break;
		if (rest.ptr[0] == 'u')
			buf_printf(out, "%u", uid);
		else
			buf_append_slice(out, set);
		rest = slice_from(rest, 1);
	}
}

bool imap_client_send(struct imap_client *client, enum imap_command command, uint32_t uid,
    struct slice set)
{
	size_t at = (client->first + client->count) % IMAP_PENDING_MAX;

	if (client->count == IMAP_PENDING_MAX || set.len > IMAP_SET_MAX)
		return false;
	client->pending[at].command = command;
	client->pending[at].uid = uid;
	client->pending[at].has_data = false;
	client->watches = client->watches || command == IMAP_EXAMINE;
	buf_printf(&client->out, "L%u ", client->next_tag + (uint32_t)client->count);
	client->count++;
	add_command(&client->out, commands[command].format, uid, set);
	buf_append_text(&client->out, "\r\n");
	return true;
}

void imap_client_end_idle(struct imap_client *client)
{
	buf_append_text(&client->out, "DONE\r\n");
}

static enum imap_what broken(struct imap_client *client, struct imap_event *event, struct slice text)
{
	client->state = IMAP_BROKEN;
	event->text = text;
	return event->what = IMAP_GARBAGE;
}

/* --- untagged responses */

/* The pending command that waits for the data of this message; with uid 0 (not sent yet) the oldest one that
 * waits. Returns its index in the ring, -1 if there is none. */
static ptrdiff_t find_owner(const struct imap_client *client, uint64_t uid)
{
	for (size_t i = 0; i < client->count; i++) {
		size_t at = (client->first + i) % IMAP_PENDING_MAX;

		if (commands[client->pending[at].command].has_data && !client->pending[at].has_data &&
		    (uid == 0 || client->pending[at].uid == uid))
			return (ptrdiff_t)at;
	}
	return -1;
}

/* Data follows, in the response that begins with these attributes. Returns false if no command
 * waits for it. */
static bool find_data_owner(struct imap_client *client, struct slice attributes)
{
	uint64_t uid = 0;
	ptrdiff_t at;

	if (client->in_data)
		return true;
	imap_words_find_number(attributes, "UID", UINT32_MAX, &uid);
	at = imap_words_have(attributes, "BODY[") ? find_owner(client, uid) : -1;
	if (at >= 0)
		client->owner = (size_t)at;
	return at >= 0;
}

static void name_owner(const struct imap_client *client, struct imap_event *event)
{
	event->command = client->pending[client->owner].command;
	event->number = client->pending[client->owner].uid;
}

/* The part that the line announces: the last one. */
static struct slice section_of(struct slice line)
{
	ptrdiff_t open = slice_find_last(line, '['), end;

	line = open < 0 ? SLICE_NONE : slice_from(line, (size_t)open + 1);
	end = slice_find(line, ']');
	return end < 0 ? SLICE_NONE : slice_make(line.ptr, (size_t)end);
}

static enum imap_what begin_data(struct imap_client *client, struct slice line, struct imap_event *event)
{
	bool has_parts = client->pending[client->owner].command == IMAP_PARTS;

	event->text = has_parts ? section_of(line) : SLICE_NONE;
	if (client->in_data) { /* a second part, of the same message */
		name_owner(client, event);
		return has_parts ? (event->what = IMAP_SECTION) : IMAP_NEED;
	}
	client->in_data = true;
	client->after_cr = false;
	name_owner(client, event);
	event->size = client->literal_size;
	return event->what = IMAP_DATA_BEGIN;
}

/* The text after a literal: the end of the response, or its next item. Anything else means that the literal was longer
 * than announced. */
static bool goes_on_behind_literal(struct slice rest)
{
	if (slice_is(slice_trim(rest), ")"))
		return true;
	if (rest.len < 3 || rest.ptr[0] != ' ' || rest.ptr[rest.len - 1] != ')')
		return false;
	for (size_t i = 1; i < rest.len && rest.ptr[i] != ' ' && rest.ptr[i] != '['; i++)
		if (!(rest.ptr[i] >= 'A' && rest.ptr[i] <= 'Z') && !(rest.ptr[i] >= 'a' && rest.ptr[i] <= 'z') &&
		    !(rest.ptr[i] >= '0' && rest.ptr[i] <= '9') && rest.ptr[i] != '.' && rest.ptr[i] != '-')
			return false;
	return true;
}

/* The rest of the response may show that it was another message. */
static enum imap_what end_data(struct imap_client *client, struct slice attributes, struct imap_event *event)
{
	uint64_t uid;

	name_owner(client, event);
	event->ok = !imap_words_find_number(attributes, "UID", UINT32_MAX, &uid) || uid == event->number;
	client->pending[client->owner].has_data = true;
	client->in_data = false;
	client->closed_early = slice_is(slice_trim(attributes), ")");
	return event->what = IMAP_DATA_END;
}

/* A short body may come as a quoted string. */
static bool quoted_body(struct slice attributes, struct buf *out)
{
	for (size_t at = 0; at + 1 < attributes.len; at++) {
		struct slice rest = slice_from(attributes, at);

		if (!imap_words_take(&rest, "] \""))
			continue;
		for (size_t i = 0; i < rest.len && rest.ptr[i] != '"'; i++) {
			if (rest.ptr[i] == '\\' && i + 1 < rest.len)
				i++;
			buf_append_byte(out, rest.ptr[i]);
		}
		return true;
	}
	return false;
}

static enum imap_what fetch_response(struct imap_client *client, struct slice attributes,
    struct imap_event *event)
{
	uint64_t number;

	if (imap_client_is_oldest(client, IMAP_STRUCTURE))
		return imap_response_structure(client, attributes, event);
	if (imap_words_have(attributes, "BODY[")) {
		buf_reset(&client->data);
		if (!find_data_owner(client, attributes) || !quoted_body(attributes, &client->data))
			return IMAP_NEED;
		client->quoted = QUOTED_DATA;
		client->literal_size = client->data.len;
		return begin_data(client, attributes, event);
	}
	if (!imap_client_is_oldest(client, IMAP_LIST) ||
	    !imap_words_find_number(attributes, "UID", UINT32_MAX, &number) || number == 0)
		return IMAP_NEED;
	event->number = (uint32_t)number;
	if (!imap_words_find_number(attributes, "RFC822.SIZE", UINT64_MAX, &event->size))
		event->size = 0;
	event->is_deleted = imap_words_have(attributes, "\\Deleted");
	return event->what = IMAP_LISTED;
}

static enum imap_what next_capability(struct imap_client *client, struct imap_event *event)
{
	struct slice rest = slice_from(buf_slice(&client->line), client->at), word;

	while (rest.len > 0) {
		word = slice_trim(slice_cut(&rest, ' '));
		if (word.len == 0)
			continue;
		client->at = client->line.len - rest.len;
		event->text = word;
		return event->what = IMAP_CAN;
	}
	buf_reset(&client->line);
	client->at = 0;
	return IMAP_NEED;
}

static enum imap_what untagged(struct imap_client *client, struct slice rest, struct imap_event *event)
{
	struct slice behind;
	uint64_t number;

	if (imap_words_take(&rest, "CAPABILITY ")) {
		buf_reset(&client->line);
		buf_append_slice(&client->line, rest);
		client->at = 0;
		return next_capability(client, event);
	}
	if (slice_begins_nocase(rest, "BYE") && !imap_client_is_oldest(client, IMAP_LOGOUT))
		return broken(client, event, rest);
	behind = rest;
	if (imap_words_take_number(&behind, UINT32_MAX, &number) && imap_words_take(&behind, " FETCH "))
		return fetch_response(client, behind, event);
	return imap_response_read(client, rest, event);
}

/* --- the reply */

static bool is_own_tag(const struct imap_client *client, struct slice word)
{
	uint64_t number;

	return word.len > 1 && word.ptr[0] == 'L' &&
	       slice_number(slice_from(word, 1), 0, UINT32_MAX, &number) &&
	       number == client->next_tag;
}

static enum imap_what tagged(struct imap_client *client, struct slice line, struct imap_event *event)
{
	struct slice rest = line, word = slice_cut(&rest, ' ');
	size_t at = client->first;

	if (client->count == 0 || !is_own_tag(client, word))
		return broken(client, event, line);
	word = slice_cut(&rest, ' ');
	client->closed_early = false;
	event->ok = slice_is_nocase(word, "OK");
	if (!event->ok && !slice_is_nocase(word, "NO") && !slice_is_nocase(word, "BAD"))
		return broken(client, event, line);
	event->text = slice_trim(rest);
	client->first = (client->first + 1) % IMAP_PENDING_MAX;
	client->count--;
	client->next_tag++;
	if (client->pending[at].has_data)
		return event->what = IMAP_DONE;
	/* Without data there is no message, even if the server replies OK. */
	event->ok = event->ok && !commands[client->pending[at].command].has_data;
	return event->what = IMAP_REPLY;
}

/* --- bytes */

/* The line before a literal, of the body or any other. */
static enum imap_what literal_follows(struct imap_client *client, struct slice line, uint64_t size,
    struct imap_event *event)
{
	bool is_wanted = find_data_owner(client, line);

	client->in_response = true;
	client->literal_left = size;
	if (is_wanted) {
		client->state = IMAP_IN_LITERAL;
		client->literal_size = size;
		return begin_data(client, line, event);
	}
	if (size > SKIP_MAX && !imap_words_have(line, "BODY["))
		return broken(client, event, line);
	client->state = IMAP_IN_SKIP;
	return IMAP_NEED;
}

/* A response that is read as a whole: of a part of it that did not fit nothing can be used. */
static enum imap_what gather(struct imap_client *client, struct slice line, bool is_cut, struct imap_event *event)
{
	uint64_t size;

	if (!client->gathers)
		buf_reset(&client->gathered);
	client->gathers = true;
	buf_append_slice(&client->gathered, line);
	client->is_cut = is_cut || client->gathered.overflow;
	if (!is_cut && imap_words_end_with_literal(line, &size)) {
		if (size > SKIP_MAX)
			return broken(client, event, line);
		buf_append_text(&client->gathered, "\r\n");
		client->in_response = true;
		client->literal_left = size;
		client->state = IMAP_IN_SKIP;
		return IMAP_NEED;
	}
	client->gathers = false;
	return untagged(client, slice_from(buf_slice(&client->gathered), 2), event);
}

static bool is_gathered(const struct imap_client *client, struct slice line)
{
	if (imap_client_is_oldest(client, IMAP_STRUCTURE) && slice_begins_nocase(line, "* ") && !client->in_response && imap_words_have(line, " FETCH ("))
		return true;
	return client->gathers || slice_begins_nocase(line, "* LIST ") || slice_begins_nocase(line, "* STATUS ");
}

/* In a text for people braces are ordinary characters. */
static bool is_data_response(struct slice line)
{
	static const char *const texts[] = {"OK", "NO", "BAD", "BYE", "PREAUTH", NULL};

	if (!imap_words_take(&line, "* "))
		return false;
	for (size_t i = 0; texts[i] != NULL; i++)
		if (slice_begins_nocase(line, texts[i]))
			return false;
	return true;
}

/* Xeams closes the parenthesis after the body and continues: " UID 12 FLAGS (\Seen) RFC822.SIZE 137)". Accepted only
 * with the requested UID and the received size; else it is the rest of a longer message. */
static bool is_tail(struct imap_client *client, struct slice line)
{
	uint64_t uid, size = client->literal_size;
	bool is_it = client->closed_early && line.len > 2 && line.ptr[0] == ' ' && line.ptr[line.len - 1] == ')' &&
		     imap_words_find_number(line, "UID", UINT32_MAX, &uid) && uid == client->pending[client->owner].uid &&
		     (!imap_words_have(line, "RFC822.SIZE") || imap_words_find_number(line, "RFC822.SIZE", UINT64_MAX, &size)) &&
		     size == client->literal_size;

	client->closed_early = false;
	return is_it;
}

static enum imap_what next_line(struct imap_client *client, struct slice *input, struct imap_event *event)
{
	struct slice line;
	enum line_result result = line_read(&client->lines, input, &line);
	bool goes_on = client->in_response;
	uint64_t size;

	if (result == LINE_MORE)
		return IMAP_NEED;
	if (result == LINE_ENDLESS)
		return broken(client, event, line);
	client->in_response = false;
	client->is_cut = result == LINE_CUT;
	if (is_gathered(client, line))
		return gather(client, line, result == LINE_CUT, event);
	if (result == LINE_WHOLE && (goes_on || is_data_response(line)) &&
	    imap_words_end_with_literal(line, &size))
		return literal_follows(client, line, size, event);
	if (goes_on && client->in_data && !goes_on_behind_literal(line))
		return broken(client, event, line);
	if (goes_on)
		return client->in_data ? end_data(client, line, event) : IMAP_NEED;
	if (slice_begins_nocase(line, "* "))
		return untagged(client, slice_from(line, 2), event);
	if (slice_begins_nocase(line, "+") && imap_client_is_oldest(client, IMAP_IDLE))
		return IMAP_NEED;
	if (slice_begins_nocase(line, "+"))
		return broken(client, event, line); /* no other command that we send needs more */
	if (is_tail(client, line))
		return IMAP_NEED;
	return tagged(client, line, event);
}

static enum imap_what next_literal(struct imap_client *client, struct slice *input, struct imap_event *event)
{
	size_t len = input->len < CHUNK_MAX ? input->len : CHUNK_MAX;
	struct slice raw;

	if (client->literal_left == 0) {
		client->state = IMAP_AT_LINE;
		return IMAP_NEED;
	}
	if (len > client->literal_left)
		len = (size_t)client->literal_left;
	if (len == 0)
		return IMAP_NEED;
	client->literal_left -= len;
	buf_reset(&client->data);
	if (client->state == IMAP_IN_LITERAL)
		line_ends_mend(&client->after_cr, slice_make(input->ptr, len), &client->data);
	raw = slice_make(input->ptr, len);
	*input = slice_from(*input, len);
	if (client->gathers)
		buf_append_slice(&client->gathered, raw);
	if (client->state == IMAP_IN_SKIP)
		return IMAP_NEED;
	name_owner(client, event);
	event->text = buf_slice(&client->data);
	event->raw = raw;
	return event->what = IMAP_DATA;
}

static enum imap_what next_quoted(struct imap_client *client, struct imap_event *event)
{
	if (client->quoted == QUOTED_END) {
		client->quoted = NO_QUOTED;
		return end_data(client, SLICE_NONE, event);
	}
	client->quoted = QUOTED_END;
	name_owner(client, event);
	event->text = event->raw = buf_slice(&client->data);
	return event->what = IMAP_DATA;
}

static enum imap_what step(struct imap_client *client, struct slice *input, struct imap_event *event)
{
	if (client->line.len > 0)
		return next_capability(client, event);
	if (client->quoted != NO_QUOTED) /* announced by the previous call */
		return next_quoted(client, event);
	return client->state == IMAP_AT_LINE ? next_line(client, input, event)
					     : next_literal(client, input, event);
}

enum imap_what imap_client_next(struct imap_client *client, struct slice *input, struct imap_event *event)
{
	*event = (struct imap_event){.what = IMAP_NEED};
	if (client->state == IMAP_BROKEN)
		return event->what = IMAP_GARBAGE;
	for (;;) {
		if (client->count > 0) {
			event->command = client->pending[client->first].command;
			event->number = client->pending[client->first].uid;
		}
		if (step(client, input, event) != IMAP_NEED)
			return event->what;
		if (input->len == 0 && client->line.len == 0 && client->quoted == NO_QUOTED &&
		    (client->state == IMAP_AT_LINE || client->literal_left > 0))
			return IMAP_NEED;
	}
}
