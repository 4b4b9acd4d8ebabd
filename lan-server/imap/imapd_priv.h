/* Declarations that the files of the IMAP server share. */
#ifndef LANPOST_LAN_SERVER_IMAPD_PRIV_H
#define LANPOST_LAN_SERVER_IMAPD_PRIV_H

#include "base/buf.h"
#include "spool/storage/storage.h"

#include "lan-server/imap/imapd.h"
#include "lan-server/imap/imapd_parse.h"
#include "lan-server/imap/imapd_reply.h"
#include "lan-server/imap/imapd_view.h"
#include "lan-server/reply.h"

#define IMAPD_TAG_MAX 64
#define IMAPD_COMMAND_MAX (128u << 10)	/* of a logged-in client, with its literals */
#define IMAPD_STRANGER_MAX (8u << 10)	/* before the login */
#define IMAPD_PIECE 32768 /* a job sends about this much at a time */
#define IMAPD_PIECE_MS 200
#define IMAPD_DEPTH_MAX 32
#define IMAPD_CODE_MAX (4u << 20) /* COPYUID of the largest mailbox */

/*
 *	NOT_AUTHENTICATED --LOGIN, AUTHENTICATE--> AUTHENTICATED <--SELECT, CLOSE--> SELECTED
 */
enum imapd_state { IMAPD_STATE_STRANGER, IMAPD_STATE_KNOWN, IMAPD_STATE_SELECTED };

/* What the client sends next. */
enum imapd_waits {
	IMAPD_WAITS_COMMAND,
	IMAPD_WAITS_LITERAL, /* of the command */
	IMAPD_WAITS_REST,    /* of the command, after a literal */
	IMAPD_WAITS_MESSAGE, /* the literal of APPEND */
	IMAPD_WAITS_SASL,
	IMAPD_WAITS_DONE, /* of IDLE */
};

enum imapd_enabled {
	IMAPD_CONDSTORE = 1,
	IMAPD_QRESYNC = 2,
	IMAPD_UTF8 = 4,
	IMAPD_REV2 = 8,
};

struct imapd_command;

/* What goes on over several pieces of output. step(): appends about a piece; IMAPD_MORE, or the command's reply. */
struct imapd_job {
	enum imapd_reply (*step)(struct imapd *imapd, void *own);
	void (*free)(void *own);
	void *own; /* NULL: there is no job */
	bool is_report; /* of changes (imapd_tell_first()): the reply follows without another one */
};

struct imapd {
	struct dialogue dialogue;
	struct imapd_options options;
	enum imapd_state state;
	enum imapd_waits waits;
	unsigned enabled; /* enum imapd_enabled */
	char tag[IMAPD_TAG_MAX + 1];
	const struct imapd_command *running;
	bool uid; /* the command is UID ... */
	struct buf command;
	uint64_t literal_left;
	enum imapd_reply refused; /* not IMAPD_NONE: the command is read to its end for this reply */
	bool is_compressed;
	bool is_broken;	 /* what was sent is wrong: the connection ends */
	struct sasl *sasl;
	struct imapd_view view; /* of the selected mailbox */
	struct imapd_uids saved; /* "$" (RFC 5182) */
	struct imapd_uids quiet; /* whose flags the client has just set by STORE with .SILENT */
	struct imapd_job job;
	int64_t piece_ends; /* then the session looks whether it must end, however little there is to send */
	unsigned piece_looks;
	struct imapd_append *append; /* NULL: none is in progress */
	int news_fd;		     /* eventfd of IDLE, -1: none yet */
	struct buf code; /* instead of the code of the next reply */
	char about[REPLY_TEXT_MAX];
};

/* The dialogue is the first member. */
static inline struct imapd *imapd_of(struct dialogue *dialogue)
{
	return (struct imapd *)dialogue;
}

/* Untagged data; the caller adds "* " and CRLF. */
static inline struct buf *imapd_out(struct imapd *imapd)
{
	return &imapd->dialogue.replies;
}


