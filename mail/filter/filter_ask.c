#include "mail/filter/filter_ask.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "base/net/frame.h"
#include "base/net/pass_fd.h"
#include "base/process/sealed.h"
#include "config/scanner_url.h"
#include "spool/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUEUE_MS 60000 /* a question may wait for those before it */

/* The file that marks the line (spool/layout.h) is there from before it comes up until it is down. */
static unsigned line_state(const struct conf *conf)
{
	bool matters = false, is_up;
	char *path;

	for (size_t i = 0; i < conf->scanner_count; i++)
		matters = matters || conf->scanners[i].needs_line;
	if (!matters)
		return 0;
	path = layout_line_up(SPOOL_OF(conf));
	is_up = access(path, F_OK) == 0;
	free(path);
	return is_up ? 0 : CONF_LINE_DOWN;
}

static bool is_for(const struct conf_scanner *scanner, unsigned sources)
{
	return (scanner->on & sources) != 0;
}

bool filter_ask_is_wanted(const struct conf *conf, unsigned sources)
{
	for (size_t i = 0; i < conf->scanner_count; i++)
		if (is_for(&conf->scanners[i], sources))
			return true;
	return conf_forbids_attachments(conf, sources);
}

/* Each scanner may take its whole time, for the messages that are scanned now and for this one. */
static int64_t patience_ms(const struct conf *conf, unsigned sources)
{
	int64_t seconds = 0;

	for (size_t i = 0; i < conf->scanner_count; i++)
		if (is_for(&conf->scanners[i], sources))
			seconds += conf->scanners[i].timeout;
	return 2 * seconds * 1000 + QUEUE_MS;
}

/* --- asking */

static void hang_up(struct filter_ticket *ticket)
{
	if (ticket->fd >= 0)
		close(ticket->fd);
	ticket->fd = -1;
}

