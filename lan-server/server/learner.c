#include "lan-server/server/learner.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/map.h"
#include "mail/filter/filter_ask.h"
#include "mail/lesson.h"
#include "mail/filter/lesson_message.h"

#include "lan-server/server/lan_server_priv.h"

#include <stdatomic.h>
#include <stdlib.h>

#define STACK_SIZE (256 * 1024)
#define LOOK_MS 2000   /* between two looks at the folders */
#define LATER_MS 3000  /* while a scanner is away */
#define FAILED_MS 2000 /* before a lesson at which a scanner broke is tried again; twice as long each time, */
#define FAILED_MAX 12  /* and so often at most: for an hour */

/* A lesson at which a scanner broke. */
struct failure {
	int tries;
	int64_t again_at;
};

struct lesson {
	const struct lesson_folder *folder;
	const struct mailbox_message *message; /* of its list */
	char *origin; /* the id under which the message was accepted */
	int64_t since_us;
};

struct learner {
	struct lan_server *server;
	const struct spool *spool;
	pthread_t thread;
	pthread_mutex_t lock; /* for woken */
	pthread_cond_t woken;
	atomic_bool is_stopping;
	/* The thread's own. */
	const struct conf *conf; /* of this round */
	struct map failures;	 /* unique name -> struct failure */
	char *trouble;		 /* as it is in the state; NULL */
	struct mailbox_list lists[LESSON_FOLDERS];
	struct lesson *lessons;
	size_t count;
};

/* --- one lesson */

/* What became of the messages of one lesson. */
struct outcome {
	struct learner *learner;
	const struct lesson *lesson;
	size_t learned, known;
	char names[SCAN_NAMES_MAX]; /* the scanners that have learned the last one of them */
	struct filter_lesson last; /* of the last message */
};

static bool is_known(const struct outcome *outcome, const char *digest)
{
	enum state_lesson before;
	struct error error;

	if (state_lesson_get(outcome->learner->spool->state, digest, &before, &error) != 0)
		return false;
	return before == (outcome->lesson->folder->is_spam ? LESSON_SPAM : LESSON_HAM);
}

static void ask(struct outcome *outcome, struct slice message)
{
	struct learner *learner = outcome->learner;
	struct scan_facts facts;
	const struct filter_question question = {.conf = learner->conf, .socket = learner->server->options.filter_fd,
	    .sources = CONF_FETCHED | CONF_LOCAL | CONF_OUTGOING, .facts = &facts, .message = message};

	scan_facts_init(&facts);
	scan_facts_set(&facts.id, slice_of(outcome->lesson->origin));
	filter_ask_learn(&question, outcome->lesson->folder->is_spam, &learner->is_stopping, &outcome->last);
	scan_facts_clear(&facts);
}

/* Of a report that is tried again, what was learned before is known. */
static bool learn_message(void *context, struct slice message)
{
	struct outcome *outcome = context;
	char digest[LESSON_DIGEST_MAX];
	struct error error;

	lesson_digest(message, digest);
	outcome->last = (struct filter_lesson){.learned = LEARNED_ALL};
	if (is_known(outcome, digest)) {
		outcome->known++;
		return true;
	}
	ask(outcome, message);
	if (outcome->last.learned == LEARNED_NOTHING)
		return true;
	if (outcome->last.learned != LEARNED_ALL)
		return false;
	outcome->learned++;
	memcpy(outcome->names, outcome->last.names, sizeof(outcome->names));
	if (state_lesson_put(outcome->learner->spool->state, digest, outcome->lesson->folder->is_spam, clock_wall(), &error) != 0)
		log_warnx("event=lessons-state-failed reason=%s", LOG_ERROR(&error));
	return true;
}

static void journal(const struct learner *learner, const struct lesson *lesson, enum event event, const char *detail)
{
	intake_journal(learner->spool->intake, lesson->origin, "", event, "", detail);
	log_info("event=%s id=%s spam=%d reason=%s", event == EVENT_LEARNED ? "learned" : "not-learned", LOG_CSTR(lesson->origin),
	    lesson->folder->is_spam, LOG_PHRASE(detail));
}

static void end(const struct learner *learner, const struct lesson *lesson, enum event event, const char *detail)
{
	const char *unique = lesson->message->unique;
	struct error error;

	journal(learner, lesson, event, detail);
	if (intake_remove(learner->spool->intake, lesson->folder->mailbox, &unique, 1, &error) != 0)
		log_warnx("event=lesson-not-removed id=%s reason=%s", LOG_CSTR(lesson->origin), LOG_ERROR(&error));
}

