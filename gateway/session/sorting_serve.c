/* The sorter process. */
#include "gateway/session/sorting.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/net/frame.h"
#include "gateway/process/limits.h"
#include "gateway/process/sandbox.h"
#include "gateway/session/sorting_priv.h"
#include "mail/multidrop.h"
#include "spool/shown.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOUND_MS 1000

struct request {
	const struct conf_account *account; /* NULL: no account of that name */
	char *id, *folder;
	const struct conf_rule *rule;
	int64_t time;
	uint64_t size, at_least, limit, tries;
	struct slice message, structure;
	struct scan_verdict verdict;
};

static void read_number(struct slice value, void *number)
{
	if (value.len == sizeof(uint64_t))
		memcpy(number, value.ptr, sizeof(uint64_t));
}

static void read_field(const struct conf *conf, struct request *request, char tag, struct slice value)
{
	char *name;

	switch (tag) {
	case SORTING_ACCOUNT:
		name = slice_dup(value);
		request->account = conf_find_account(conf, name);
		free(name);
		break;
	case SORTING_ID:
		free(request->id);
		request->id = slice_dup(value);
		break;
	case SORTING_FOLDER:
		free(request->folder);
		request->folder = slice_dup(value);
		break;
	case SORTING_TIME:
		read_number(value, &request->time);
		break;
	case SORTING_SIZE:
		read_number(value, &request->size);
		break;
	case SORTING_AT_LEAST:
		read_number(value, &request->at_least);
		break;
	case SORTING_LIMIT:
		read_number(value, &request->limit);
		break;
	case SORTING_RULE:
		request->rule = conf_find_rule(conf, value);
		break;
	case SORTING_TRIES:
		read_number(value, &request->tries);
		break;
	case SORTING_VERDICT:
		if (!scan_verdict_read(value, &request->verdict))
			request->verdict = (struct scan_verdict){0};
		break;
	case SORTING_STRUCTURE:
		request->structure = value;
		break;
	case SORTING_MESSAGE:
		request->message = value;
		break;
	default:
		break;
	}
}

/* --- answers */

static void put_decision(const struct sorting *sorting, const struct request *request, const struct strlist *named, struct buf *answer)
{
	const struct sorter_message sorted = {
	    .message = request->message,
	    .account = request->account == NULL ? "" : request->account->name,
	    .folder = request->folder,
	    .size = request->message.len,
	    .arrived = request->time,
	    .recipients = named,
	    .verdict = &request->verdict,
	};
	struct buf text = BUF_INIT(SORTING_ANSWER_MAX);
	struct sorter_decision decision;

	sorter_decide(sorting->sorter, &sorted, &decision);
	decision_write(&decision, &text);
	frame_put(answer, SORTING_DECISION, buf_slice(&text));
	decision_clear(&decision);
	buf_clear(&text);
}

static void put_shown(const struct request *request, const struct strlist *named, struct buf *answer)
{
	const struct shown shown = {request->account == NULL ? "" : request->account->name, "", "", named};
	char *texts[SHOWN_COUNT];

	shown_read(&shown, request->message, texts);
	for (int i = 0; i < SHOWN_COUNT; i++) {
		struct slice text = slice_of(texts[i]);

		if (text.len >= SORTING_SHOWN_MAX)
			text.len = SORTING_SHOWN_MAX - 1;
		frame_put(answer, (char)(SORTING_SHOWN + i), text);
		free(texts[i]);
	}
}

static void sort(const struct sorting *sorting, const struct request *request, struct buf *answer)
{
	struct strlist named = {NULL, 0};

	multidrop_recipients(sorting->conf, request->account, request->message, &named);
	for (size_t i = 0; i < named.count && i < SORTING_NAMED_MAX; i++)
		frame_put(answer, SORTING_NAMED, slice_of(named.items[i]));
	put_decision(sorting, request, &named, answer);
	put_shown(request, &named, answer);
	strlist_clear(&named);
}

