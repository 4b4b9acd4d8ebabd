/*
 * APPEND (RFC 9051 section 6.3.12), also of several messages (RFC 3502), with UTF-8 headers (RFC 6855) and binary literals (RFC 3516).
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "base/log.h"
#include "mail/sent_copy.h"

#include "lan-server/imap/imapd_priv.h"

#include <stdlib.h>

#define NAME_MAX_BYTES 1024
#define MESSAGES_MAX 100 /* of one command */

struct imapd_append {
	char *mailbox;
	struct folder_append messages[MESSAGES_MAX];
	size_t count, parsed; /* of the command, up to here */
	bool in_parentheses; /* UTF8 (~{5} ...) */
	bool failed;	     /* a byte could not be kept */
	bool after_cr;	     /* the last byte was a CR */
	uint64_t bytes;
	struct error error;
};

static void drop_bodies(struct imapd_append *append)
{
	for (size_t i = 0; i < append->count; i++)
		body_clear(&append->messages[i].body, false);
}

void imapd_append_free(struct imapd_append *append)
{
	if (append == NULL)
		return;
	drop_bodies(append);
	for (size_t i = 0; i < append->count; i++)
		strlist_clear(&append->messages[i].keywords);
	free(append->mailbox);
	free(append);
}

/* --- what comes before a message */

/* "a APPEND Sent (\Seen) {5}": up to the flags. False if it is another command, or the name itself is a literal. */
static bool begins_append(struct imapd *imapd, struct imapd_args *args, struct slice *name)
{
	if (imapd->state == IMAPD_STATE_STRANGER || !imapd_args_word(args, "APPEND") || !imapd_args_accept(args, ' '))
		return false;
	*name = imapd_args_astring(args);
	return !args->failed;
}

static enum imapd_reply check_mailbox(struct imapd *imapd, struct slice wire, struct buf *mailbox)
{
	enum imapd_reply reply = imapd_name_read(imapd, wire, mailbox);

	if (reply == IMAPD_NONE)
		reply = imapd_folder_exists(imapd, buf_text(mailbox));
	if (reply == IMAPD_NONE)
		reply = imapd_outbox_check(imapd, buf_text(mailbox));
	if (reply == IMAPD_NONE)
		reply = imapd_may_change(imapd, buf_text(mailbox));
	return reply == IMAPD_NO_SUCH_FOLDER ? IMAPD_TRY_CREATE : reply;
}

/* The first message of the command. */
static enum imapd_reply begin(struct imapd *imapd, struct slice name)
{
	struct buf mailbox = BUF_INIT(NAME_MAX_BYTES);
	enum imapd_reply reply = check_mailbox(imapd, name, &mailbox);

	if (reply == IMAPD_NONE) {
		imapd->append = xcalloc(1, sizeof(*imapd->append));
		imapd->append->mailbox = xstrdup(buf_text(&mailbox));
	}
	buf_clear(&mailbox);
	return reply;
}

/* Flags, a date and "UTF8 (" before the announcement, which is all that may be left. */
static bool read_options(struct imapd_args *args, struct folder_append *message, bool *in_parentheses)
{
	struct imapd_literal literal;
	struct slice rest;

	imapd_args_space(args);
	if (imapd_args_peek(args) == '(' && (!imapd_flags_read(args, NULL, &message->keywords, &message->flags) || !imapd_args_accept(args, ' ')))
		return false;
	if (imapd_args_peek(args) == '"') {
		message->time = imapd_args_date_time(args);
		imapd_args_space(args);
	}
	*in_parentheses = imapd_args_word(args, "UTF8");
	if (*in_parentheses) {
		imapd_args_space(args);
		imapd_args_expect(args, '(');
	}
	if (args->failed)
		return false;
	rest = slice_make(args->at, (size_t)(args->end - args->at));
	return imapd_literal_announced(rest, &literal) && imapd_literal_start(rest) == 0;
}

