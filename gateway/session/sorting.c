#include "gateway/session/sorting.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/net/frame.h"
#include "gateway/session/sorting_priv.h"
#include "mail/route.h"
#include "message/addr.h"
#include "message/header.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define RAW_MAX 400
#define ANSWER_MS 300000 /* for a busy machine */
#define ATTEMPTS 2 /* attempts per message, each with another worker */

int sorting_start(struct sorting *sorting, struct conf *conf, const atomic_bool *cancel, struct error *error)
{
	const struct helper_job job = {
	    .name = "sorter", .serve = sorting_serve, .context = sorting, .most = 2 * conf->account_count + 4};

	*sorting = (struct sorting){.conf = conf, .cancel = cancel, .sorter = sorter_new(conf, error)};
	if (sorting->sorter == NULL)
		return -1;
	if (helper_start(&sorting->helper, &job, error) == 0)
		return 0;
	sorter_free(sorting->sorter);
	return -1;
}

void sorting_stop(struct sorting *sorting)
{
	helper_stop(&sorting->helper);
	sorter_free(sorting->sorter);
}

void sorting_begin(struct sorting_worker *worker, struct sorting *sorting, const struct conf_account *account)
{
	*worker = (struct sorting_worker){sorting, account, CONVERSATION_NONE};
}

void sorting_hang_up(struct sorting_worker *worker)
{
	helper_hang_up(&worker->conversation);
}

/* --- asking */

/* A worker that has crashed or is compromised is not used again. */
static enum sorting_outcome give_up(struct sorting_worker *worker, enum frame_result result, struct error *error)
{
	helper_kill(&worker->sorting->helper, &worker->conversation);
	if (result == FRAME_CANCELLED) {
		error_set(error, ERROR_CANCELLED, N_("cancelled"));
		return SORTING_IMPOSSIBLE;
	}
	log_warnx("event=message-not-sorted account=%s reason=%s", LOG_CSTR(worker->account->name),
	    result == FRAME_TIMEOUT ? "time" : "death");
	return SORTING_UNANSWERED;
}

static enum frame_result ask_worker(struct sorting_worker *worker, const struct frame *request, struct buf *answer)
{
	const struct frame_wait wait = {clock_now_ms() + ANSWER_MS, worker->sorting->cancel};
	enum frame_result result = frame_send(worker->conversation.fd, request, wait);
	uint32_t got = 0;

	if (result == FRAME_OK)
		result = frame_receive(worker->conversation.fd, &got, answer, NULL, wait);
	return result == FRAME_OK && got != request->kind ? FRAME_CLOSED : result;
}

enum sorting_outcome sorting_exchange(struct sorting_worker *worker, const struct frame *request, struct buf *answer, struct error *error)
{
	enum frame_result result = FRAME_CLOSED;

	for (int attempt = 1; attempt <= ATTEMPTS && result != FRAME_OK && result != FRAME_CANCELLED; attempt++) {
		if (attempt > 1) {
			helper_kill(&worker->sorting->helper, &worker->conversation);
			log_warnx("event=sorter-replaced account=%s reason=%s", LOG_CSTR(worker->account->name),
			    result == FRAME_TIMEOUT ? "time" : "death");
		}
		if (worker->conversation.fd < 0 && helper_converse(&worker->sorting->helper, &worker->conversation, error) != 0)
			return SORTING_IMPOSSIBLE;
		result = ask_worker(worker, request, answer);
	}
	return result == FRAME_OK ? SORTING_ANSWERED : give_up(worker, result, error);
}

void sorting_put_head(struct buf *head, char tag, size_t len)
{
	const uint32_t size = (uint32_t)len;

	buf_append_byte(head, tag);
	buf_append(head, &size, sizeof(size));
}

/* --- one message */

/* Raw, not decoded: enough to find the message by it. */
static char *raw_field(struct slice message, const char *name)
{
	struct header_field field = {.body = SLICE_NONE};
	char *text = xmalloc(RAW_MAX);

	header_find(message, name, &field);
	return str_printable(text, RAW_MAX, slice_trim(field.body));
}

