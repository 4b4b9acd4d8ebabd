/*
 * The whole message of a stub: a client asks for it by the keyword $Fetch or by moving the stub to the folder Fetch. See
 * mail/whole_request.h.
 */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/log.h"
#include "mail/whole_request.h"
#include "message/stub_reply.h"
#include "spool/mailbox_name.h"

#include "lan-server/imap/imapd_priv.h"

#include <stdlib.h>

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
	uint64_t size;
	bool found;

	if (folder_read(folder, uid, &bytes, id, &error) != 0)
		return false;
	found = stub_reply_is_stub(bytes, id, &size) && fsx_check_map(bytes, &error) == 0;
	fsx_unmap(bytes);
	return found;
}

static enum imapd_reply request_all(struct imapd *imapd, const struct strlist *ids)
{
	const struct whole_request request = {
	    .conf = imapd->options.conf,
	    .spool = imapd->options.spool,
	    .session = imapd->options.session,
	    .asks = imapd->dialogue.user,
	    .mailbox = imapd->view.mailbox,
	};
	struct error error = ERROR_INIT;

	if (!may_ask(imapd))
		return IMAPD_NO_FETCH;
	if (ids->count > WHOLE_REQUESTS_MAX)
		return IMAPD_LIMIT;
	if (imapd->options.spool->intake == NULL) /* open for reading only */
		return IMAPD_FAILED;
	if (whole_request_write(&request, ids, &error) != 0)
		return imapd_storage_failed(imapd, "fetch", &error);
	for (size_t i = 0; i < ids->count; i++)
		log_info("event=imap-fetch-asked session=%s user=%s id=%s", imapd->options.session, imapd->dialogue.user, ids->items[i]);
	return IMAPD_NONE;
}

/* For the stubs among these messages of the selected mailbox. */
static enum imapd_reply ask(struct imapd *imapd, const uint32_t *uids, size_t count)
{
	enum imapd_reply reply = IMAPD_NONE;
	struct strlist ids = {.items = NULL};

	for (size_t i = 0; i < count && ids.count <= WHOLE_REQUESTS_MAX; i++) {
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
