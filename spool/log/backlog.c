#include "spool/log/backlog.h"

#include "base/alloc.h"
#include "base/process/busy.h"
#include "spool/log/intake_priv.h"

#include <stdlib.h>
#include <unistd.h>

#define MESSAGES_MAX 1024
#define BYTES_MAX (8u << 20)
/* How many messages that must wait are looked at in search of one that need not. */
#define LOOKED_AT_MAX 32
/* The queue, the daemon's triggers and the replies of rules; not a user's name. */
#define LANE_OF_THE_REST "/"

/* Deliveries to one mailbox. */
struct lane {
	uint64_t given; /* the number of the last message for it */
	uint64_t done;	/* all with at most this number are delivered there, or have failed */
};

/* A message's place in a lane: it is delivered when the one before it is done. */
struct backlog_turn {
	struct lane *lane;
	uint64_t after;
};

void backlog_init(struct backlog *backlog, size_t thread_max, int busy_fd)
{
	*backlog = (struct backlog){.thread_max = thread_max, .busy_fd = busy_fd};
	backlog->end = &backlog->first;
	pthread_cond_init(&backlog->work, NULL);
	pthread_cond_init(&backlog->delivered, NULL);
	pthread_cond_init(&backlog->room, NULL);
}

void backlog_clear(struct backlog *backlog)
{
	struct slice user;
	size_t at = 0;
	void *lane;

	while (map_next(&backlog->lanes, &at, &user, &lane))
		free(lane);
	map_clear(&backlog->lanes);
	pthread_cond_destroy(&backlog->work);
	pthread_cond_destroy(&backlog->delivered);
	pthread_cond_destroy(&backlog->room);
	if (backlog->busy_fd >= 0)
		close(backlog->busy_fd);
}

/* --- order */

static struct lane *lane_of(struct backlog *backlog, const struct place *place)
{
	struct slice name = slice_of(place_is_mailbox(place->kind) ? place->name : LANE_OF_THE_REST);
	struct lane *lane = map_get(&backlog->lanes, name);

	if (lane != NULL)
		return lane;
	lane = xcalloc(1, sizeof(*lane));
	map_put(&backlog->lanes, name, lane);
	return lane;
}

/* The number, and the turn in each lane. */
static void line_up(struct backlog *backlog, struct backlog_item *item)
{
	const struct envelope *envelope = &item->envelope;

	item->number = ++backlog->last_number;
	item->turns = xcalloc(envelope->place_count + 1, sizeof(*item->turns));
	for (size_t i = 0; i < envelope->place_count; i++) {
		struct lane *lane = lane_of(backlog, &envelope->places[i]);

		if (lane->given == item->number)
			continue;
		item->turns[item->turn_count++] = (struct backlog_turn){lane, lane->given};
		lane->given = item->number;
	}
}

static bool is_its_turn(const struct backlog_item *item)
{
	for (size_t i = 0; i < item->turn_count; i++)
		if (item->turns[i].lane->done != item->turns[i].after)
			return false;
	return true;
}

/* A message that waits has one with a smaller number in delivery, whose thread looks for work again afterwards: so none is
 * forgotten although not all are looked at. */
static struct backlog_item *find_ready(const struct backlog *backlog)
{
	size_t looked_at = 0;

	for (struct backlog_item *item = backlog->first; item != NULL && looked_at < LOOKED_AT_MAX; item = item->next) {
		if (item->is_taken)
			continue;
		if (is_its_turn(item))
			return item;
		looked_at++;
	}
	return NULL;
}

/* --- delivery */

static void remove_item(struct backlog *backlog, struct backlog_item *item)
{
	struct backlog_item **at = &backlog->first;

	while (*at != item)
		at = &(*at)->next;
	*at = item->next;
	if (item->next == NULL)
		backlog->end = at;
	backlog->bytes -= item->bytes;
	if (--backlog->count == 0)
		busy_set(backlog->busy_fd, false);
}

static void item_done(struct intake *intake, struct backlog_item *item, size_t failed)
{
	remove_item(&intake->backlog, item);
	for (size_t i = 0; i < item->turn_count; i++)
		item->turns[i].lane->done = item->number;
	if (item->awaited != NULL)
		--*item->awaited;
	intake_item_ended(intake, item->segment, failed);
	pthread_cond_broadcast(&intake->backlog.delivered);
	pthread_cond_signal(&intake->backlog.room);
	free(item->turns);
	free(item);
}