/* Data of a message that is known without parsing it. */
static void decide_without(struct sorting_worker *worker, struct slice message, struct envelope *envelope, struct sorting_result *result)
{
	struct sorter_decision decision;

	for (int i = 0; i < SHOWN_COUNT; i++)
		envelope->shown[i] = raw_field(message, i == SHOWN_ID ? "Message-ID" : i == SHOWN_SUBJECT ? "Subject" : "");
	sorter_decide_unsorted(worker->sorting->conf, worker->account,
	    PHRASE(N_("the message could not be sorted: two sorting processes, one after the "
	        "other, crashed on it or took too long")), &decision);
	sorter_fill(worker->sorting->conf, SLICE_NONE, envelope, &decision);
	decision_clear(&decision);
	*result = (struct sorting_result){.failed = true};
}

/* One address per field, and only if the account says that the provider notes them. */
static bool read_named(const struct sorting_worker *worker, struct envelope *envelope, struct slice value)
{
	char text[ADDR_TEXT_MAX];
	struct addr addr;

	if (worker->account->envelope_header[0] == '\0' || envelope->recipients.count >= SORTING_NAMED_MAX || !addr_parse(value, &addr))
		return false;
	strlist_add(&envelope->recipients, addr_text(text, sizeof(text), &addr));
	return true;
}

static bool read_shown(struct envelope *envelope, int which, struct slice value)
{
	char *text;

	if (value.len >= SORTING_SHOWN_MAX || envelope->shown[which] != NULL)
		return false;
	text = xmalloc(value.len + 1);
	str_printable(text, value.len + 1, value); /* a second safeguard: it is already printable */
	envelope->shown[which] = text;
	return true;
}

/* Returns false for anything but one valid answer. */
static bool read_answer(struct sorting_worker *worker, struct slice message, struct slice rest, struct envelope *envelope,
    struct sorter_decision *decision)
{
	bool has_decision = false, good = true;
	struct slice value;
	char tag;

	while (good && frame_take(&rest, &tag, &value)) {
		if (tag == SORTING_NAMED) {
			good = read_named(worker, envelope, value);
		} else if (tag == SORTING_DECISION && !has_decision) {
			has_decision = good = decision_read(worker->sorting->conf, message, value, decision);
		} else {
			good = tag >= SORTING_SHOWN && tag < SORTING_SHOWN + SHOWN_COUNT && read_shown(envelope, tag - SORTING_SHOWN, value);
		}
	}
	for (int i = 0; i < SHOWN_COUNT; i++)
		good = good && envelope->shown[i] != NULL;
	if (has_decision && (!good || rest.len > 0))
		decision_clear(decision);
	return good && has_decision && rest.len == 0;
}

static void forget_answer(struct envelope *envelope)
{
	strlist_clear(&envelope->recipients);
	for (int i = 0; i < SHOWN_COUNT; i++) {
		free(envelope->shown[i]);
		envelope->shown[i] = NULL;
	}
}

static void fill(struct sorting_worker *worker, const struct fetch_arrival *arrival, struct envelope *envelope,
    const struct sorter_decision *decision, struct sorting_result *result)
{
	*result = (struct sorting_result){.is_copy = arrival->is_copy && envelope->recipients.count == 0};
	if (result->is_copy)
		return;
	if (decision->dropped_by != NULL)
		envelope_omit(envelope, SLICE_NONE, slice_of(decision->dropped_by));
	sorter_fill(worker->sorting->conf, arrival->message, envelope, decision);
}

/* file: contains the message, -1: none */
static enum sorting_outcome ask(struct sorting_worker *worker, const struct envelope *envelope, const struct fetch_arrival *arrival, int file,
    struct buf *answer, struct error *error)
{
	struct buf head = BUF_INIT(4096 + SCAN_TEXT_MAX), verdict = BUF_INIT(SCAN_TEXT_MAX);
	struct slice message = arrival->message;
	struct slice parts[2];
	struct frame request = {.kind = SORTING_SORT, .parts = parts, .count = file < 0 ? 2 : 1, .passed = file};
	enum sorting_outcome result;

	frame_put(&head, SORTING_ACCOUNT, slice_of(worker->account->name));
	if (arrival->folder != NULL)
		frame_put(&head, SORTING_FOLDER, slice_of(arrival->folder));
	frame_put(&head, SORTING_TIME, slice_make((const char *)&envelope->time, sizeof(envelope->time)));
	if (arrival->verdict != NULL)
		scan_verdict_write(arrival->verdict, &verdict);
	if (verdict.len > 0)
		frame_put(&head, SORTING_VERDICT, buf_slice(&verdict));
	buf_clear(&verdict);
	if (file < 0)
		sorting_put_head(&head, SORTING_MESSAGE, message.len);
	parts[0] = buf_slice(&head);
	parts[1] = message;
	result = sorting_exchange(worker, &request, answer, error);
	buf_clear(&head);
	return result;
}