bool imapd_has_room(const struct imapd *imapd, uint64_t bytes)
{
	return imapd->options.spool->intake == NULL || intake_has_room(imapd->options.spool->intake, bytes);
}

static enum imapd_reply add_message(struct imapd *imapd, struct imapd_args *args, uint64_t len)
{
	struct imapd_append *append = imapd->append;
	struct folder_append *message = &append->messages[append->count];
	uint64_t most = (uint64_t)imapd->options.conf->limits.max_message_size;

	if (append->count == MESSAGES_MAX)
		return IMAPD_LIMIT;
	folder_append_begin(message, imapd->options.spool, append->count == 0 ? NULL : message - 1);
	append->count++;
	if (!read_options(args, message, &append->in_parentheses) || len == 0)
		return IMAPD_SYNTAX;
	append->parsed = imapd->command.len;
	if (len > most)
		return imapd_about(imapd, IMAPD_TOO_BIG, REPLY_NUMBER(most));
	append->bytes += len;
	if (!imapd_has_room(imapd, append->bytes))
		return IMAPD_DISK_FULL;
	return imapd_over_quota(imapd, append->mailbox, append->bytes) ? IMAPD_OVER_QUOTA : IMAPD_BYTES;
}

/* What is left of the message before: ")" of UTF8 (...). */
static bool end_message(struct imapd_append *append, struct imapd_args *args)
{
	bool good = !append->in_parentheses || imapd_args_accept(args, ')');

	append->in_parentheses = false;
	return good;
}

bool imapd_append_takes(struct imapd *imapd, const struct imapd_literal *literal, enum imapd_reply *reply)
{
	size_t begun = imapd->append != NULL ? imapd->append->parsed : strlen(imapd->tag) + 1;
	struct imapd_args args = imapd_args_of(imapd->command.ptr + begun, imapd->command.len - begun);
	struct slice name;

	*reply = IMAPD_NONE;
	if (imapd->append != NULL && !end_message(imapd->append, &args))
		*reply = IMAPD_SYNTAX;
	else if (imapd->append == NULL && !begins_append(imapd, &args, &name))
		return false;
	else if (imapd->append == NULL)
		*reply = begin(imapd, name);
	if (*reply == IMAPD_NONE)
		*reply = add_message(imapd, &args, literal->len);
	return true;
}

/* --- its bytes */

static int keep(struct imapd_append *append, struct folder_append *message, struct slice bytes)
{
	return bytes.len == 0 ? 0 : body_append(&message->body, bytes, &message->id, &append->error);
}

/* A bare LF becomes CRLF, as in all our messages. */
static int keep_lines(struct imapd_append *append, struct folder_append *message, struct slice bytes)
{
	size_t from = 0;

	for (const char *end = bytes.ptr; (end = memchr(end, '\n', (size_t)(bytes.ptr + bytes.len - end))) != NULL; end++) {
		size_t at = (size_t)(end - bytes.ptr);

		if (at > 0 ? end[-1] == '\r' : append->after_cr)
			continue;
		if (keep(append, message, slice_make(bytes.ptr + from, at - from)) != 0 || keep(append, message, SLICE_LITERAL("\r")) != 0)
			return -1;
		from = at;
	}
	append->after_cr = bytes.ptr[bytes.len - 1] == '\r';
	return keep(append, message, slice_from(bytes, from));
}

/* What has come is of no more use, and its sender may stay for long: it takes no room meanwhile. */
static void fail(struct imapd_append *append, int result)
{
	if (result == 0)
		return;
	append->failed = true;
	drop_bodies(append);
}

void imapd_append_bytes(struct imapd *imapd, struct slice bytes)
{
	struct imapd_append *append = imapd->append;
	struct folder_append *message = &append->messages[append->count - 1];

	if (append->failed)
		return;
	if (message->body.path != NULL && !imapd_has_room(imapd, bytes.len)) { /* many simultaneous messages could also use the last free space */
		fail(append, error_set(&append->error, ERROR_FULL, N_("the disk is nearly full")));
		return;
	}
	fail(append, bytes.len > 0 ? keep_lines(append, message, bytes) : 0);
	if (imapd->literal_left > bytes.len || append->failed)
		return;
	fail(append, body_finish(&message->body, &append->error));
	append->after_cr = false;
}