/* Delivers one message. Returns false if none can be delivered now. */
static bool deliver_next(struct intake *intake)
{
	struct backlog_item *item = find_ready(&intake->backlog);
	size_t failed;

	if (item == NULL)
		return false;
	item->is_taken = true;
	pthread_mutex_unlock(&intake->lock);
	failed = intake_deliver_item(intake, item);
	intake_item_clear(item, true);
	pthread_mutex_lock(&intake->lock);
	item_done(intake, item, failed);
	return true;
}

static void *deliver_all(void *context)
{
	struct intake *intake = context;
	struct backlog *backlog = &intake->backlog;

	pthread_mutex_lock(&intake->lock);
	while (!backlog->is_closing || backlog->first != NULL) {
		if (deliver_next(intake))
			continue;
		backlog->idle++;
		pthread_cond_wait(&backlog->work, &intake->lock);
		backlog->idle--;
	}
	pthread_mutex_unlock(&intake->lock);
	return NULL;
}

/* Whether an idle thread is to be woken. A message that must wait for another one needs no thread: that one's thread takes it. Without
 * any thread, the callers deliver. */
static bool find_thread(struct intake *intake, const struct backlog_item *item)
{
	struct backlog *backlog = &intake->backlog;

	if (!is_its_turn(item))
		return false;
	if (backlog->idle > 0)
		return true;
	if (backlog->thread_count < backlog->thread_max &&
	    pthread_create(&backlog->threads[backlog->thread_count], NULL, deliver_all, intake) == 0)
		backlog->thread_count++;
	while (backlog->thread_max > 0 && backlog->thread_count == 0 && deliver_next(intake))
		;
	return false;
}

/* Waits for the end of some delivery. */
static void help_or_wait(struct intake *intake, pthread_cond_t *end)
{
	if (!deliver_next(intake))
		pthread_cond_wait(end, &intake->lock);
}

/* A thread that helped may leave work to others. */
static void stop_helping(struct intake *intake)
{
	if (intake->backlog.idle > 0 && find_ready(&intake->backlog) != NULL)
		pthread_cond_signal(&intake->backlog.work);
}

static bool has_room(const struct backlog *backlog, size_t bytes)
{
	return backlog->first == NULL || (backlog->count < MESSAGES_MAX && backlog->bytes + bytes <= BYTES_MAX);
}

static void make_room(struct intake *intake, size_t bytes)
{
	if (has_room(&intake->backlog, bytes))
		return;
	while (!has_room(&intake->backlog, bytes))
		help_or_wait(intake, &intake->backlog.room);
	stop_helping(intake);
}

void backlog_add(struct intake *intake, struct backlog_item *item)
{
	struct backlog *backlog = &intake->backlog;
	bool wakes;

	item->bytes = item->body.memory.len + item->head.len;
	make_room(intake, item->bytes);
	line_up(backlog, item);
	item->next = NULL;
	*backlog->end = item;
	backlog->end = &item->next;
	backlog->bytes += item->bytes;
	if (backlog->count++ == 0)
		busy_set(backlog->busy_fd, true);
	wakes = find_thread(intake, item);
	pthread_mutex_unlock(&intake->lock);
	/* With the lock, it would wake up only to wait for that. */
	if (wakes)
		pthread_cond_signal(&backlog->work);
}

void backlog_await(struct intake *intake, const char *user)
{
	struct backlog *backlog = &intake->backlog;
	const struct lane *lane = user == NULL ? NULL : map_get(&backlog->lanes, slice_of(user));
	uint64_t number = lane != NULL ? lane->given : backlog->last_number;

	if (user != NULL && lane == NULL) /* nothing was ever accepted for it */
		return;
	while (lane != NULL ? lane->done < number : backlog->first != NULL && backlog->first->number <= number)
		help_or_wait(intake, &intake->backlog.delivered);
	stop_helping(intake);
}

void backlog_await_count(struct intake *intake, const size_t *awaited)
{
	while (*awaited > 0)
		help_or_wait(intake, &intake->backlog.delivered);
	stop_helping(intake);
}

void backlog_close(struct intake *intake)
{
	struct backlog *backlog = &intake->backlog;

	backlog->is_closing = true;
	while (backlog->first != NULL)
		help_or_wait(intake, &intake->backlog.delivered);
	pthread_cond_broadcast(&backlog->work);
	pthread_mutex_unlock(&intake->lock);
	for (size_t i = 0; i < backlog->thread_count; i++)
		pthread_join(backlog->threads[i], NULL);
}
