/*
 * The whole message of a stub: a client asks for it by the keyword $Fetch or by moving the stub to the folder Fetch. The request is mail to
 * daemon, as a reply to the stub would be: durable, and the next session answers it.
 */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "mail/route.h"
#include "message/compose.h"
#include "message/stub_reply.h"
#include "spool/mailbox_name.h"

#include "lan-server/imap/imapd_priv.h"

#include <stdlib.h>

#define REQUESTS_MAX 1000 /* of one command */
#define REQUEST_MAX 4096

static bool may_ask(const struct imapd *imapd)
{
	const struct conf *conf = imapd->options.conf;
	const struct strlist *allowed = &conf->gateway.daemon_users;

	return allowed->count == 0 || conf_users_have(conf, allowed, imapd->dialogue.user);
}

/* Whether the message is a stub, and its id. */
static bool is_stub(struct folder *folder, uint32_t uid, char id[72])
{
	struct error error;
	struct slice bytes;
	bool found;

	if (folder_read(folder, uid, &bytes, id, &error) != 0)
		return false;
	found = stub_reply_is_stub(bytes, id) && fsx_check_map(bytes, &error) == 0;
	fsx_unmap(bytes);
	return found;
}

/* From the user to daemon. */
static int write_request(const struct imapd *imapd, const char *subject, struct envelope *envelope, struct body *body, struct error *error)
{
	const struct conf *conf = imapd->options.conf;
	struct addr user = route_own_address(conf, imapd->dialogue.user), daemon = route_own_address(conf, CONF_DAEMON);
	struct buf text = BUF_INIT(REQUEST_MAX);
	char address[ADDR_TEXT_MAX];
	int result;

	envelope_init(envelope);
	origin_set_gateway(&envelope->origin);
	envelope_set(&envelope->session, slice_of(imapd->options.session));
	envelope_set(&envelope->sender, slice_of(addr_text(address, sizeof(address), &user)));
	envelope_add(envelope, PLACE_DAEMON, slice_of(address), slice_of(subject));
	body_init(body, imapd->options.spool);
	result = compose_message(
	    &(struct compose){
		.from = &user,
		.to = &daemon,
		.subject = slice_of(subject),
		.date = envelope->time,
		.id = &envelope->id,
		.host = conf->gateway.hostname,
		.parts = {{COMPOSE_TEXT, SLICE_NONE}},
		.part_count = 1,
	    },
	    &text, error);
	if (result == 0)
		result = body_append(body, buf_slice(&text), &envelope->id, error);
	if (result == 0)
		result = body_finish(body, error);
	buf_clear(&text);
	return result;
}

static int add_request(const struct imapd *imapd, struct intake_batch *batch, const char *owner, const char *id, struct error *error)
{
	char *subject = xasprintf(STUB_SUBJECT, id, owner);
	struct envelope envelope;
	struct body body;
	int result = write_request(imapd, subject, &envelope, &body, error);

	if (result == 0) {
		intake_batch_append(batch, &envelope, &body, NULL, 0);
		log_info("event=imap-fetch-asked session=%s user=%s id=%s", imapd->options.session, imapd->dialogue.user, id);
	} else {
		envelope_clear(&envelope);
		body_clear(&body, false);
	}
	free(subject);
	return result;
}

/* Remembers where the stub is: it is replaced there, also if the session is quicker than the change that follows. */
static int note_origin(const struct imapd *imapd, const char *owner, const char *id, struct error *error)
{
	if (slice_is(mailbox_name_folder(slice_of(imapd->view.mailbox)), STUB_FOLDER))
		return 0;
	return stub_origin_put(imapd->options.spool->state, owner, id, imapd->view.mailbox, error);
}

static int request(struct imapd *imapd, struct intake_batch *batch, const struct strlist *ids, struct error *error)
{
	char *owner = slice_dup(mailbox_name_user(slice_of(imapd->view.mailbox)));
	int result = 0;

	for (size_t i = 0; i < ids->count && result == 0; i++) {
		result = note_origin(imapd, owner, ids->items[i], error);
		if (result == 0)
			result = add_request(imapd, batch, owner, ids->items[i], error);
	}
	free(owner);
	return result == 0 ? intake_batch_commit(batch, error) : -1;
}

static enum imapd_reply request_all(struct imapd *imapd, const struct strlist *ids)
{
	struct intake_batch *batch;
	struct error error = ERROR_INIT;
	int result;

	if (!may_ask(imapd))
		return IMAPD_NO_FETCH;
	if (ids->count > REQUESTS_MAX)
		return IMAPD_LIMIT;
	if (imapd->options.spool->intake == NULL) /* open for reading only */
		return IMAPD_FAILED;
	batch = intake_batch_new(imapd->options.spool->intake);
	result = request(imapd, batch, ids, &error);
	intake_batch_free(batch);
	return result == 0 ? IMAPD_NONE : imapd_storage_failed(imapd, "fetch", &error);
}

/* For the stubs among these messages of the selected mailbox. */
static enum imapd_reply ask(struct imapd *imapd, const uint32_t *uids, size_t count)
{
	enum imapd_reply reply = IMAPD_NONE;
	struct strlist ids = {.items = NULL};

	for (size_t i = 0; i < count && ids.count <= REQUESTS_MAX; i++) {
		char id[72];

		if (is_stub(imapd->view.folder, uids[i], id))
			strlist_add(&ids, id);
	}
	if (ids.count > 0)
		reply = request_all(imapd, &ids);
	strlist_clear(&ids);
	return reply;
}

enum imapd_reply imapd_whole_keyword(struct imapd *imapd, const uint32_t *uids, size_t count, uint32_t flags)
{
	struct folder *folder = imapd->view.folder;
	uint32_t bit = folder_keyword(folder, STUB_KEYWORD, false), *fresh;
	enum imapd_reply reply;
	size_t kept = 0;

	if (bit == 0 || (flags & bit) == 0)
		return IMAPD_NONE;
	fresh = xcalloc(count + 1, sizeof(*fresh));
	for (size_t i = 0; i < count; i++) {
		struct folder_message message;

		folder_look(folder, &uids[i], 1, &message);
		if (message.uid != 0 && (message.flags & bit) == 0)
			fresh[kept++] = uids[i];
	}
	reply = ask(imapd, fresh, kept);
	free(fresh);
	return reply;
}

enum imapd_reply imapd_whole_transfer(struct imapd *imapd, const uint32_t *uids, size_t count, const char *to)
{
	if (!slice_is(mailbox_name_folder(slice_of(to)), STUB_FOLDER) || strcmp(to, imapd->view.mailbox) == 0)
		return IMAPD_NONE;
	return ask(imapd, uids, count);
}