/* The result of a worker. */
static enum sorting_outcome ask_and_read(struct sorting_worker *worker, const struct fetch_arrival *arrival, int file, struct envelope *envelope,
    struct sorter_decision *decision, struct error *error)
{
	struct buf answer = BUF_INIT(SORTING_ANSWER_MAX);
	enum sorting_outcome outcome = ask(worker, envelope, arrival, file, &answer, error);

	if (outcome == SORTING_ANSWERED && !read_answer(worker, arrival->message, buf_slice(&answer), envelope, decision)) {
		forget_answer(envelope);
		outcome = give_up(worker, FRAME_CLOSED, error);
	}
	buf_clear(&answer);
	return outcome;
}

int sorting_ask(struct sorting_worker *worker, const struct fetch_arrival *arrival, struct envelope *envelope,
    struct sorting_result *result, struct error *error)
{
	struct sorter_decision decision;
	enum sorting_outcome outcome;
	int file = -1;

	if (arrival->path != NULL && (file = open(arrival->path, O_RDONLY | O_CLOEXEC)) < 0)
		return error_errno(error, N_("cannot open %s"), arrival->path);
	outcome = ask_and_read(worker, arrival, file, envelope, &decision, error);
	if (file >= 0)
		close(file);
	switch (outcome) {
	case SORTING_ANSWERED:
		fill(worker, arrival, envelope, &decision, result);
		decision_clear(&decision);
		break;
	case SORTING_UNANSWERED:
		decide_without(worker, arrival->message, envelope, result);
		break;
	case SORTING_IMPOSSIBLE:
		return -1;
	}
	if (worker->sorting->conf->gateway.boss_incoming && envelope->place_count > 0)
		route_add_boss(worker->sorting->conf, envelope);
	return 0;
}

/* --- stubs */

int sorting_make_stub(struct sorting_worker *worker, const struct fetch_stub *stub, struct buf *out, struct error *error)
{
	struct buf head = BUF_INIT(4096 + SORTING_STRUCTURE_MAX), answer = BUF_INIT(SORTING_ANSWER_MAX);
	struct fetch_stub plain = *stub;
	struct slice parts[2], rest, value = SLICE_NONE;
	const struct frame request = {.kind = SORTING_STUB, .parts = parts, .count = ARRAY_LEN(parts)};
	enum sorting_outcome outcome;
	int result = 0;
	char tag = '\0';

	frame_put(&head, SORTING_ACCOUNT, slice_of(worker->account->name));
	frame_put(&head, SORTING_ID, slice_of(stub->id));
	frame_put(&head, SORTING_SIZE, slice_make((const char *)&stub->size, sizeof(stub->size)));
	frame_put(&head, SORTING_AT_LEAST, slice_make((const char *)&stub->at_least, sizeof(stub->at_least)));
	frame_put(&head, SORTING_TRIES, slice_make((const char *)&stub->tries, sizeof(stub->tries)));
	frame_put(&head, SORTING_LIMIT, slice_make((const char *)&stub->limit, sizeof(stub->limit)));
	if (stub->structure.len > 0)
		frame_put(&head, SORTING_STRUCTURE, stub->structure);
	if (stub->rule != NULL)
		frame_put(&head, SORTING_RULE, slice_of(stub->rule->name));
	sorting_put_head(&head, SORTING_MESSAGE, stub->top.len);
	parts[0] = buf_slice(&head);
	parts[1] = stub->top;
	outcome = sorting_exchange(worker, &request, &answer, error);
	rest = buf_slice(&answer);
	if (outcome == SORTING_ANSWERED && !(frame_take(&rest, &tag, &value) && tag == SORTING_MESSAGE && buf_append_slice(out, value) == 0))
		outcome = SORTING_UNANSWERED;
	if (outcome == SORTING_UNANSWERED) { /* a stub is delivered anyway, to report that it waits there */
		plain.top = plain.structure = SLICE_NONE;
		result = fetch_stub_make(&plain, out);
	}
	buf_clear(&head);
	buf_clear(&answer);
	return outcome == SORTING_IMPOSSIBLE ? -1 : result;
}
