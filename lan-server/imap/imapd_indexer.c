#include "lan-server/imap/imapd_indexer.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "message/imap/imap_terms.h"
#include "message/imap/imap_text_index.h"

#include "lan-server/imap/imapd.h"
#include "lan-server/imap/imapd_message.h"

#include <pthread.h>
#include <stdlib.h>

#define WORK_MS 20
#define REST_MS 60	 /* after that */
#define BUSY_REST_MS 500 /* while sessions work */
#define LOOK_MS 2000	 /* when there was nothing to do in any folder */
#define STACK_SIZE (256 * 1024)
#define AT_ONCE 32
#define LARGE_MAX (32u << 20) /* a larger message is not indexed */

struct imapd_indexer {
	const struct spool *spool;
	pthread_t thread;
	pthread_mutex_t lock; /* of these */
	pthread_cond_t woken;
	bool is_on, is_stopping;
	/* The thread's own. */
	char *folder;	/* it was here last; in new memory */
	uint32_t from;
	size_t in_round; /* messages since the first folder */
};

/* --- a message */

static bool is_kept(struct folder *folder, enum folder_cache which, uint32_t uid)
{
	struct buf value = BUF_INIT(IMAP_TERMS_MAX);
	bool kept = folder_cache_get(folder, which, uid, &value);

	buf_clear(&value);
	return kept;
}

/* What lists and searches need of the header. */
static void keep_header(struct folder *folder, uint32_t uid, struct imapd_message *message)
{
	struct buf terms = BUF_INIT(IMAP_TERMS_MAX);

	if (!is_kept(folder, FOLDER_LISTING, uid))
		imapd_message_keep(message, folder, uid, true);
	if (is_kept(folder, FOLDER_TERMS, uid))
		return;
	imap_terms_make(message->header, &terms);
	folder_cache_put(folder, FOLDER_TERMS, uid, buf_slice(&terms));
	buf_clear(&terms);
}

static void index_message(struct folder *folder, uint32_t uid)
{
	struct buf index = BUF_INIT(IMAP_TEXT_INDEX_MAX);
	struct folder_message look;
	struct imapd_message message;

	folder_look(folder, &uid, 1, &look);
	if (look.uid == 0 || imapd_message_open(&message, folder, &look, IMAPD_NEEDS_BYTES) != 0)
		return;
	keep_header(folder, uid, &message);
	imap_text_index_make(message.bytes.len <= LARGE_MAX ? imapd_message_tree(&message) : NULL, &index);
	if (imapd_message_close(&message))
		folder_cache_put(folder, FOLDER_TEXT, uid, buf_slice(&index));
	buf_clear(&index);
}

size_t imapd_index_folder(struct folder *folder, uint32_t *from, int64_t ms)
{
	int64_t until = clock_now_ms() + ms;
	uint32_t uids[AT_ONCE];
	size_t count = folder_cache_missing(folder, FOLDER_TEXT, *from, uids, AT_ONCE), done = 0;

	while (done < count && (done == 0 || clock_now_ms() < until)) {
		index_message(folder, uids[done]);
		*from = uids[done++] + 1;
	}
	return done;
}

/* --- the thread */

/* One step; returns how long to rest afterwards. */
static int64_t work(struct imapd_indexer *indexer)
{
	struct folder *folder = folder_borrow(indexer->spool, indexer->folder);
	int64_t begin = clock_now_ms(), rest;
	size_t done;

	if (folder == NULL) {
		rest = indexer->in_round > 0 ? REST_MS : LOOK_MS;
		indexer->folder[0] = '\0';
		indexer->in_round = 0;
		return rest;
	}
	done = imapd_index_folder(folder, &indexer->from, WORK_MS);
	indexer->in_round += done;
	if (done == 0) {
		free(indexer->folder);
		indexer->folder = xstrdup(folder_mailbox(folder));
		indexer->from = 0;
	}
	folder_return(folder);
	if (done == 0)
		return 0;
	return imapd_has_jobs() ? BUSY_REST_MS : (clock_now_ms() - begin) * REST_MS / WORK_MS;
}

static void *run(void *context)
{
	struct imapd_indexer *indexer = context;

	pthread_mutex_lock(&indexer->lock);
	while (!indexer->is_stopping) {
		int64_t rest = LOOK_MS;

		if (indexer->is_on) {
			pthread_mutex_unlock(&indexer->lock);
			rest = work(indexer);
			pthread_mutex_lock(&indexer->lock);
		}
		if (rest > 0 && !indexer->is_stopping)
			cond_wait_until(&indexer->woken, &indexer->lock, clock_now_ms() + rest);
	}
	pthread_mutex_unlock(&indexer->lock);
	return NULL;
}

static void indexer_free(struct imapd_indexer *indexer)
{
	pthread_cond_destroy(&indexer->woken);
	pthread_mutex_destroy(&indexer->lock);
	free(indexer->folder);
	free(indexer);
}

struct imapd_indexer *imapd_indexer_start(const struct spool *spool, bool is_on)
{
	struct imapd_indexer *indexer = xcalloc(1, sizeof(*indexer));
	pthread_attr_t attributes;
	int failed;

	*indexer = (struct imapd_indexer){.spool = spool, .is_on = is_on, .folder = xstrdup("")};
	pthread_mutex_init(&indexer->lock, NULL);
	cond_init(&indexer->woken);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	failed = pthread_create(&indexer->thread, &attributes, run, indexer);
	pthread_attr_destroy(&attributes);
	if (failed == 0)
		return indexer;
	log_warnx("event=indexer-failed (BODY and TEXT are searched without an index)");
	indexer_free(indexer);
	return NULL;
}

void imapd_indexer_switch(struct imapd_indexer *indexer, bool is_on)
{
	if (indexer == NULL)
		return;
	pthread_mutex_lock(&indexer->lock);
	indexer->is_on = is_on;
	pthread_mutex_unlock(&indexer->lock);
}

void imapd_indexer_stop(struct imapd_indexer *indexer)
{
	if (indexer == NULL)
		return;
	pthread_mutex_lock(&indexer->lock);
	indexer->is_stopping = true;
	pthread_cond_signal(&indexer->woken);
	pthread_mutex_unlock(&indexer->lock);
	pthread_join(indexer->thread, NULL);
	indexer_free(indexer);
}