/* --- copies of sent messages: what the gateway keeps already is not kept twice */

/* Of a command: the messages that are new, and the UIDs of all. */
struct kept {
	struct folder *folder;
	struct folder_append *fresh; /* borrow what they have of the command's */
	size_t fresh_count;
	size_t numbers[MESSAGES_MAX]; /* in the command */
};

static bool saves_sent(const struct imapd *imapd)
{
	const struct conf_user *user = conf_find_user(imapd->options.conf, imapd->dialogue.user);

	return user != NULL && user->save_sent;
}

/* The flags that the program gives to its copy are those of the one that is there. */
static void give_flags(struct folder *folder, uint32_t uid, const struct folder_append *message)
{
	uint32_t flags = message->flags, *left;
	struct error ignored;
	size_t left_count;

	for (size_t i = 0; i < message->keywords.count; i++)
		flags |= folder_keyword(folder, message->keywords.items[i], true);
	folder_store(folder, &uid, 1, FOLDER_ADD, flags, UINT64_MAX, &left, &left_count, &ignored);
	free(left);
}

/* The UID of the copy that is there; 0: none is. */
static uint32_t find_copy(struct imapd *imapd, struct folder *folder, struct folder_append *message)
{
	struct error error = ERROR_INIT;
	struct slice bytes;
	uint32_t uid = 0;
	char id[72];

	if (body_view(&message->body, &bytes, &error) == 0)
		uid = sent_copy_find_ours(folder, bytes, id);
	if (uid == 0)
		return 0;
	give_flags(folder, uid, message);
	log_info("event=imap-append-known session=%s mailbox=%s id=%s", imapd->options.session, LOG_CSTR(imapd->append->mailbox), id);
	intake_journal(imapd->options.spool->intake, id, imapd->options.session, EVENT_DROPPED, imapd->append->mailbox,
	    PHRASE(N_("the copy of the mail program: the same message is there already")));
	return uid;
}

/* Sorts out the messages that are there. */
static void find_copies(struct imapd *imapd, struct kept *kept, uint32_t *uids)
{
	struct imapd_append *append = imapd->append;

	for (size_t i = 0; i < append->count; i++) {
		uids[i] = find_copy(imapd, kept->folder, &append->messages[i]);
		if (uids[i] != 0)
			continue;
		kept->fresh[kept->fresh_count] = append->messages[i];
		kept->numbers[kept->fresh_count++] = i;
		body_init(&append->messages[i].body, imapd->options.spool);
	}
}

static int append_to_sent(struct imapd *imapd, struct kept *kept, uint32_t *uids, uint32_t *validity, struct error *error)
{
	struct imapd_append *append = imapd->append;
	uint32_t fresh_uids[MESSAGES_MAX];
	int result = 0;

	if (folder_open(&kept->folder, imapd->options.spool, append->mailbox, error) != 0)
		return -1;
	*validity = folder_uid_validity(kept->folder);
	find_copies(imapd, kept, uids);
	if (kept->fresh_count > 0)
		result = folder_append(imapd->options.spool, append->mailbox, kept->fresh, kept->fresh_count, imapd->options.session, fresh_uids,
		    validity, error);
	for (size_t i = 0; i < kept->fresh_count; i++) {
		uids[kept->numbers[i]] = result == 0 ? fresh_uids[i] : 0;
		body_clear(&kept->fresh[i].body, false);
	}
	folder_close(kept->folder);
	return result;
}

/* Whether the folder is the one in which the gateway keeps copies. */
static bool is_sent(const struct imapd *imapd)
{
	struct error ignored;
	char *sent = saves_sent(imapd) ? sent_copy_mailbox(imapd->options.spool, imapd->dialogue.user, &ignored) : NULL;
	bool is_it = sent != NULL && strcmp(sent, imapd->append->mailbox) == 0;

	free(sent);
	return is_it;
}

