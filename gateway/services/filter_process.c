#include "gateway/services/filter_process.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/net/ctl_wire.h"
#include "base/net/frame.h"
#include "base/net/pass_fd.h"
#include "base/clock.h"
#include "base/process/sealed.h"
#include "base/process/thread_activity.h"
#include "config/scanner_url.h"
#include "gateway/process/sandbox.h"
#include "gateway/services/filter_attachments.h"
#include "gateway/services/filter_scanners.h"
#include "mail/filter/filter_ask.h"

#include <curl/curl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORKERS 8
#define REQUEST_MS 10000 /* it was sent before the question */
#define PROBE_MS 10000
#define PORT_OF_NAMES 53

static const char probe[] = "From: lanpost <>\r\nSubject: test\r\n\r\nIs the scanner there?\r\n";

struct process {
	int fd, event_fd;
	struct conf *conf;
	struct filter_scanners *scanners;
	struct filter_attachments *attachments;
	atomic_int scanning; /* threads */
};

/* --- questions */

struct request {
	unsigned sources;
	struct scan_facts facts;
	struct slice message; /* of the request; ptr NULL: it came as a descriptor */
	bool has_sources, has_facts;
};

static bool read_request(struct slice body, struct request *request)
{
	struct slice value;
	bool good = true;
	char tag;

	while (good && frame_take(&body, &tag, &value)) {
		if (tag == FILTER_SOURCES && value.len == sizeof(request->sources) && !request->has_sources) {
			memcpy(&request->sources, value.ptr, sizeof(request->sources));
			request->has_sources = true;
		} else if (tag == FILTER_FACTS && !request->has_facts) {
			good = scan_facts_read(value, &request->facts);
			request->has_facts = true;
		} else if (tag == FILTER_MESSAGE && request->message.ptr == NULL) {
			request->message = value;
		} else {
			good = false;
		}
	}
	return good && body.len == 0 && request->has_sources && request->has_facts;
}

static void answer(int fd, const struct scan_verdict *verdict)
{
	struct buf text = BUF_INIT(SCAN_TEXT_MAX), cuts = BUF_INIT(SCAN_CUTS_TEXT_MAX), fields = BUF_INIT(FILTER_ANSWER_MAX);
	struct slice body;

	scan_verdict_write(verdict, &text);
	scan_cuts_write(&verdict->cuts, &cuts);
	frame_put(&fields, FILTER_VERDICT, buf_slice(&text));
	frame_put(&fields, FILTER_CUTS, buf_slice(&cuts));
	body = buf_slice(&fields);
	if (!text.overflow && !cuts.overflow && !fields.overflow)
		frame_send(fd, &(struct frame){.kind = FILTER_SCAN, .parts = &body, .count = 1},
		    (struct frame_wait){.deadline = clock_now_ms() + REQUEST_MS});
	buf_clear(&fields);
	buf_clear(&cuts);
	buf_clear(&text);
}

/* The process that asks has given up: a message that takes long must not be looked at once more for each attempt. */
static bool is_given_up(int fd)
{
	struct pollfd polled = {.fd = fd};

	return poll(&polled, 1, 0) > 0 && (polled.revents & (POLLHUP | POLLERR)) != 0;
}

static void answer_lesson(int fd, uint32_t kind, const struct filter_lesson *lesson)
{
	struct buf fields = BUF_INIT(FILTER_ANSWER_MAX);
	unsigned learned = lesson->learned;
	struct slice body;

	frame_put(&fields, FILTER_LEARNED, slice_make((const char *)&learned, sizeof(learned)));
	frame_put(&fields, FILTER_NAMES, slice_of(lesson->names));
	frame_put(&fields, FILTER_REASON, slice_of(lesson->reason));
	body = buf_slice(&fields);
	frame_send(fd, &(struct frame){.kind = kind, .parts = &body, .count = 1}, (struct frame_wait){.deadline = clock_now_ms() + REQUEST_MS});
	buf_clear(&fields);
}

/* Only while no mail is scanned. */
static void learn(struct process *process, struct filter_lines *lines, int fd, uint32_t kind, const struct scanner_message *message)
{
	struct filter_lesson lesson = {.learned = LEARNED_BUSY};

	if (atomic_load(&process->scanning) == 0)
		filter_lines_learn(lines, kind == FILTER_LEARN_SPAM, message, &lesson);
	answer_lesson(fd, kind, &lesson);
}

static bool is_question(uint32_t kind)
{
	return kind == FILTER_SCAN || kind == FILTER_LEARN_SPAM || kind == FILTER_LEARN_HAM;
}

static void scan(struct process *process, struct filter_lines *lines, const struct request *request, const struct scanner_message *message, int fd)
{
	struct scan_verdict verdict;

	atomic_fetch_add(&process->scanning, 1);
	filter_lines_scan(lines, request->sources, message, &verdict);
	if (process->attachments != NULL && !is_given_up(fd))
		filter_attachments_look(process->attachments, request->sources, message, &verdict);
	atomic_fetch_sub(&process->scanning, 1);
	answer(fd, &verdict);
}

