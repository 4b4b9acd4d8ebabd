#include "gateway/services/filter_scanners.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/process/thread_activity.h"
#include "config/scanner_url.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define PAUSE_MS 15000 /* of a scanner that was late */

struct known {
	bool has_answered, is_away;
	int64_t pause_until; /* 0: none */
	struct error error;  /* why it is away */
};

struct filter_scanners {
	const struct conf *conf;
	filter_scanners_fn changed;
	void *context;
	pthread_mutex_t lock; /* of what is known */
	struct known *known;
};

struct filter_lines {
	struct filter_scanners *scanners;
	struct scanner **lines; /* one for each scanner of the configuration */
};

struct filter_scanners *filter_scanners_new(const struct conf *conf, filter_scanners_fn changed, void *context)
{
	struct filter_scanners *scanners = xcalloc(1, sizeof(*scanners));

	*scanners = (struct filter_scanners){.conf = conf, .changed = changed, .context = context};
	pthread_mutex_init(&scanners->lock, NULL);
	scanners->known = xcalloc(conf->scanner_count + 1, sizeof(*scanners->known));
	return scanners;
}

struct filter_lines *filter_lines_new(struct filter_scanners *scanners)
{
	struct filter_lines *lines = xcalloc(1, sizeof(*lines));

	lines->scanners = scanners;
	lines->lines = xcalloc(scanners->conf->scanner_count + 1, sizeof(*lines->lines));
	for (size_t i = 0; i < scanners->conf->scanner_count; i++)
		lines->lines[i] = scanner_new(&scanners->conf->scanners[i]);
	return lines;
}

void filter_lines_free(struct filter_lines *lines)
{
	for (size_t i = 0; i < lines->scanners->conf->scanner_count; i++)
		scanner_free(lines->lines[i]);
	free(lines->lines);
	free(lines);
}

/* --- what is known */

/* Whether it pauses; then *error is why. */
static bool pauses(struct filter_scanners *scanners, size_t i, struct error *error)
{
	const struct known *known = &scanners->known[i];
	bool result;

	pthread_mutex_lock(&scanners->lock);
	result = known->is_away && clock_now_ms() < known->pause_until;
	if (result)
		*error = known->error;
	pthread_mutex_unlock(&scanners->lock);
	return result;
}

/* error: NULL if it has answered. */
static void note(struct filter_scanners *scanners, size_t i, const struct error *error, bool was_late)
{
	struct known *known = &scanners->known[i];
	bool is_news;

	pthread_mutex_lock(&scanners->lock);
	is_news = !known->has_answered || known->is_away != (error != NULL);
	known->has_answered = true;
	known->is_away = error != NULL;
	known->pause_until = was_late ? clock_now_ms() + PAUSE_MS : 0;
	if (error != NULL)
		known->error = *error;
	if (is_news)
		scanners->changed(scanners->context, &scanners->conf->scanners[i], error);
	pthread_mutex_unlock(&scanners->lock);
}

static bool must_be_probed(struct filter_scanners *scanners, size_t i)
{
	const struct known *known = &scanners->known[i];
	bool result;

	pthread_mutex_lock(&scanners->lock);
	result = !known->has_answered || known->is_away;
	pthread_mutex_unlock(&scanners->lock);
	return result;
}

/* --- scanning */

static void not_looked(const struct conf_scanner *scanner, const struct error *error, struct scan_verdict *verdict)
{
	unsigned kind = scanner_url_looks_for(scanner_url_of(scanner->url).kind);
	bool is_too_large = error->class == ERROR_LIMIT;

	*verdict = (struct scan_verdict){
	    .away = is_too_large ? 0 : kind,
	    .skipped = is_too_large ? kind : 0,
	    .waits = !is_too_large && scanner->when_away == AWAY_WAIT,
	};
	phrase_set(verdict->reason, sizeof(verdict->reason), N_("scanner %s: %s"), scanner->name, error->phrase);
}

static void ask(struct filter_lines *lines, size_t i, const struct scanner_message *message, struct scan_verdict *verdict)
{
	struct filter_scanners *scanners = lines->scanners;
	const struct conf_scanner *scanner = &scanners->conf->scanners[i];
	int64_t began = clock_now_ms(), limit = scanner->timeout * 1000;
	struct error error;

	if (pauses(scanners, i, &error)) {
		not_looked(scanner, &error, verdict);
		return;
	}
	thread_activity_step("asking scanner %s", scanner->name);
	if (scanner_scan(lines->lines[i], message, began + limit, verdict, &error) == 0) {
		verdict->ms = clock_now_ms() - began;
		note(scanners, i, NULL, false);
		return;
	}
	log_info("event=not-scanned scanner=%s id=%s reason=%s", scanner->name, LOG_CSTR(message->facts->id), LOG_ERROR(&error));
	if (error.class != ERROR_LIMIT && error.class != ERROR_IO)
		note(scanners, i, &error, clock_now_ms() - began >= limit);
	not_looked(scanner, &error, verdict);
}

