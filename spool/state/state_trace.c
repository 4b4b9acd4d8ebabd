/*
 * Finds messages by words of their sender, recipients or subject.
 *
 * There is no index: each row of `message` in the requested period is read once, which takes a quarter of a second for a
 * million events, and costs nothing when messages are written. Ids begin with the time, so that a period is a range of the
 * primary key.
 */
#include "spool/storage/state_journal.h"
#include "spool/state/state_priv.h"

#include "base/alloc.h"
#include "message/fold.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WORDS_MAX (1u << 20)
#define DAY 86400
#define READ_AHEAD_MAX (512 << 20)
#define READ_AHEAD_STEP (128 << 10)
#define LAST_SECOND 32503680000 /* the year 3000 */

/* --- SQL matches(query, id, message_id, sender, recipients, subject, keywords) */

/* The prepared query, kept by SQLite for all rows of a statement. */
struct query {
	struct buf folded;
	struct buf text; /* of the row, folded */
};

static void query_free(void *pointer)
{
	struct query *query = pointer;

	buf_clear(&query->folded);
	buf_clear(&query->text);
	free(query);
}

static struct slice text_of(sqlite3_value *value)
{
	const char *text = (const char *)sqlite3_value_text(value);

	return text == NULL ? slice_make("", 0) : slice_make(text, (size_t)sqlite3_value_bytes(value));
}

static struct query *query_of(sqlite3_context *context, sqlite3_value *value)
{
	struct query *query = sqlite3_get_auxdata(context, 0);

	if (query != NULL)
		return query;
	query = xcalloc(1, sizeof(*query));
	buf_init(&query->folded, WORDS_MAX);
	buf_init(&query->text, WORDS_MAX);
	fold_text(slice_trim(text_of(value)), &query->folded);
	sqlite3_set_auxdata(context, 0, query, query_free);
	return sqlite3_get_auxdata(context, 0);
}

static bool stands_in(struct slice text, struct slice wanted)
{
	return wanted.len == 0 || slice_search(text, wanted) >= 0;
}

static struct slice folded(struct query *query, struct slice text)
{
	buf_reset(&query->text);
	fold_text(text, &query->text);
	return buf_slice(&query->text);
}

/* Every word, in any order: the query is not a pattern, so nothing needs escaping. */
static bool has_words(struct slice text, struct slice words)
{
	while (words.len > 0) {
		struct slice word = slice_cut(&words, ' ');

		if (word.len > 0 && !stands_in(text, word))
			return false;
	}
	return true;
}

static void matches(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct slice exact = text_of(values[0]), wanted;
	struct query *query = query_of(context, values[0]);
	bool found;

	(void)count;
	if (query == NULL) {
		sqlite3_result_error_nomem(context);
		return;
	}
	wanted = buf_slice(&query->folded);
	found = exact.len == 0 || slice_equal(text_of(values[1]), exact) || stands_in(text_of(values[2]), exact) ||
		(wanted.len > 0 &&
		    (stands_in(folded(query, text_of(values[3])), wanted) || stands_in(folded(query, text_of(values[4])), wanted) ||
			has_words(folded(query, text_of(values[5])), wanted) || stands_in(folded(query, text_of(values[6])), wanted)));
	sqlite3_result_int(context, found);
}

void state_add_functions(sqlite3 *db)
{
	sqlite3_create_function(db, "matches", 7, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, matches, NULL, NULL);
}

/* --- */

/* Ids of messages that arrived from that time on; a day early, since an id is created before its message
 * is complete. */
static void id_bound(char *out, size_t size, int64_t time, int64_t margin)
{
	if (time > LAST_SECOND)
		snprintf(out, size, "~");
	else if (time <= DAY)
		out[0] = '\0';
	else
		snprintf(out, size, "%s", msgid_floor(time + margin).text);
}

