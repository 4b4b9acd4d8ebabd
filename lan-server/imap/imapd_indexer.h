/*
 * Indexes the text of messages in idle time (message/imap/imap_text_index.h): one thread, which works a quarter of the time, and much less
 * while sessions list or search messages. Only folders that sessions have open, or had recently, are indexed. A message that is not indexed
 * yet is read by each search.
 */
#ifndef LANPOST_LAN_SERVER_IMAPD_INDEXER_H
#define LANPOST_LAN_SERVER_IMAPD_INDEXER_H

#include "spool/storage/storage.h"

struct imapd_indexer;

/* Starts the thread; NULL: that is not possible, and nothing is indexed. The spool is borrowed. */
struct imapd_indexer *imapd_indexer_start(const struct spool *spool, bool is_on);
/* [lan] search_index of a new configuration. Accepts NULL. */
void imapd_indexer_switch(struct imapd_indexer *indexer, bool is_on);
/* Waits for the message in work, and ends the thread. Accepts NULL. */
void imapd_indexer_stop(struct imapd_indexer *indexer);
/* Indexes messages of one folder that are not indexed yet, and keeps their listings, for about this long. Returns how many; *from, at first 0,
 * is where to go on. For tests, too. */
size_t imapd_index_folder(struct folder *folder, uint32_t *from, int64_t ms);

#endif