static void end_learned(const struct learner *learner, const struct outcome *outcome, size_t count)
{
	const struct lesson *lesson = outcome->lesson;
	const char *class = lesson->folder->is_spam ? N_("spam") : N_("not spam");

	if (count == 0)
		end(learner, lesson, EVENT_NOT_LEARNED,
		    lesson->folder->is_report ? PHRASE(N_("no message is attached to it")) : PHRASE(N_("the message is too large")));
	else if (outcome->learned > 0 && lesson->folder->is_report)
		end(learner, lesson, EVENT_LEARNED, PHRASE(N_("as %s by %s, attached messages: %zu"), PHRASE_WORD(class), outcome->names, count));
	else if (outcome->learned > 0)
		end(learner, lesson, EVENT_LEARNED, PHRASE(N_("as %s by %s"), PHRASE_WORD(class), outcome->names));
	else if (outcome->known > 0)
		end(learner, lesson, EVENT_NOT_LEARNED, PHRASE(N_("it is known as %s already"), PHRASE_WORD(class)));
	else
		end(learner, lesson, EVENT_NOT_LEARNED, outcome->last.reason);
}

/* Returns what the last message met: LEARNED_ALL also if there was nothing to learn. */
static enum filter_learned learn(struct learner *learner, const struct lesson *lesson, char reason[PHRASE_MAX])
{
	struct outcome outcome = {.learner = learner, .lesson = lesson};
	struct slice bytes;
	struct error error;
	size_t count;

	if (mailbox_open(learner->spool, lesson->folder->mailbox, lesson->message, &bytes, &error) != 0)
		return LEARNED_ALL; /* it is gone */
	count = lesson_messages(bytes, lesson->folder->is_report, learn_message, &outcome);
	fsx_unmap(bytes);
	memcpy(reason, outcome.last.reason, PHRASE_MAX);
	if (outcome.last.learned == LEARNED_ALL || outcome.last.learned == LEARNED_NOTHING)
		end_learned(learner, &outcome, count);
	return outcome.last.learned;
}

/* --- failures */

static struct failure *failure_of(struct learner *learner, const struct lesson *lesson)
{
	return map_get(&learner->failures, slice_of(lesson->message->unique));
}

static void forget_failure(struct learner *learner, const struct lesson *lesson)
{
	free(map_remove(&learner->failures, slice_of(lesson->message->unique)));
}

/* --- which, and in which order */

static int by_time(const void *a, const void *b)
{
	const struct lesson *x = a, *y = b;

	if (x->since_us != y->since_us)
		return x->since_us < y->since_us ? -1 : 1;
	return strcmp(x->message->unique, y->message->unique);
}

static void gather(struct learner *learner)
{
	struct error error;

	for (size_t i = 0; i < LESSON_FOLDERS; i++) {
		struct mailbox_list *list = &learner->lists[i];

		if (mailbox_list(learner->spool, lesson_folders[i].mailbox, list, &error) != 0)
			log_warnx("event=mailbox-unreadable user=%s reason=%s", lesson_folders[i].mailbox, LOG_ERROR(&error));
		for (size_t j = 0; j < list->count; j++) {
			ARRAY_GROW(learner->lessons, learner->count);
			learner->lessons[learner->count++] = (struct lesson){&lesson_folders[i], &list->items[j], mailbox_origin(&list->items[j]),
			    mailbox_since_us(&list->items[j])};
		}
	}
	if (learner->count > 1)
		qsort(learner->lessons, learner->count, sizeof(*learner->lessons), by_time);
}

static void forget_gathered(struct learner *learner)
{
	for (size_t i = 0; i < learner->count; i++)
		free(learner->lessons[i].origin);
	free(learner->lessons);
	learner->lessons = NULL;
	learner->count = 0;
	for (size_t i = 0; i < LESSON_FOLDERS; i++)
		mailbox_list_clear(&learner->lists[i]);
}

/* Of several lessons of one message, the last one counts: the user has thought better of it. */
static void drop_outdated(struct learner *learner)
{
	struct map last = MAP_INIT;

	for (size_t i = learner->count; i-- > 0;) {
		struct lesson *lesson = &learner->lessons[i];

		if (lesson->folder->is_report || map_put(&last, slice_of(lesson->origin), lesson) == NULL)
			continue;
		end(learner, lesson, EVENT_NOT_LEARNED, PHRASE(N_("the message was moved again")));
		forget_failure(learner, lesson);
		lesson->folder = NULL;
	}
	map_clear(&last);
}

/* --- trouble */

