#include "gateway/services/auth_process.h"

#include "base/alloc.h"
#include "base/net/ctl_wire.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/net/pass_fd.h"
#include "gateway/process/sandbox.h"
#include "lan-server/login/ban_notes.h"
#include "lan-server/login/tls_credentials.h"
#include "lan-server/login/verifier.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define READERS 2
#define HASHERS 2 /* yescrypt needs memory as well as time */
#define JOBS_MAX 1024
#define PASSWORD_MAX_LEN 512
#define STACK_SIZE (256 * 1024)

/* A question that waits for a hashing thread, followed by its bytes. */
struct job {
	struct job *next;
	struct auth_question question;
	int reply_fd;
	size_t len;
	char bytes[];
};

struct process {
	int fd, event_fd;
	struct verifier *verifier;
	struct tls_credentials *credentials;
	pthread_mutex_t lock; /* of the jobs */
	pthread_cond_t more;
	struct job *first, **end;
	size_t count;
};

/* --- threads */

/* Too many are waiting: answers that it is not possible now. */
static void put_job(struct process *process, const char *bytes, size_t len, int reply_fd)
{
	struct job *job = NULL;

	pthread_mutex_lock(&process->lock);
	if (process->count < JOBS_MAX) {
		job = xcalloc(1, sizeof(*job) + len);
		job->reply_fd = reply_fd;
		job->len = len;
		memcpy(job->bytes, bytes, len);
		auth_question_read(slice_make(job->bytes, len), &job->question);
		*process->end = job;
		process->end = &job->next;
		process->count++;
		pthread_cond_signal(&process->more);
	}
	pthread_mutex_unlock(&process->lock);
	if (job == NULL)
		close(reply_fd);
}

static struct job *take_job(struct process *process)
{
	struct job *job;

	pthread_mutex_lock(&process->lock);
	while (process->first == NULL)
		pthread_cond_wait(&process->more, &process->lock);
	job = process->first;
	process->first = job->next;
	if (process->first == NULL)
		process->end = &process->first;
	process->count--;
	pthread_mutex_unlock(&process->lock);
	return job;
}

static void *hasher_thread(void *arg)
{
	struct process *process = arg;

	for (;;) {
		struct job *job = take_job(process);
		struct auth_answer answer = AUTH_ANSWER_INIT;

		verifier_answer(process->verifier, &job->question, &answer, true);
		auth_reply(job->reply_fd, &answer);
		buf_clear(&answer.bytes);
		explicit_bzero(job->bytes, job->len);
		free(job);
	}
	return NULL;
}

static void answer_one(struct process *process, const char *bytes, size_t len, int reply_fd)
{
	struct auth_answer answer = AUTH_ANSWER_INIT;
	struct auth_question question;

	if (!auth_question_read(slice_make(bytes, len), &question) ||
	    (question.kind == ASK_PASSWORD && question.text.len > PASSWORD_MAX_LEN))
		close(reply_fd);
	else if (question.kind == ASK_CERTIFICATE || question.kind == ASK_SIGN) {
		tls_credentials_answer(process->credentials, &question, &answer);
		auth_reply(reply_fd, &answer);
	} else if (verifier_answer(process->verifier, &question, &answer, false))
		auth_reply(reply_fd, &answer);
	else
		put_job(process, bytes, len, reply_fd);
	buf_clear(&answer.bytes);
}

static void *reader_thread(void *arg)
{
	struct process *process = arg;
	char *bytes = xmalloc(AUTH_QUESTION_MAX);
	int reply_fd;
	size_t len;

	while (auth_take(process->fd, bytes, &len, &reply_fd) == 0) {
		if (reply_fd >= 0)
			answer_one(process, bytes, len, reply_fd);
		explicit_bzero(bytes, len);
	}
	free(bytes);
	return NULL;
}

static int start_threads(struct process *process, void *(*run)(void *), int count)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int result = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	for (int i = 0; i < count && result == 0; i++)
		result = pthread_create(&thread, &attributes, run, process);
	pthread_attr_destroy(&attributes);
	return result;
}

/* --- views */

int auth_process_send(int fd, int view_fd, struct error *error)
{
	if (pass_fd_send(fd, SLICE_LITERAL("v"), view_fd, MSG_NOSIGNAL) != 1)
		return error_errno(error, N_("cannot communicate with the %s process"), "auth");
	return 0;
}

static bool load(struct process *process, int view_fd, bool *has_tls)
{
	off_t size = view_fd < 0 ? -1 : lseek(view_fd, 0, SEEK_END); /* fstat() is only allowed with files */
	struct auth_config config;
	void *bytes;
	bool good;

	if (size <= 0 || size > AUTH_CONFIG_MAX)
		return false;
	bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, view_fd, 0);
	if (bytes == MAP_FAILED)
		return false;
	good = auth_config_read(slice_make(bytes, (size_t)size), &config);
	munmap(bytes, (size_t)size);
	if (good)
		*has_tls = tls_credentials_load(process->credentials, &config);
	if (good)
		verifier_load(process->verifier, &config);
	return good;
}

/* Called by any thread: a short line is written atomically. */
static void keep(void *context, const struct ban_note *note)
{
	const struct process *process = context;
	struct buf line = BUF_INIT(BAN_NOTE_NAME_MAX + 256);
	struct error error;
	json_t *object;

	ban_note_write(note, &line);
	object = json_pack("{s:s, s:s}", "event", "note", "line", buf_text(&line));
	if (object != NULL && ctl_send(process->event_fd, object, &error) != 0)
		log_warnx("event=login-not-noted reason=%s", LOG_ERROR(&error));
	json_decref(object);
	buf_clear(&line);
}

static bool tell(int event_fd, const char *event, bool has_tls)
{
	json_t *object = json_pack("{s:s, s:b}", "event", event, "tls", has_tls);
	struct error error;
	bool told = ctl_send(event_fd, object, &error) == 0;

	json_decref(object);
	return told;
}

/* Questions are answered after the first config; until then they wait in the socket. */
static int serve(struct process *process, int event_fd)
{
	bool runs = false, cut;
	int view_fd;
	char byte;

	while (pass_fd_receive(event_fd, &byte, 1, &view_fd, &cut) == 1) {
		bool has_tls = false, good = load(process, view_fd, &has_tls);

		if (view_fd >= 0)
			close(view_fd);
		if (good && !runs && (start_threads(process, hasher_thread, HASHERS) != 0 || start_threads(process, reader_thread, READERS) != 0))
			return 1;
		runs = runs || good;
		if (!tell(event_fd, good ? "loaded" : "not-loaded", has_tls))
			break;
	}
	return 0;
}

int auth_process_run(void *context, int event_fd)
{
	struct auth_job *job = context;
	struct process process = {.fd = job->fd, .event_fd = event_fd, .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};

	conf_free(job->conf);
	signal(SIGPIPE, SIG_IGN);
	/* The supervisor ends it, after all others. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	process.end = &process.first;
	process.verifier = verifier_new(NULL);
	verifier_keep(process.verifier, keep, &process);
	process.credentials = tls_credentials_new();
	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL); /* reads files */
	sandbox_enter(&(struct sandbox){.may = 0});
	return serve(&process, event_fd);
}
