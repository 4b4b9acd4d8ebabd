#include "lan-server/imap/imapd_message.h"

#include "base/file/fsx.h"
#include "base/log.h"
#include "message/header.h"

#include "lan-server/made_memory.h"

#include <errno.h>

static size_t converted_size(struct slice bytes)
{
	size_t size = bytes.len;
	const char *end = bytes.ptr + bytes.len;

	for (const char *at = bytes.ptr; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		size += at == bytes.ptr || at[-1] != '\r';
	return size;
}

static bool convert(struct imapd_message *message)
{
	struct slice rest = message->map;

	if (!made_memory_buf(&message->converted, converted_size(rest)))
		return false;
	while (rest.len > 0) {
		struct slice line = slice_cut(&rest, '\n');
		bool has_end = rest.ptr != NULL;

		if (has_end && line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		buf_append_slice(&message->converted, line);
		if (has_end)
			buf_append_text(&message->converted, "\r\n");
	}
	message->bytes = buf_slice(&message->converted);
	return true;
}

enum imapd_reply imapd_message_missing(const struct folder_message *look, const struct error *error)
{
	if (error->saved_errno == ENOENT)
		return IMAPD_SOME_GONE;
	log_warnx("event=message-unreadable uid=%u reason=%s", look->uid, LOG_ERROR(error));
	return IMAPD_UNREADABLE;
}

static enum imapd_reply open_bytes(struct imapd_message *message, struct folder *folder, struct folder_message *look)
{
	struct error error = ERROR_INIT;

	if ((!look->size_known && folder_size(folder, look, &error) != 0) || folder_read(folder, look->uid, &message->map, message->id, &error) != 0) {
		message->map = SLICE_NONE;
		return imapd_message_missing(look, &error);
	}
	message->has = IMAPD_NEEDS_BYTES;
	message->bytes = message->map;
	if (message->map.len != look->size && !convert(message)) /* a bare LF counts as two */
		return IMAPD_LIMIT;
	message->header = slice_make(message->bytes.ptr, header_length(message->bytes));
	return IMAPD_NONE;
}

/* Takes what is kept. False: not what is needed. */
static bool open_kept(struct imapd_message *message, struct folder *folder, uint32_t uid, enum imapd_needs needs)
{
	struct imap_listing listing;

	if (!folder_cache_get(folder, FOLDER_LISTING, uid, &message->kept) || !imap_listing_read(buf_slice(&message->kept), &listing) ||
	    (needs == IMAPD_NEEDS_STRUCTURE && listing.structure.ptr == NULL)) {
		buf_reset(&message->kept);
		return false;
	}
	message->has = listing.structure.ptr != NULL ? IMAPD_NEEDS_STRUCTURE : IMAPD_NEEDS_LISTING;
	message->header = listing.header;
	message->listing = listing;
	return true;
}

/* Not if a byte may be wrong. */
void imapd_message_keep(struct imapd_message *message, struct folder *folder, uint32_t uid, bool with_structure)
{
	const struct imap_tree *tree = with_structure ? imapd_message_tree(message) : NULL;
	struct error error;

	if (imap_listing_make(message->header, tree, &message->kept) && fsx_check_map(message->map, &error) == 0 &&
	    imap_listing_read(buf_slice(&message->kept), &message->listing))
		folder_cache_put(folder, FOLDER_LISTING, uid, buf_slice(&message->kept));
}

enum imapd_reply imapd_message_open(struct imapd_message *message, struct folder *folder, struct folder_message *look,
    enum imapd_needs needs)
{
	enum imapd_reply opened;

	*message = (struct imapd_message){.kept = BUF_INIT(IMAP_LISTING_MAX)};
	if (needs != IMAPD_NEEDS_BYTES && open_kept(message, folder, look->uid, needs))
		return IMAPD_NONE;
	opened = open_bytes(message, folder, look);
	if (opened != IMAPD_NONE) {
		imapd_message_close(message);
		return opened;
	}
	if (needs == IMAPD_NEEDS_LISTING || needs == IMAPD_NEEDS_STRUCTURE)
		imapd_message_keep(message, folder, look->uid, needs == IMAPD_NEEDS_STRUCTURE);
	return IMAPD_NONE;
}

const struct imap_tree *imapd_message_tree(struct imapd_message *message)
{
	if (!message->has_tree)
		imap_tree_read(&message->tree, message->bytes);
	message->has_tree = true;
	return &message->tree;
}

bool imapd_message_close(struct imapd_message *message)
{
	struct error error = ERROR_INIT;
	bool is_intact = true;

	if (message->has == IMAPD_NEEDS_NOTHING && message->kept.ptr == NULL)
		return true; /* of flags alone, 100,000 times */
	if (message->map.ptr != NULL) {
		is_intact = fsx_check_map(message->map, &error) == 0;
		if (!is_intact)
			log_warnx("event=message-unreadable reason=%s", LOG_ERROR(&error));
		fsx_unmap(message->map);
	}
	if (message->has_tree)
		imap_tree_clear(&message->tree);
	made_memory_clear(&message->converted);
	buf_clear(&message->kept);
	*message = (struct imapd_message){.has_tree = false};
	return is_intact;
}