/* A scanner broke, or said something that makes no sense. */
static void note_failure(struct learner *learner, const struct lesson *lesson, const char *reason)
{
	struct failure *failure = failure_of(learner, lesson);

	if (failure == NULL) {
		failure = xcalloc(1, sizeof(*failure));
		map_put(&learner->failures, slice_of(lesson->message->unique), failure);
	}
	if (++failure->tries >= FAILED_MAX) {
		end(learner, lesson, EVENT_NOT_LEARNED, reason);
		forget_failure(learner, lesson);
		return;
	}
	failure->again_at = clock_now_ms() + ((int64_t)FAILED_MS << (failure->tries - 1));
}

static void note_trouble(struct learner *learner, const char *why)
{
	bool is_same = why == NULL || learner->trouble == NULL ? why == learner->trouble : strcmp(why, learner->trouble) == 0;

	if (is_same)
		return;
	free(learner->trouble);
	learner->trouble = why == NULL ? NULL : xstrdup(why);
	lesson_trouble_put(learner->spool->state, why);
	if (why != NULL)
		log_warnx("event=learning-waits reason=%s", LOG_PHRASE(why));
}

/* --- the thread */

/* Returns how long to wait for the next round. */
static int64_t work(struct learner *learner)
{
	char reason[PHRASE_MAX];
	bool failed = false;

	for (size_t i = 0; i < learner->count && !atomic_load(&learner->is_stopping); i++) {
		const struct lesson *lesson = &learner->lessons[i];
		const struct failure *failure = lesson->folder == NULL ? NULL : failure_of(learner, lesson);
		enum filter_learned learned;

		failed = failed || failure != NULL;
		if (lesson->folder == NULL || (failure != NULL && clock_left_ms(failure->again_at) > 0))
			continue;
		learned = learn(learner, lesson, reason);
		if (atomic_load(&learner->is_stopping)) /* it may have been given up: that is no trouble */
			break;
		if (learned == LEARNED_BUSY)
			return LOOK_MS;
		if (learned == LEARNED_LATER || learned == LEARNED_FAILED)
			note_trouble(learner, reason);
		if (learned == LEARNED_LATER)
			return LATER_MS;
		if (learned == LEARNED_FAILED)
			note_failure(learner, lesson, reason);
		else
			forget_failure(learner, lesson);
		failed = failed || learned == LEARNED_FAILED;
	}
	if (!failed && !atomic_load(&learner->is_stopping))
		note_trouble(learner, NULL);
	return LOOK_MS;
}

static int64_t round_of(struct learner *learner)
{
	struct snapshot *snapshot = lan_server_hold(learner->server);
	int64_t rest = LOOK_MS;

	learner->conf = snapshot->conf;
	if (conf_learns(learner->conf)) {
		gather(learner);
		drop_outdated(learner);
		rest = work(learner);
		forget_gathered(learner);
	}
	pthread_mutex_lock(&learner->server->lock);
	lan_server_release(snapshot);
	pthread_mutex_unlock(&learner->server->lock);
	return rest;
}

static void *run(void *context)
{
	struct learner *learner = context;

	learner->trouble = lesson_trouble_get(learner->spool->state);
	while (!atomic_load(&learner->is_stopping)) {
		int64_t until = clock_now_ms() + round_of(learner);

		pthread_mutex_lock(&learner->lock);
		while (!atomic_load(&learner->is_stopping) && cond_wait_until(&learner->woken, &learner->lock, until))
			;
		pthread_mutex_unlock(&learner->lock);
	}
	return NULL;
}

static void learner_free(struct learner *learner)
{
	struct slice key;
	void *failure;

	for (size_t at = 0; map_next(&learner->failures, &at, &key, &failure);)
		free(failure);
	map_clear(&learner->failures);
	pthread_cond_destroy(&learner->woken);
	pthread_mutex_destroy(&learner->lock);
	free(learner->trouble);
	free(learner);
}

struct learner *learner_start(struct lan_server *server)
{
	struct learner *learner = xcalloc(1, sizeof(*learner));
	pthread_attr_t attributes;
	int failed;

	learner->server = server;
	learner->spool = server->options.spool;
	pthread_mutex_init(&learner->lock, NULL);
	cond_init(&learner->woken);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	failed = pthread_create(&learner->thread, &attributes, run, learner);
	pthread_attr_destroy(&attributes);
	if (failed == 0)
		return learner;
	log_warnx("event=learner-failed");
	learner_free(learner);
	return NULL;
}

void learner_stop(struct learner *learner)
{
	if (learner == NULL)
		return;
	pthread_mutex_lock(&learner->lock);
	atomic_store(&learner->is_stopping, true);
	pthread_cond_signal(&learner->woken);
	pthread_mutex_unlock(&learner->lock);
	pthread_join(learner->thread, NULL);
	learner_free(learner);
}