/* Starts a job; its reply is sent when it ends. */
enum imapd_reply imapd_job_begin(struct imapd *imapd, enum imapd_reply (*step)(struct imapd *, void *), void (*free_own)(void *), void *own);
/* Reports what has changed in the mailbox before this reply, which it returns; IMAPD_MORE: a job goes on, and ends with it. */
enum imapd_reply imapd_tell_first(struct imapd *imapd, bool may_expunge, enum imapd_reply reply);
/* Whether enough is collected for one piece, or enough time has passed. */
bool imapd_piece_is_full(struct imapd *imapd);
/* Sends a continuation request. */
void imapd_continue(struct imapd *imapd, struct slice text);

/* --- login (imapd_login.c) */
void imapd_greet(struct imapd *imapd);
enum imapd_reply imapd_cmd_capability(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_id(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_starttls(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_login(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_authenticate(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_compress(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_enable(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_sasl_response(struct imapd *imapd, struct slice line);

/* --- names (imapd_names.c) */
/* The storage's name ("ivan/Sent") of a mailbox on the wire, into out. IMAPD_NONE, or why not. */
enum imapd_reply imapd_name_read(struct imapd *imapd, struct slice wire, struct buf *out);
/* Takes an argument that is such a name; checks nothing else. */
enum imapd_reply imapd_name_argument(struct imapd *imapd, struct imapd_args *args, struct buf *out);
/* Appends a folder's name ("Sent", "INBOX") as this client reads names. */
void imapd_name_append(struct imapd *imapd, const char *name, struct buf *out);
/* The same without quotes. */
void imapd_name_wire(struct imapd *imapd, const char *name, struct buf *out);
/* How a mailbox is called in IMAP: "Sent", "INBOX", "Shared/info/Clients"; new memory. */
char *imapd_name_shown(const struct imapd *imapd, const char *mailbox);
/* Appends that name as this client reads names. */
void imapd_name_append_of(struct imapd *imapd, const char *mailbox, struct buf *out);
/* Appends the MAILBOXID (RFC 8474) in parentheses: of its UIDVALIDITY, which no other folder of the user or shared mailbox has had. */
void imapd_name_id(const struct imapd *imapd, const char *mailbox, uint32_t uid_validity, struct buf *out);
void imapd_names_make_standard(struct imapd *imapd);

/* --- shared mailboxes (imapd_shared.c) */
#define IMAPD_SHARED "Shared" /* their namespace */
bool imapd_is_own(const struct imapd *imapd, const char *mailbox);
/* What the user may do in a mailbox: their own, or a shared one. */
enum conf_share imapd_share(const struct imapd *imapd, const char *mailbox);
/* Appends the names of the shared mailboxes that the user sees. */
void imapd_shared_names(const struct imapd *imapd, struct strlist *names);
/* Whether there are any shared mailboxes, of anybody. */
bool imapd_has_shared(const struct imapd *imapd);
/* IMAPD_NONE, or why the user may not change what is in this mailbox, or create it. */
enum imapd_reply imapd_may_change(const struct imapd *imapd, const char *mailbox);
enum imapd_reply imapd_may_create(const struct imapd *imapd, const char *mailbox);
/* Whether the user may still see the selected mailbox. If not, it is left; the reply ends the session. */
enum imapd_reply imapd_check_access(struct imapd *imapd);
int imapd_folder_open(const struct imapd *imapd, const char *mailbox, struct folder **folder, struct error *error);
/* Mail programs show subscribed folders only: so each of a shared mailbox is subscribed when the user meets it first. */
void imapd_join_shared(struct imapd *imapd);

/* --- folders (imapd_folders.c, imapd_list.c, imapd_status.c) */
enum imapd_reply imapd_cmd_create(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_delete(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_rename(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_subscribe(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_unsubscribe(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_list(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_lsub(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_namespace(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_status(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_getquota(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_getquotaroot(struct imapd *imapd, struct imapd_args *args);
bool imapd_over_quota(struct imapd *imapd, const char *mailbox, uint64_t more);

/* IMAPD_NONE, IMAPD_NO_SUCH_FOLDER, or why that is not known. */
enum imapd_reply imapd_folder_exists(struct imapd *imapd, const char *mailbox);
/* Items of STATUS, as bits in the order of their table. Zero: a mistake. */
unsigned imapd_status_items(struct imapd_args *args);
/* Sends "* STATUS ..." of one mailbox. */
enum imapd_reply imapd_status_send(struct imapd *imapd, const char *mailbox, unsigned items);

/* --- the selected mailbox */
enum imapd_reply imapd_cmd_select(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_examine(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_close(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_unselect(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_expunge(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_store(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_copy(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_move(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_fetch(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_search(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_sort(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_thread(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_cmd_idle(struct imapd *imapd, struct imapd_args *args);
enum imapd_reply imapd_idle_line(struct imapd *imapd, struct slice line);
enum imapd_reply imapd_idle_news(struct imapd *imapd);
/* However IDLE ends: a watch that outlives its descriptor would write into another one. */
void imapd_idle_end(struct imapd *imapd);
/* Removes for good the messages with \Deleted, all or these. IMAPD_DONE, or why not. */
enum imapd_reply imapd_remove_deleted(struct imapd *imapd, const struct imapd_places *places);
/* VANISHED (EARLIER): those of these UIDs (no ranges: of all) that do not exist. */
void imapd_tell_vanished(struct imapd *imapd, const struct imapd_set *known);
/* The same; the flags of messages among them that have changed since are reported when the command ends. */
void imapd_resync(struct imapd *imapd, const struct imapd_set *known, uint64_t modseq);
/* Leaves the mailbox without removing anything. */
void imapd_leave(struct imapd *imapd);
/* A client has named a modification sequence: from now on it gets them (RFC 7162 section 3.1). */
void imapd_enable_condstore(struct imapd *imapd);

/* --- Outbox (imapd_outbox.c). IMAPD_NONE, or why not */
/* Whether something may be stored under this name, or the name be taken: not if it is Outbox. */
enum imapd_reply imapd_outbox_check(struct imapd *imapd, const char *mailbox);
/* Withdraws what has not left, all or none. IMAPD_DONE, or why not. */
enum imapd_reply imapd_outbox_withdraw(struct imapd *imapd, const uint32_t *uids, size_t count);
enum imapd_reply imapd_outbox_transfer(struct imapd *imapd, const uint32_t *uids, size_t count, const char *to, bool moves, uint32_t *to_uids,
    uint32_t *validity);

/* --- lessons (imapd_lesson.c): after messages have come to a mailbox, from another one or ("") from elsewhere; uid 0: none */
void imapd_lesson(struct imapd *imapd, const char *from, const char *to, const uint32_t *uids, size_t count);

/* --- whole messages of stubs (imapd_whole.c): before the change, so that none is without its request. IMAPD_NONE, or why not */
/* The flags are given to these messages: is $Fetch among them? */
enum imapd_reply imapd_whole_keyword(struct imapd *imapd, const uint32_t *uids, size_t count, uint32_t flags);
/* These messages are copied or moved to a mailbox: is it Fetch? */
enum imapd_reply imapd_whole_transfer(struct imapd *imapd, const uint32_t *uids, size_t count, const char *to);

/* --- flags (imapd_flags.c) */
/* Appends "(\Seen Work)". */
void imapd_flags_append(struct imapd_view *view, uint32_t flags, bool is_recent, struct buf *out);
/* Reads a list of flags and keywords in parentheses, or without them to the end, into *flags. False: a mistake. With no folder, keywords
 * go to the list. */
bool imapd_flags_read(struct imapd_args *args, struct folder *folder, struct strlist *keywords, uint32_t *flags);
/* FLAGS and PERMANENTFLAGS, if the keywords are more than the client knows. */
void imapd_flags_announce(struct imapd *imapd, bool permanent);

/* --- APPEND (imapd_append.c) */
enum imapd_reply imapd_cmd_append(struct imapd *imapd, struct imapd_args *args);
/* Whether the literal that the command's last line announces is a message. If so, *reply: IMAPD_BYTES, or why not. */
bool imapd_append_takes(struct imapd *imapd, const struct imapd_literal *literal, enum imapd_reply *reply);
void imapd_append_bytes(struct imapd *imapd, struct slice bytes);
void imapd_append_free(struct imapd_append *append);
/* Whether the disk has room for this many bytes, and for more files. */
bool imapd_has_room(const struct imapd *imapd, uint64_t bytes);

#endif