/* The message is in the request, or in the file. */
static bool find_message(const struct request *request, int file, struct scanner_message *message)
{
	struct stat st;

	*message = (struct scanner_message){.file = file, .bytes = request->message.ptr, .size = request->message.len, .facts = &request->facts};
	if (file < 0)
		return request->message.ptr != NULL;
	if (request->message.ptr != NULL || fstat(file, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	message->size = (uint64_t)st.st_size;
	return true;
}

/* A request that is not valid gets no answer: its sender sees a closed connection. */
static void serve_one(struct process *process, struct filter_lines *lines, struct slice question, int fd)
{
	struct buf body = BUF_INIT(FILTER_REQUEST_MAX + FRAME_HEAD);
	struct request request = {.has_sources = false};
	struct scanner_message message;
	uint32_t kind = FILTER_SCAN;
	int file = -1;
	bool is_there = true;

	if (slice_is(question, FILTER_FOLLOWS)) {
		is_there = frame_receive(fd, &kind, &body, &file, (struct frame_wait){.deadline = clock_now_ms() + REQUEST_MS}) == FRAME_OK;
		question = buf_slice(&body);
	}
	if (is_there && !is_given_up(fd) && is_question(kind) && read_request(question, &request) && find_message(&request, file, &message)) {
		thread_activity_who("message %s", request.facts.id);
		if (kind == FILTER_SCAN)
			scan(process, lines, &request, &message, fd);
		else
			learn(process, lines, fd, kind, &message);
		thread_activity_end();
	}
	if (request.has_facts)
		scan_facts_clear(&request.facts);
	if (file >= 0)
		close(file);
	close(fd);
	buf_clear(&body);
}

static void *worker_thread(void *context)
{
	struct process *process = context;
	struct filter_lines *lines = filter_lines_new(process->scanners);
	char *bytes = xmalloc(FILTER_REQUEST_MAX);
	ssize_t len;
	bool cut;
	int fd;

	while ((len = pass_fd_receive(process->fd, bytes, FILTER_REQUEST_MAX, &fd, &cut)) > 0)
		if (fd >= 0)
			serve_one(process, lines, cut ? SLICE_NONE : slice_make(bytes, (size_t)len), fd);
	free(bytes);
	filter_lines_free(lines);
	return NULL;
}

/* --- news for the supervisor */

/* Called by any thread, one at a time. */
static void tell(void *context, const struct conf_scanner *scanner, const struct error *error)
{
	const struct process *process = context;
	struct error problem;
	json_t *object = json_pack("{s:s, s:s, s:s?}", "event", "scanner", "name", scanner->name, "error", error == NULL ? NULL : error->phrase);

	if (error == NULL)
		log_info("event=scanner-answers scanner=%s", scanner->name);
	else
		log_warnx("event=scanner-away scanner=%s reason=%s", scanner->name, LOG_ERROR(error));
	if (object != NULL && ctl_send(process->event_fd, object, &problem) != 0)
		log_debug("event=progress-lost reason=%s", LOG_ERROR(&problem));
	json_decref(object);
}

static void probe_and_wait(struct process *process, int file)
{
	struct pollfd ends = {.fd = process->event_fd, .events = POLLIN};
	struct filter_lines *lines = filter_lines_new(process->scanners);
	struct scan_facts facts;
	const struct scanner_message message = {.file = file, .size = sizeof(probe) - 1, .facts = &facts};

	scan_facts_init(&facts);
	scan_facts_set(&facts.id, SLICE_LITERAL("probe"));
	do
		filter_lines_probe(lines, &message);
	while (poll(&ends, 1, PROBE_MS) == 0);
	scan_facts_clear(&facts);
	filter_lines_free(lines);
}

/* --- the process */

static void add_port(const char *text, uint16_t *ports, size_t *count)
{
	struct scanner_url url = scanner_url_of(text);

	if (url.path.len == 0)
		ports[(*count)++] = (uint16_t)url.port;
}

/* The ports of the scanners, and that of names; none if all scanners are sockets of this computer. New memory. */
static uint16_t *ports_of(const struct conf *conf, size_t *count)
{
	uint16_t *ports = xcalloc(2 * conf->scanner_count + 1, sizeof(*ports));

	*count = 0;
	for (size_t i = 0; i < conf->scanner_count; i++) {
		const struct conf_scanner *scanner = &conf->scanners[i];
		char *learns = scanner_url_to_learn(scanner->url, scanner->learn_url);

		add_port(scanner->url, ports, count);
		add_port(learns, ports, count);
		free(learns);
	}
	if (*count > 0)
		ports[(*count)++] = PORT_OF_NAMES;
	return ports;
}

static void enter_sandbox(const struct conf *conf)
{
	size_t count;
	uint16_t *ports = ports_of(conf, &count);

	sandbox_enter(&(struct sandbox){.may = SANDBOX_FILES | SANDBOX_CONNECT | SANDBOX_PORTS, .ports = ports, .port_count = count});
	free(ports);
}

static int start_workers(struct process *process)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int result = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < WORKERS && result == 0; i++)
		result = pthread_create(&thread, &attributes, worker_thread, process);
	pthread_attr_destroy(&attributes);
	return result;
}

int filter_process_run(void *context, int event_fd)
{
	struct filter_job *job = context;
	struct process process = {.fd = job->fd, .event_fd = event_fd, .conf = job->conf};
	struct error error;
	int file;

	conf_wipe_secrets(job->conf, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	file = sealed_new("lanpost-probe", SLICE_LITERAL(probe), &error);
	if (file < 0) {
		log_warnx("event=filter-failed reason=%s", LOG_ERROR(&error));
		return 1;
	}
	process.attachments = filter_attachments_new(job->conf, &error);
	if (error.class != ERROR_NONE) {
		log_warnx("event=filter-failed reason=%s", LOG_ERROR(&error));
		return 1;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	enter_sandbox(job->conf);
	process.scanners = filter_scanners_new(job->conf, tell, &process);
	if (start_workers(&process) != 0)
		return 1;
	probe_and_wait(&process, file);
	return 0;
}
