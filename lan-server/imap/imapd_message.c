#include "lan-server/imap/imapd_message.h"

#include "base/file/fsx.h"
#include "base/log.h"
#include "message/header.h"

static void convert(struct imapd_message *message)
{
	struct slice rest = message->map;

	buf_init(&message->converted, 2 * rest.len + 2);
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
}

int imapd_message_open(struct imapd_message *message, struct folder *folder, struct folder_message *look)
{
	struct error error = ERROR_INIT;

	*message = (struct imapd_message){.has_tree = false};
	if ((!look->size_known && folder_size(folder, look, &error) != 0) || folder_read(folder, look->uid, &message->map, message->id, &error) != 0) {
		if (error.saved_errno != 0 && error.class != ERROR_PERMANENT)
			log_debug("event=message-unreadable uid=%u reason=%s", look->uid, LOG_ERROR(&error));
		message->map = SLICE_NONE;
		return -1;
	}
	message->bytes = message->map;
	if (message->map.len != look->size) /* a bare LF counts as two */
		convert(message);
	message->header = slice_make(message->bytes.ptr, header_length(message->bytes));
	return 0;
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

	if (message->map.ptr != NULL) {
		is_intact = fsx_check_map(message->map, &error) == 0;
		if (!is_intact)
			log_warnx("event=message-unreadable reason=%s", LOG_ERROR(&error));
		fsx_unmap(message->map);
	}
	if (message->has_tree)
		imap_tree_clear(&message->tree);
	buf_clear(&message->converted);
	*message = (struct imapd_message){.has_tree = false};
	return is_intact;
}