static int append_all(struct imapd *imapd, uint32_t *uids, uint32_t *validity, struct error *error)
{
	struct imapd_append *append = imapd->append;
	struct kept kept = {.fresh_count = 0};
	int result;

	if (!is_sent(imapd))
		return folder_append(imapd->options.spool, append->mailbox, append->messages, append->count, imapd->options.session, uids, validity,
		    error);
	kept.fresh = xcalloc(append->count, sizeof(*kept.fresh));
	sent_copy_lock(imapd->dialogue.user);
	result = append_to_sent(imapd, &kept, uids, validity, error);
	sent_copy_unlock(imapd->dialogue.user);
	free(kept.fresh);
	return result;
}

/* --- the end of the command */

/* A message of which another program has taken the file already has no UID here. */
static void note_appended(struct imapd *imapd, uint32_t validity, const uint32_t *uids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (uids[i] == 0)
			return;
	buf_printf(&imapd->code, "APPENDUID %u ", validity);
	imapd_uids_append(uids, count, &imapd->code);
}

/* In a shared mailbox \Seen is the user's own; the name of a file would say it for all. */
static uint64_t take_seen(struct imapd_append *append, bool seen[MESSAGES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < append->count; i++) {
		seen[i] = append->messages[i].flags & FOLDER_SEEN;
		append->messages[i].flags &= ~(uint32_t)FOLDER_SEEN;
		count += seen[i];
	}
	return count;
}

static int mark_seen(struct imapd *imapd, const uint32_t *uids, const bool *seen)
{
	struct imapd_append *append = imapd->append;
	uint32_t marked[MESSAGES_MAX], *left = NULL;
	size_t count = 0, left_count;
	struct folder *folder;
	int result;

	for (size_t i = 0; i < append->count; i++)
		if (seen[i] && uids[i] != 0)
			marked[count++] = uids[i];
	if (imapd_folder_open(imapd, append->mailbox, &folder, &append->error) != 0)
		return -1;
	result = folder_store(folder, marked, count, FOLDER_ADD, FOLDER_SEEN, UINT64_MAX, &left, &left_count, &append->error);
	folder_close(folder);
	free(left);
	return result;
}

static enum imapd_reply accept_messages(struct imapd *imapd)
{
	struct imapd_append *append = imapd->append;
	uint32_t uids[MESSAGES_MAX], validity;
	bool seen[MESSAGES_MAX], marks_seen;

	if (append->failed)
		return imapd_storage_failed(imapd, "append", &append->error);
	marks_seen = !imapd_is_own(imapd, append->mailbox) && take_seen(append, seen) > 0;
	if (append_all(imapd, uids, &validity, &append->error) != 0)
		return imapd_storage_failed(imapd, "append", &append->error);
	if (marks_seen && mark_seen(imapd, uids, seen) != 0)
		imapd_storage_failed(imapd, "store", &append->error); /* they are accepted */
	imapd_lesson(imapd, "", append->mailbox, uids, append->count);
	note_appended(imapd, validity, uids, append->count);
	log_info("event=imap-appended session=%s mailbox=%s messages=%zu", imapd->options.session, LOG_CSTR(append->mailbox), append->count);
	return IMAPD_DONE;
}

enum imapd_reply imapd_cmd_append(struct imapd *imapd, struct imapd_args *args)
{
	struct imapd_args rest;

	(void)args;
	if (imapd->append == NULL)
		return IMAPD_SYNTAX; /* without a message */
	rest = imapd_args_of(imapd->command.ptr + imapd->append->parsed, imapd->command.len - imapd->append->parsed);
	if (!end_message(imapd->append, &rest) || !imapd_args_done(&rest))
		return IMAPD_SYNTAX;
	return accept_messages(imapd);
}
