#include "gateway/session/line_watch.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/net/ctl_wire.h"
#include "base/process/thread_activity.h"
#include "fetcher/fetch_watch.h"
#include "gateway/session/secrets.h"
#include "gateway/session/session_sandbox.h"

#include <curl/curl.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define LASTING_MS 600000 /* a connection that held this long was a good one */
#define PAUSE_MS 2000	  /* between two reports of an account; longer each time while they follow each other closely */
#define PAUSES_MAX 5
#define CALM_MS 120000
#define FOLDERS_NAMED 100 /* the others are only counted */

struct line_watch {
	const struct conf *conf;
	struct secrets secrets;
	int event_fd;
	pthread_mutex_t lock; /* of the socket */
};

struct account_watch {
	struct line_watch *watch;
	const struct conf_account *account;
	pthread_t thread;
	int64_t told;	 /* when it was reported last */
	unsigned pauses; /* reports that followed closely */
	json_t *folders; /* that are watched; NULL: none */
	size_t more;	 /* that are not in it */
};

bool line_watch_is_wanted(const struct conf *conf)
{
	for (size_t i = 0; i < conf->account_count; i++)
		if (fetch_watch_is_wanted(conf, &conf->accounts[i]))
			return true;
	return false;
}

static void rest(int64_t ms)
{
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&time, NULL);
}

/* A provider that reports without end starts no endless row of sessions. What comes meanwhile waits in the connection. */
static void pause_between(struct account_watch *work)
{
	int64_t now = clock_now_ms();

	work->pauses = work->told == 0 || now - work->told > CALM_MS ? 0 : work->pauses < PAUSES_MAX ? work->pauses + 1 : PAUSES_MAX;
	if (work->pauses > 0 && now - work->told < (PAUSE_MS << work->pauses))
		rest((PAUSE_MS << work->pauses) - (now - work->told));
	work->told = clock_now_ms();
}

/* Takes ownership of object. */
static void send_event(struct account_watch *work, json_t *object)
{
	struct error error;

	pthread_mutex_lock(&work->watch->lock);
	if (ctl_send(work->watch->event_fd, object, &error) != 0)
		log_debug("event=news-lost reason=%s", LOG_ERROR(&error));
	pthread_mutex_unlock(&work->watch->lock);
	json_decref(object);
}

static void tell(void *context)
{
	struct account_watch *work = context;

	pause_between(work);
	send_event(work, json_pack("{s:s}", LINE_WATCH_NEWS, work->account->name));
}

/* next: of the connection after this one; 0: it is watching. */
static void tell_state(struct account_watch *work, int64_t next, const struct error *error)
{
	json_t *folders = work->folders == NULL ? json_array() : work->folders;

	work->folders = NULL;
	send_event(work, json_pack("{s:s, s:s, s:I, s:o, s:I, s:I, s:o}", LINE_WATCH_STATE, work->account->name, "state",
	    next == 0 ? "watching" : "resting", "since", (json_int_t)clock_wall(), "folders", folders, "more", (json_int_t)work->more, "next",
	    (json_int_t)next, "error", error == NULL || error->class == ERROR_NONE ? json_null() : json_string(error->phrase)));
	work->more = 0;
}

static void take_folder(void *context, const char *folder, enum fetch_watch_way way)
{
	static const char *const ways[] = {[FETCH_WATCH_IDLE] = "idle", [FETCH_WATCH_NOTIFY] = "notify", [FETCH_WATCH_POLLED] = "polled"};
	struct account_watch *work = context;

	if (folder == NULL) {
		tell_state(work, 0, NULL);
		return;
	}
	if (work->folders == NULL)
		work->folders = json_array();
	if (json_array_size(work->folders) < FOLDERS_NAMED)
		json_array_append_new(work->folders, json_pack("{s:s, s:s}", "name", folder, "way", ways[way]));
	else
		work->more++;
}

static void *watch_account(void *context)
{
	struct account_watch *work = context;
	const struct fetch_watch_job job = {
	    .conf = work->watch->conf,
	    .account = work->account,
	    .secrets = &work->watch->secrets.remote,
	    .news = tell,
	    .watches = take_folder,
	    .context = work,
	};

	thread_activity_who("account %s", work->account->name);
	for (unsigned failures = 0;; failures++) {
		struct error error = ERROR_INIT;
		int64_t began = clock_now_ms(), ms;

		thread_activity_step("waiting for new mail");
		if (fetch_watch(&job, &error) == 0)
			error = (struct error)ERROR_INIT;
		if (clock_now_ms() - began > LASTING_MS)
			failures = 0;
		ms = fetch_watch_rest_ms(failures, error.class);
		log_info("event=watch-ended account=%s rest=%llds reason=%s", LOG_CSTR(work->account->name), (long long)(ms / 1000), LOG_ERROR(&error));
		tell_state(work, clock_wall() + ms / 1000, &error);
		thread_activity_step("resting");
		rest(ms);
	}
	return NULL;
}

int line_watch_run(void *context, int event_fd)
{
	struct conf *conf = context;
	struct line_watch watch = {.conf = conf, .event_fd = event_fd, .lock = PTHREAD_MUTEX_INITIALIZER};
	struct account_watch *works = xcalloc(conf->account_count + 1, sizeof(*works));
	struct error error;

	signal(SIGPIPE, SIG_IGN);
	if (secrets_start(&watch.secrets, conf, &error) != 0) {
		log_warnx("event=watch-failed reason=%s", LOG_ERROR(&error));
		return 1;
	}
	session_sandbox_enter_watch(conf);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	for (size_t i = 0; i < conf->account_count; i++) {
		works[i] = (struct account_watch){.watch = &watch, .account = &conf->accounts[i]};
		if (fetch_watch_is_wanted(conf, works[i].account) && pthread_create(&works[i].thread, NULL, watch_account, &works[i]) != 0)
			log_warnx("event=watch-failed account=%s reason=thread", LOG_CSTR(works[i].account->name));
	}
	for (;;) /* until the supervisor ends this process */
		poll(NULL, 0, -1);
}
