/* Changes of messages that are in mailboxes: flags, moves, copies, removals of a client. Committed like all facts, and applied by the caller. */
#include "base/alloc.h"
#include "base/i18n.h"
#include "spool/log/intake_priv.h"

#include <stdlib.h>

/* A record holds fewer bytes than RECORD_HEAD_MAX, also if each is escaped. */
#define RECORD_BYTES (4u << 20)
#define ESCAPED 3
#define FACT_BYTES 64

const char *intake_hostname(const struct intake *intake)
{
	return intake->hostname;
}

static size_t bytes_of(const struct fact *fact)
{
	const char *words[] = {fact->id, fact->name, fact->text, fact->to};
	size_t bytes = FACT_BYTES;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		bytes += words[i] == NULL ? 0 : ESCAPED * strlen(words[i]);
	return bytes;
}

/* Whether the disk has failed since the last sync, or some time before. */
static int check_settled(struct intake *intake, struct error *error)
{
	bool doubtful;

	pthread_mutex_lock(&intake->lock);
	doubtful = intake_is_doubtful(intake);
	pthread_mutex_unlock(&intake->lock);
	if (!doubtful)
		return 0;
	return error_set(error, ERROR_TEMPORARY,
	    N_("the disk has failed: messages cannot be moved or copied until a minute after everything has been written again"));
}

int intake_change(struct intake *intake, const struct fact *facts, size_t count, intake_apply_fn apply, void *context, struct error *error)
{
	struct intake_batch *batch = intake_batch_new(intake);
	size_t begin = 0, bytes = 0;
	int result;

	for (size_t i = 0; i <= count; i++) {
		size_t more = i < count ? bytes_of(&facts[i]) : 0;

		if (i > begin && (i == count || bytes + more > RECORD_BYTES)) {
			intake_batch_append(batch, NULL, NULL, facts + begin, i - begin);
			intake_batch_apply(batch, apply, context);
			begin = i;
			bytes = 0;
		}
		bytes += more;
	}
	/* No recovery applies older flags between the record and the change, nor writes a message again that moves away. */
	pthread_rwlock_rdlock(&intake->changing);
	result = count > 0 && (facts->kind == FACT_MOVE || facts->kind == FACT_COPY) ? check_settled(intake, error) : 0;
	if (result == 0)
		result = intake_batch_commit(batch, error);
	pthread_rwlock_unlock(&intake->changing);
	intake_batch_free(batch);
	return result;
}

/* Everything in mailboxes is durable then, except what a failure of the disk has taken, and a process writes again. */
int intake_settle(struct intake *intake, struct error *error)
{
	return intake_sync(intake, error) == 0 ? check_settled(intake, error) : -1;
}

/* --- changes that the disk has refused, until recovery makes them */

static void change_key(struct buf *key, const struct fact *fact)
{
	buf_printf(key, "%d/%s/%s", (int)fact->kind, fact->name, fact->text);
}

bool intake_has_changes_left(struct intake *intake)
{
	bool some;

	pthread_mutex_lock(&intake->lock);
	some = intake->change_debts.count > 0;
	pthread_mutex_unlock(&intake->lock);
	return some;
}

void intake_owe_change(struct intake *intake, const struct fact *fact, bool owed)
{
	struct buf key = BUF_INIT(1u << 20);

	change_key(&key, fact);
	pthread_mutex_lock(&intake->lock);
	if (owed && (fact->kind == FACT_FLAGS || fact->kind == FACT_MOVE || fact->kind == FACT_COPY))
		map_put(&intake->change_debts, buf_slice(&key), (void *)1);
	else if (!owed && intake->change_debts.count > 0)
		map_remove(&intake->change_debts, buf_slice(&key));
	pthread_mutex_unlock(&intake->lock);
	buf_clear(&key);
}

bool intake_owes_change(struct intake *intake, const struct fact *fact)
{
	struct buf key = BUF_INIT(1u << 20);
	bool owed;

	change_key(&key, fact);
	pthread_mutex_lock(&intake->lock);
	owed = map_get(&intake->change_debts, buf_slice(&key)) != NULL;
	pthread_mutex_unlock(&intake->lock);
	buf_clear(&key);
	return owed;
}