/* What the rules for messages on the server say. */
static void look(const struct sorting *sorting, const struct request *request, struct buf *answer)
{
	struct strlist named = {NULL, 0};
	const struct sorter_message message = {request->message, request->account == NULL ? "" : request->account->name, request->size, request->time,
	    &named, NULL, request->folder == NULL ? "" : request->folder};
	struct sorter_listed listed;
	uint64_t priority;

	multidrop_recipients(sorting->conf, request->account, request->message, &named);
	sorter_decide_listed(sorting->sorter, &message, &listed);
	priority = (uint64_t)listed.priority;
	frame_put(answer, SORTING_PRIORITY, slice_make((const char *)&priority, sizeof(priority)));
	if (listed.rule != NULL) {
		frame_put(answer, SORTING_RULE, slice_of(listed.rule->name));
		frame_put(answer, SORTING_REASON, slice_of(listed.reason));
	}
	put_shown(request, &named, answer);
	sorter_listed_clear(&listed);
	strlist_clear(&named);
}

static void make_stub(const struct sorting *sorting, const struct request *request, struct buf *answer)
{
	const struct fetch_stub stub = {sorting->conf, request->account, request->id, request->size, request->at_least, request->limit, request->rule, request->tries,
	    request->message, request->structure};
	struct buf text = BUF_INIT(FETCH_STUB_MAX);

	if (request->account != NULL && request->id != NULL && fetch_stub_make(&stub, &text) == 0)
		frame_put(answer, SORTING_MESSAGE, buf_slice(&text));
	buf_clear(&text);
}

/* --- requests */

/* A large message is passed as a file; returns false if it cannot be read. */
static bool map_message(int file, struct request *request)
{
	struct stat st;
	void *map;

	if (file < 0)
		return true;
	if (fstat(file, &st) != 0 || st.st_size <= 0)
		return false;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, file, 0);
	close(file);
	if (map == MAP_FAILED)
		return false;
	request->message = slice_make(map, (size_t)st.st_size);
	return true;
}

/* A message that needs more processor time than any known one ends this process. The bound is moved on once a second, in
 * which no more than a second of it is used up. */
static bool bound_cpu(int64_t *bound_at)
{
	int64_t now = clock_now_ms();

	if (*bound_at != 0 && now - *bound_at < BOUND_MS)
		return true;
	*bound_at = now;
	return limits_cpu(SORTING_CPU_SECONDS);
}

static bool answer_one(const struct sorting *sorting, int fd, struct buf *body, struct buf *answer, int64_t *bound_at)
{
	const struct frame_wait wait = {.deadline = INT64_MAX};
	struct request request = {.account = NULL};
	struct slice rest, value;
	uint32_t kind;
	int file;
	char tag;
	bool good;

	if (frame_receive(fd, &kind, body, &file, wait) != FRAME_OK)
		return false;
	if (!bound_cpu(bound_at)) /* without that limit the message is not parsed */
		return false;
	for (rest = buf_slice(body); frame_take(&rest, &tag, &value);)
		read_field(sorting->conf, &request, tag, value);
	buf_reset(answer);
	good = map_message(file, &request) && kind >= SORTING_SORT && kind <= SORTING_LISTED;
	if (good && kind == SORTING_SORT)
		sort(sorting, &request, answer);
	else if (good && kind == SORTING_LISTED)
		look(sorting, &request, answer);
	else if (good)
		make_stub(sorting, &request, answer);
	if (file >= 0 && good)
		munmap((void *)(uintptr_t)request.message.ptr, request.message.len);
	free(request.id);
	free(request.folder);
	value = buf_slice(answer);
	return good && !answer->overflow && frame_send(fd, &(struct frame){.kind = kind, .parts = &value, .count = 1}, wait) == FRAME_OK;
}

void sorting_serve(void *context, int fd)
{
	const struct sorting *sorting = context;
	struct buf body = BUF_INIT(SORTING_REQUEST_MAX), answer = BUF_INIT(SORTING_ANSWER_MAX - FRAME_HEAD);
	int64_t bound_at = 0;

	sandbox_enter(&(struct sandbox){.may = SANDBOX_FILES, .is_one_of_many = true}); /* only charset converters, none of our
	 * files */
	while (answer_one(sorting, fd, &body, &answer, &bound_at))
		;
	buf_clear(&body);
	buf_clear(&answer);
}
