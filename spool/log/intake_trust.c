/* What this process knows about delivered files, and about places that are still owed (QUEUE.md, "When the disk
 * lies"). */
#include "base/clock.h"
#include "base/file/fsx.h"
#include "spool/log/intake_priv.h"

/* After a failure of the disk, other processes need this long to write their messages again. */
#define DOUBT_MS 60000

static void doubt(struct segment *segment)
{
	for (; segment != NULL; segment = segment->next)
		segment->doubtful = true;
}

int intake_sync(struct intake *intake, struct error *error)
{
	if (fsx_sync_opened(intake->sync_fd, intake->spool->folder, error) == 0)
		return 0;
	pthread_mutex_lock(&intake->lock);
	intake->doubted_until = clock_now_ms() + DOUBT_MS;
	doubt(intake->current);
	doubt(intake->closed);
	pthread_mutex_unlock(&intake->lock);
	return -1;
}

bool intake_is_doubtful(struct intake *intake)
{
	const struct segment *segments[] = {intake->current, intake->closed};
	bool doubtful = intake->is_blind || clock_now_ms() < intake->doubted_until;
	struct slice key;
	void *trust;

	for (size_t i = 0; i < sizeof(segments) / sizeof(*segments); i++)
		for (const struct segment *segment = segments[i]; segment != NULL; segment = segment->next)
			doubtful = doubtful || segment->doubtful;
	for (size_t at = 0; !doubtful && map_next(&intake->trust, &at, &key, &trust);)
		doubtful = (enum log_trust)(uintptr_t)trust == LOG_DOUBTFUL;
	return doubtful;
}

enum log_trust intake_trust(struct intake *intake, const char *file)
{
	enum log_trust trust;

	pthread_mutex_lock(&intake->lock);
	trust = (enum log_trust)(uintptr_t)map_get(&intake->trust, slice_of(file));
	pthread_mutex_unlock(&intake->lock);
	return trust;
}

void intake_set_trust(struct intake *intake, const char *file, enum log_trust trust)
{
	pthread_mutex_lock(&intake->lock);
	map_put(&intake->trust, slice_of(file), (void *)(uintptr_t)trust);
	pthread_mutex_unlock(&intake->lock);
}

static void debt_key(struct buf *key, const struct envelope *envelope, const struct place *place)
{
	buf_printf(key, "%s %d %s", envelope->id.text, (int)place->kind, place->name);
}

enum debt intake_debt(struct intake *intake, const struct envelope *envelope, const struct place *place)
{
	struct buf key = BUF_INIT(1u << 20);
	enum debt debt;

	debt_key(&key, envelope, place);
	pthread_mutex_lock(&intake->lock);
	debt = (enum debt)(uintptr_t)map_get(&intake->debts, buf_slice(&key));
	pthread_mutex_unlock(&intake->lock);
	buf_clear(&key);
	return debt == DEBT_PAID ? DEBT_NONE : debt;
}

void intake_owe(struct intake *intake, const struct envelope *envelope, const struct place *place, enum debt debt)
{
	struct buf key = BUF_INIT(1u << 20);

	debt_key(&key, envelope, place);
	pthread_mutex_lock(&intake->lock);
	map_put(&intake->debts, buf_slice(&key), (void *)(uintptr_t)debt);
	pthread_mutex_unlock(&intake->lock);
	buf_clear(&key);
}

void intake_paid(struct intake *intake, const struct envelope *envelope, const struct place *place)
{
	bool none;

	pthread_mutex_lock(&intake->lock);
	none = intake->debts.count == 0;
	pthread_mutex_unlock(&intake->lock);
	if (!none && intake_debt(intake, envelope, place) != DEBT_NONE)
		intake_owe(intake, envelope, place, DEBT_PAID);
}

/* The map has the state of each recipient, and under the id alone the number of unsettled ones plus
 * one. */
void intake_set_settled(struct intake *intake, const char *id, const char *recipient, bool settled)
{
	struct buf key = BUF_INIT(1u << 20);
	enum settlement before, now = settled ? SETTLED : UNSETTLED;
	uintptr_t count;

	buf_printf(&key, "%s %s", id, recipient);
	pthread_mutex_lock(&intake->lock);
	before = (enum settlement)(uintptr_t)map_get(&intake->unsettled, buf_slice(&key));
	if (before != now && (before == UNSETTLED || !settled)) {
		count = (uintptr_t)map_get(&intake->unsettled, slice_of(id));
		count = count == 0 ? 1 : count;
		map_put(&intake->unsettled, slice_of(id), (void *)(settled ? count - 1 : count + 1));
		map_put(&intake->unsettled, buf_slice(&key), (void *)(uintptr_t)now);
	}
	pthread_mutex_unlock(&intake->lock);
	buf_clear(&key);
}

bool intake_is_unsettled(struct intake *intake, const struct msgid *id)
{
	bool unsettled;

	pthread_mutex_lock(&intake->lock);
	unsettled = (uintptr_t)map_get(&intake->unsettled, slice_of(id->text)) > 1;
	pthread_mutex_unlock(&intake->lock);
	return unsettled;
}
