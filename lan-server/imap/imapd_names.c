/*
 * Names of mailboxes: on the wire and in the storage, and the usual folders.
 */
#include "base/alloc.h"
#include "message/imap/folder_name.h"
#include "message/imap/folder_use.h"
#include "message/imap/imap_string.h"
#include "message/imap/imap_utf7.h"
#include "spool/mailbox_name.h"

#include "lan-server/imap/imapd_priv.h"

#include <stdlib.h>

#define WIRE_MAX 2048

static bool speaks_utf8(const struct imapd *imapd)
{
	return imapd->enabled & (IMAPD_UTF8 | IMAPD_REV2);
}

/* UTF-8 of a client that did not ask for it is taken, too: many send it. */
static bool decode(struct imapd *imapd, struct slice wire, struct buf *out)
{
	size_t before = out->len;

	if (!speaks_utf8(imapd) && imap_utf7_decode(wire, "", out) == 0)
		return true;
	out->len = before;
	return (speaks_utf8(imapd) || !slice_is_ascii(wire)) && utf8_is_valid(wire) && buf_append_slice(out, wire) == 0;
}

/* "Shared/info/Clients" is "info/Clients" for its members. For others it is a name like any other. */
static void read_shared(struct imapd *imapd, struct slice folder, struct buf *out)
{
	struct slice rest = folder, top = slice_cut(&rest, '/');
	char *mailbox;

	if (!slice_is(top, IMAPD_SHARED) || rest.len == 0)
		return;
	mailbox = slice_dup(rest);
	if (!imapd_is_own(imapd, mailbox) && imapd_share(imapd, mailbox) != SHARE_NONE && !folder_names_outbox(imapd->options.spool, mailbox)) {
		buf_reset(out);
		buf_append_text(out, mailbox);
	}
	free(mailbox);
}

enum imapd_reply imapd_name_read(struct imapd *imapd, struct slice wire, struct buf *out)
{
	struct slice folder;
	size_t user;

	buf_reset(out);
	buf_append_text(out, imapd->dialogue.user);
	if (slice_is_nocase(wire, "INBOX"))
		return IMAPD_NONE;
	buf_append_byte(out, '/');
	user = out->len;
	if (wire.len > WIRE_MAX || !decode(imapd, wire, out))
		return IMAPD_FOLDER_NAME;
	folder = slice_from(buf_slice(out), user);
	if (slice_begins_nocase(folder, "INBOX/"))
		memcpy(out->ptr + user, "INBOX", 5);
	if (!folder_name_is_valid(folder))
		return IMAPD_FOLDER_NAME;
	read_shared(imapd, folder, out);
	return IMAPD_NONE;
}

enum imapd_reply imapd_name_argument(struct imapd *imapd, struct imapd_args *args, struct buf *out)
{
	struct slice wire = imapd_args_astring(args);

	return args->failed ? IMAPD_SYNTAX : imapd_name_read(imapd, wire, out);
}

void imapd_name_wire(struct imapd *imapd, const char *name, struct buf *out)
{
	if (speaks_utf8(imapd) || imap_utf7_encode(slice_of(name), "", out) != 0)
		buf_append_text(out, name);
}

void imapd_name_append(struct imapd *imapd, const char *name, struct buf *out)
{
	struct buf wire = BUF_INIT(WIRE_MAX);

	imapd_name_wire(imapd, name, &wire);
	if (speaks_utf8(imapd))
		imap_append_utf8(out, buf_slice(&wire));
	else
		imap_append_string(out, buf_slice(&wire));
	buf_clear(&wire);
}

char *imapd_name_shown(const struct imapd *imapd, const char *mailbox)
{
	const char *slash = strchr(mailbox, '/');

	if (!imapd_is_own(imapd, mailbox))
		return xasprintf(IMAPD_SHARED "/%s", mailbox);
	return xstrdup(slash == NULL ? "INBOX" : slash + 1);
}

void imapd_name_append_of(struct imapd *imapd, const char *mailbox, struct buf *out)
{
	char *name = imapd_name_shown(imapd, mailbox);

	imapd_name_append(imapd, name, out);
	free(name);
}

/* The names of mailboxes are in lower case; a dot may not be in an id. */
void imapd_name_id(const struct imapd *imapd, const char *mailbox, uint32_t uid_validity, struct buf *out)
{
	struct slice shared = imapd_is_own(imapd, mailbox) ? SLICE_NONE : mailbox_name_user(slice_of(mailbox));

	buf_append_byte(out, '(');
	for (size_t i = 0; i < shared.len; i++)
		buf_append_byte(out, shared.ptr[i] == '.' ? 'D' : shared.ptr[i]);
	buf_printf(out, "V%u)", uid_validity);
}

/* --- the usual folders */

static int make_folder(struct imapd *imapd, const char *name, struct error *error)
{
	const struct spool *spool = imapd->options.spool;
	char *mailbox = mailbox_name_of(imapd->dialogue.user, name);
	int result = folder_create(spool, mailbox, error);

	if (result != 0 && error->class == ERROR_PERMANENT) /* another session has just made it */
		result = 0;
	if (result == 0)
		result = folder_subscribe(spool, imapd->dialogue.user, name, true, error);
	free(mailbox);
	return result;
}

static bool has_use(const struct strlist *folders, const char *use)
{
	for (size_t i = 0; i < folders->count; i++)
		if (folder_has_use(folders->items[i], use))
			return true;
	return false;
}

/* Each special use has a folder, whatever its name is. Deliveries may have made some: those of rules, Sent, Junk. */
void imapd_names_make_standard(struct imapd *imapd)
{
	const struct spool *spool = imapd->options.spool;
	struct strlist folders = {.items = NULL};
	struct error error = ERROR_INIT;
	int result = folder_names(spool, imapd->dialogue.user, &folders, &error);
	bool is_first = true;
	size_t rank;

	for (size_t i = 0; i < FOLDER_USES && result == 0; i++) {
		if (has_use(&folders, folder_use(folder_use_name(i), &rank)))
			continue;
		if (is_first)
			result = folder_subscribe(spool, imapd->dialogue.user, "INBOX", true, &error);
		if (result == 0)
			result = make_folder(imapd, folder_use_name(i), &error);
		is_first = false;
	}
	if (result != 0)
		imapd_storage_failed(imapd, "standard-folders", &error);
	strlist_clear(&folders);
}