/* The messages are stored between their events: without this hint the disk would read every other page, one by one. The
 * steps have a size that Linux reads at once. The descriptor stays open as long as the process lives: closing one of
 * several descriptors of a file drops all POSIX locks on it, and SQLite relies on its own. */
static void read_ahead(struct state *state)
{
	static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
	static int kept = -1;
	const char *path = sqlite3_db_filename(state->db, "main");
	off_t size;

	pthread_mutex_lock(&guard);
	if (kept < 0 && path != NULL)
		kept = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size = kept < 0 ? 0 : lseek(kept, 0, SEEK_END);
	for (off_t at = 0; at < size && at < READ_AHEAD_MAX; at += READ_AHEAD_STEP)
		posix_fadvise(kept, at, READ_AHEAD_STEP, POSIX_FADV_WILLNEED);
	pthread_mutex_unlock(&guard);
}

/* Who gets what is found, and how many messages that were. */
struct listener {
	state_trace_fn fn;
	void *context;
	size_t found;
};

/* The matches among the ids from `from` to before `to`. */
static int trace_messages(struct state *state, const struct trace_query *query, const char *from, const char *to,
    struct listener *listener, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error,
	    "SELECT m.id, m.time, m.message_id, m.sender, m.recipients, m.subject, m.size,"
	    " j.time_us, j.event, j.place, j.session, j.detail"
	    " FROM message m CROSS JOIN journal j ON j.id = m.id"
	    " WHERE m.id >= ?4 AND m.id < ?5 AND m.time >= ?2 AND m.time < ?3"
	    " AND matches(?1, m.id, m.message_id, m.sender, m.recipients, m.subject, m.keywords)"
	    " ORDER BY m.time, m.id, j.time_us LIMIT ?6",
	    "tiitti", query->words, query->since, query->until, from, to, (int64_t)query->limit);

	return state_trace_rows(state, stmt, listener->fn, listener->context, &listener->found, error);
}

/* The session itself is stored under its own id; messages show what it did with them. */
static int trace_session(struct state *state, const struct trace_query *query, struct listener *listener, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error,
	    "SELECT j.id, COALESCE(m.time, j.time_us / 1000000), m.message_id, m.sender, m.recipients, m.subject, m.size,"
	    " j.time_us, j.event, j.place, j.session, j.detail"
	    " FROM journal j LEFT JOIN message m ON m.id = j.id"
	    " WHERE j.session = ?1 AND j.time_us >= ?2 * 1000000 AND j.time_us < ?3 * 1000000"
	    " ORDER BY j.id = ?1 DESC, j.id, j.time_us LIMIT ?4",
	    "tiii", query->words, query->since, query->until < INT64_MAX / 1000000 ? query->until : INT64_MAX / 1000000,
	    (int64_t)query->limit);

	return state_trace_rows(state, stmt, listener->fn, listener->context, &listener->found, error);
}

/* Messages and sessions have no id in common, and a known id is hardly searched for in the texts of other
 * messages. */
static int trace_id(struct state *state, const struct trace_query *query, struct listener *listener, struct error *error)
{
	char after[MSGID_LEN + 2];

	snprintf(after, sizeof(after), "%s~", query->words);
	if (trace_messages(state, query, query->words, after, listener, error) != 0)
		return -1;
	if (listener->found > 0)
		return 0;
	read_ahead(state);
	return trace_session(state, query, listener, error);
}

int state_trace(struct state *state, const struct trace_query *query, state_trace_fn fn,
    void *context, struct error *error)
{
	char from[MSGID_LEN + 1], to[MSGID_LEN + 1];
	struct listener listener = {.fn = fn, .context = context};

	if (msgid_is(slice_of(query->words)) && trace_id(state, query, &listener, error) != 0)
		return -1;
	if (listener.found > 0)
		return 0;
	id_bound(from, sizeof(from), query->since, -DAY);
	id_bound(to, sizeof(to), query->until, DAY);
	if (from[0] == '\0')
		read_ahead(state);
	return trace_messages(state, query, from, to, &listener, error);
}