static int hand_over(const struct filter_ticket *ticket, struct slice bytes, int end, struct error *error)
{
	struct pollfd room = {.fd = ticket->socket, .events = POLLOUT};

	for (;;) {
		if (pass_fd_send(ticket->socket, bytes, end, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return error_errno(error, N_("cannot communicate with the %s process"), "filter");
		if (clock_left_ms(ticket->deadline) == 0)
			return error_set(error, ERROR_TEMPORARY, N_("the %s process does not answer"), "filter");
		poll(&room, 1, clock_left_ms(ticket->deadline));
	}
}

/* Only a request that is sent before anybody reads needs more room than there is. */
static int make_pair(bool is_within, int pair[2], struct error *error)
{
	if (!is_within)
		return frame_pair(pair, error);
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0 ? 0 : error_errno(error, N_("cannot make a socket pair"));
}

static int ask(struct filter_ticket *ticket, struct error *error)
{
	bool is_within = ticket->file < 0;
	struct slice body = buf_slice(&ticket->request), question = is_within ? body : SLICE_LITERAL(FILTER_FOLLOWS);
	const struct frame frame = {.kind = ticket->kind, .parts = &body, .count = 1, .passed = ticket->file};
	const struct frame_wait wait = {.deadline = ticket->deadline};
	int pair[2], result;

	if (make_pair(is_within, pair, error) != 0)
		return -1;
	ticket->fd = pair[0];
	/* The request first: when the process takes the question, all of it is there. */
	result = is_within || frame_send(pair[0], &frame, wait) == FRAME_OK ? 0
		     : error_set(error, ERROR_TEMPORARY, N_("the %s process does not answer"), "filter");
	if (result == 0)
		result = hand_over(ticket, question, pair[1], error);
	close(pair[1]);
	if (result != 0)
		hang_up(ticket);
	return result;
}

static int open_message(const struct filter_question *question, struct error *error)
{
	int fd;

	if (question->path == NULL)
		return sealed_new("lanpost-message", question->message, error);
	fd = open(question->path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : error_errno(error, N_("cannot open %s"), question->path);
}

/* is_within: the message, too: a file in memory would cost more than its bytes once more. */
static void put_request(enum filter_kind kind, const struct filter_question *question, struct buf *request, bool *is_within)
{
	const unsigned sources = question->sources | line_state(question->conf);
	struct buf facts = BUF_INIT(FILTER_REQUEST_MAX);

	scan_facts_write(question->facts, &facts);
	frame_put(request, FILTER_SOURCES, slice_make((const char *)&sources, sizeof(sources)));
	frame_put(request, FILTER_FACTS, buf_slice(&facts));
	buf_clear(&facts);
	*is_within = kind == FILTER_SCAN && question->path == NULL && question->message.len > 0 && request->len + question->message.len <= FILTER_SMALL_MAX;
	if (*is_within)
		frame_put(request, FILTER_MESSAGE, question->message);
}

static void begin(struct filter_ticket *ticket, enum filter_kind kind, const struct filter_question *question)
{
	bool is_within;

	ticket->kind = kind;
	ticket->is_wanted = true;
	ticket->conf = question->conf;
	ticket->socket = question->socket;
	ticket->sources = question->sources;
	ticket->deadline = clock_now_ms() + patience_ms(question->conf, question->sources);
	buf_init(&ticket->request, FILTER_REQUEST_MAX);
	put_request(kind, question, &ticket->request, &is_within);
	ticket->file = is_within ? -1 : open_message(question, &ticket->error);
	if (is_within || ticket->file >= 0)
		ask(ticket, &ticket->error);
}

void filter_ask_begin(struct filter_ticket *ticket, const struct filter_question *question)
{
	*ticket = (struct filter_ticket)FILTER_TICKET_NONE;
	if (filter_ask_is_wanted(question->conf, question->sources))
		begin(ticket, FILTER_SCAN, question);
}

/* --- the answer */

bool filter_ask_is_ready(const struct filter_ticket *ticket)
{
	struct pollfd polled = {.fd = ticket->fd, .events = POLLIN};

	return ticket->fd < 0 || poll(&polled, 1, 0) != 0 || clock_left_ms(ticket->deadline) == 0;
}

/* A verdict that nobody has given. */
static void not_scanned(const struct filter_ticket *ticket, struct scan_verdict *verdict)
{
	*verdict = (struct scan_verdict){0};
	for (size_t i = 0; i < ticket->conf->scanner_count; i++) {
		const struct conf_scanner *scanner = &ticket->conf->scanners[i];

		if (!is_for(scanner, ticket->sources))
			continue;
		verdict->away |= scanner_url_looks_for(scanner_url_of(scanner->url).kind);
		verdict->waits = verdict->waits || scanner->when_away == AWAY_WAIT;
	}
	if (conf_forbids_attachments(ticket->conf, ticket->sources)) {
		verdict->away |= SCAN_ATTACHMENT;
		verdict->waits = verdict->waits || ticket->conf->filter.attachments != VIRUS_TAG;
	}
	memcpy(verdict->reason, ticket->error.phrase, sizeof(verdict->reason));
}

/* The verdict comes first. */
static bool read_answer(struct slice body, void *answer)
{
	struct scan_verdict *verdict = answer;
	struct slice text, cuts;
	char tag, second;

	return frame_take(&body, &tag, &text) && tag == FILTER_VERDICT && frame_take(&body, &second, &cuts) && second == FILTER_CUTS &&
	       body.len == 0 && scan_verdict_read(text, verdict) && scan_cuts_read(cuts, &verdict->cuts);
}

/* *answer is a struct scan_verdict, or a struct filter_lesson. */
typedef bool (*read_fn)(struct slice body, void *answer);

static enum frame_result receive(struct filter_ticket *ticket, const atomic_bool *cancel, read_fn read, void *answer)
{
	struct buf body = BUF_INIT(FILTER_ANSWER_MAX);
	enum frame_result result = FRAME_CLOSED;
	uint32_t kind = 0;

	if (ticket->fd < 0)
		return FRAME_CLOSED;
	result = frame_receive(ticket->fd, &kind, &body, NULL, (struct frame_wait){ticket->deadline, cancel});
	if (result == FRAME_OK && (kind != ticket->kind || !read(buf_slice(&body), answer)))
		result = FRAME_CLOSED;
	if (result == FRAME_CANCELLED)
		error_set(&ticket->error, ERROR_CANCELLED, N_("cancelled"));
	else if (result != FRAME_OK)
		error_set(&ticket->error, ERROR_TEMPORARY, N_("the %s process does not answer"), "filter");
	buf_clear(&body);
	hang_up(ticket);
	return result;
}

void filter_ask_drop(struct filter_ticket *ticket)
{
	hang_up(ticket);
	if (ticket->file >= 0)
		close(ticket->file);
	buf_clear(&ticket->request);
	*ticket = (struct filter_ticket)FILTER_TICKET_NONE;
}

/* When the process dies with a question, it is asked once more. */
static enum frame_result finish(struct filter_ticket *ticket, const atomic_bool *cancel, read_fn read, void *answer)
{
	bool was_asked = ticket->fd >= 0;
	enum frame_result result = receive(ticket, cancel, read, answer);

	if (result == FRAME_CLOSED && was_asked && ask(ticket, &ticket->error) == 0)
		result = receive(ticket, cancel, read, answer);
	return result;
}

void filter_ask_end(struct filter_ticket *ticket, const atomic_bool *cancel, struct scan_verdict *verdict)
{
	*verdict = (struct scan_verdict){0};
	if (ticket->is_wanted && finish(ticket, cancel, read_answer, verdict) != FRAME_OK)
		not_scanned(ticket, verdict);
	filter_ask_drop(ticket);
}

/* --- learning */

static bool read_text(struct slice value, char *out, size_t size)
{
	if (value.len >= size || memchr(value.ptr, '\0', value.len) != NULL)
		return false;
	memcpy(out, value.ptr, value.len);
	out[value.len] = '\0';
	return true;
}

static bool read_lesson(struct slice body, void *answer)
{
	struct filter_lesson *lesson = answer;
	struct slice learned, names, reason;
	char first, second, third;
	unsigned number;

	if (!frame_take(&body, &first, &learned) || first != FILTER_LEARNED || learned.len != sizeof(number) ||
	    !frame_take(&body, &second, &names) || second != FILTER_NAMES || !frame_take(&body, &third, &reason) || third != FILTER_REASON)
		return false;
	memcpy(&number, learned.ptr, sizeof(number));
	lesson->learned = (enum filter_learned)number;
	return body.len == 0 && number < LEARNED_COUNT && read_text(names, lesson->names, sizeof(lesson->names)) &&
	       read_text(reason, lesson->reason, sizeof(lesson->reason));
}

void filter_ask_learn(const struct filter_question *question, bool is_spam, const atomic_bool *cancel, struct filter_lesson *lesson)
{
	struct filter_ticket ticket = FILTER_TICKET_NONE;

	*lesson = (struct filter_lesson){0};
	begin(&ticket, is_spam ? FILTER_LEARN_SPAM : FILTER_LEARN_HAM, question);
	if (finish(&ticket, cancel, read_lesson, lesson) != FRAME_OK) {
		*lesson = (struct filter_lesson){.learned = LEARNED_LATER};
		memcpy(lesson->reason, ticket.error.phrase, sizeof(lesson->reason));
	}
	filter_ask_drop(&ticket);
}