void filter_lines_scan(struct filter_lines *lines, unsigned sources, const struct scanner_message *message, struct scan_verdict *verdict)
{
	const struct conf *conf = lines->scanners->conf;

	*verdict = (struct scan_verdict){0};
	for (size_t i = 0; i < conf->scanner_count; i++) {
		const struct conf_scanner *scanner = &conf->scanners[i];
		struct scan_verdict one;
		struct error error;

		if ((scanner->on & sources) == 0)
			continue;
		if (scanner->needs_line && sources & CONF_LINE_DOWN) {
			error_set(&error, ERROR_TEMPORARY, N_("the line is down; it is asked in the next session"));
			not_looked(scanner, &error, &one);
		} else if (scanner->max_size > 0 && message->size > (uint64_t)scanner->max_size) {
			error_set(&error, ERROR_LIMIT, N_("the message is larger than max_size"));
			not_looked(scanner, &error, &one);
		} else {
			ask(lines, i, message, &one);
		}
		scan_verdict_add(verdict, &one);
	}
}

/* --- learning */

static void add_name(const char *name, bool was_known, char *out, size_t size)
{
	size_t used = strlen(out);

	snprintf(out + used, size - used, "%s%s%s", used > 0 ? ", " : "", name, was_known ? " (known)" : "");
}

static enum filter_learned outcome_of(enum error_class class)
{
	if (class == ERROR_PROTOCOL)
		return LEARNED_FAILED;
	return class == ERROR_PERMANENT || class == ERROR_LIMIT || class == ERROR_IO ? LEARNED_NOTHING : LEARNED_LATER;
}

static int learn_by(struct filter_lines *lines, size_t i, bool is_spam, const struct scanner_message *message, bool *was_known, struct error *error)
{
	const struct conf_scanner *conf = &lines->scanners->conf->scanners[i];
	struct scanner *scanner;
	int result;

	if (conf->max_size > 0 && message->size > (uint64_t)conf->max_size)
		return error_set(error, ERROR_LIMIT, N_("the message is larger than max_size"));
	if (pauses(lines->scanners, i, error))
		return -1;
	thread_activity_step("scanner %s learns", conf->name);
	scanner = scanner_new_learner(conf);
	result = scanner_learn(scanner, message, is_spam, clock_now_ms() + conf->timeout * 1000, was_known, error);
	scanner_free(scanner);
	return result;
}

void filter_lines_learn(struct filter_lines *lines, bool is_spam, const struct scanner_message *message, struct filter_lesson *lesson)
{
	const struct conf *conf = lines->scanners->conf;

	*lesson = (struct filter_lesson){.learned = LEARNED_ALL};
	for (size_t i = 0; i < conf->scanner_count && lesson->learned != LEARNED_LATER && lesson->learned != LEARNED_FAILED; i++) {
		const struct conf_scanner *scanner = &conf->scanners[i];
		struct error error = ERROR_INIT;
		bool was_known;

		if (scanner_url_looks_for(scanner_url_of(scanner->url).kind) != SCAN_SPAM)
			continue;
		if (learn_by(lines, i, is_spam, message, &was_known, &error) == 0) {
			add_name(scanner->name, was_known, lesson->names, sizeof(lesson->names));
			continue;
		}
		lesson->learned = outcome_of(error.class);
		phrase_set(lesson->reason, sizeof(lesson->reason), N_("scanner %s: %s"), scanner->name, error.phrase);
	}
	if (lesson->learned == LEARNED_NOTHING && lesson->names[0] != '\0') /* another one has */
		lesson->learned = LEARNED_ALL;
}

void filter_lines_probe(struct filter_lines *lines, const struct scanner_message *message)
{
	struct scan_verdict verdict;

	for (size_t i = 0; i < lines->scanners->conf->scanner_count; i++)
		if (!lines->scanners->conf->scanners[i].needs_line && must_be_probed(lines->scanners, i))
			ask(lines, i, message, &verdict);
}
