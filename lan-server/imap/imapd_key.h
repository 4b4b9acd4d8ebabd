/*
 * The search keys of SEARCH, SORT and THREAD (RFC 9051 section 6.4.4, RFC 5032, RFC 7162, RFC 8514): a bounded tree.
 */
#ifndef LANPOST_LAN_SERVER_IMAPD_KEY_H
#define LANPOST_LAN_SERVER_IMAPD_KEY_H

#include "message/imap/imap_terms.h"

#include "lan-server/imap/imapd_message.h"
#include "lan-server/imap/imapd_parse.h"
#include "lan-server/imap/imapd_reply.h"

struct imapd_key;

#define IMAPD_KEYS_MAX 1000

/* Reads keys to the end of the arguments. IMAPD_NONE, or why not. *with_modseq: one of them is MODSEQ. */
enum imapd_reply imapd_keys_read(struct imapd *imapd, struct imapd_args *args, struct imapd_key **keys, bool *with_modseq);
void imapd_keys_free(struct imapd_key *keys);

/* A message that is being looked at; it is opened when a key needs more than its flags, and closed by the caller. */
struct imapd_candidate {
	struct folder *folder;
	struct folder_message look;
	size_t place;
	bool is_recent;
	int64_t now; /* seconds since 1970 */
	bool is_gone;
	bool is_too_large; /* to be read now: a limit of the server */
	struct imapd_message message;
	bool uses_index; /* [lan] search_index */
	struct imapd_scratch *scratch;
	bool has_terms, has_index; /* they were looked for */
	struct imap_terms terms;
};
/* Memory for one message after the other. */
struct imapd_scratch {
	struct buf terms, index;
};
void imapd_scratch_init(struct imapd_scratch *scratch);
void imapd_scratch_clear(struct imapd_scratch *scratch);
/* What is compared of its header; NULL if it is gone. */
const struct imap_terms *imapd_candidate_terms(struct imapd_candidate *candidate);
void imapd_candidate_close(struct imapd_candidate *candidate);
bool imapd_key_matches(const struct imapd_key *key, struct imapd_candidate *candidate);

#endif
