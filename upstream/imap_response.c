#include "upstream/imap_response.h"

#include "base/alloc.h"
#include "upstream/imap_folder.h"
#include "upstream/imap_words.h"

static enum imap_what status_response(struct slice rest, struct imap_event *event)
{
	static const struct {
		const char *text;
		enum imap_what what;
		uint64_t max;
	} codes[] = {
	    {"OK [UIDVALIDITY ", IMAP_VALIDITY, UINT32_MAX},
	    {"OK [UIDNEXT ", IMAP_UIDNEXT, UINT32_MAX},
	    {"OK [HIGHESTMODSEQ ", IMAP_MODSEQ, INT64_MAX},
	};

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (!imap_words_take(&rest, codes[i].text))
			continue;
		if (!imap_words_take_number(&rest, codes[i].max, &event->size))
			return IMAP_NEED;
		event->number = (uint32_t)event->size;
		return event->what = codes[i].what;
	}
	return IMAP_NEED;
}

/* "(TAG "L3") UID ALL 1:5,7"; without ALL nothing was found. Of a line that is cut nothing can be used. */
static enum imap_what search_response(struct imap_client *client, struct slice rest, struct imap_event *event)
{
	if (!imap_client_is_oldest(client, IMAP_FIND) || client->is_cut)
		return IMAP_NEED;
	while (rest.len > 0 && !slice_is_nocase(slice_cut(&rest, ' '), "ALL"))
		;
	event->text = slice_trim(slice_cut(&rest, ' '));
	return event->what = IMAP_FOUND;
}

static enum imap_what folder_response(struct imap_client *client, struct slice rest, struct imap_event *event)
{
	struct imap_folder folder;

	buf_reset(&client->data);
	if (!imap_client_is_oldest(client, IMAP_FOLDERS) || client->is_cut || !imap_folder_read(rest, &folder, &client->data))
		return IMAP_NEED;
	event->text = buf_slice(&client->data);
	event->size = (unsigned char)folder.separator;
	event->ok = folder.can_be_selected;
	return event->what = IMAP_FOLDER;
}

static enum imap_what mailbox_status(struct imap_client *client, struct slice rest, struct imap_event *event)
{
	buf_reset(&client->data);
	if (!client->watches || client->is_cut || !imap_folder_status(rest, &event->number, &client->data))
		return IMAP_NEED;
	event->text = buf_slice(&client->data);
	return event->what = IMAP_STATUS;
}

/* "(UID 7 BODYSTRUCTURE (...))". The sender of the message has chosen words in it, so UID must come first, or last. */
enum imap_what imap_response_structure(struct imap_client *client, struct slice attributes, struct imap_event *event)
{
	ptrdiff_t last = slice_find_last(attributes, ' ');
	struct slice end = last < 0 ? SLICE_NONE : slice_from(attributes, (size_t)last + 1);
	uint64_t uid = 0;

	if (client->is_cut || !imap_words_take(&attributes, "("))
		return IMAP_NEED;
	if (imap_words_take(&attributes, "UID ") && (!imap_words_take_number(&attributes, UINT32_MAX, &uid) || !imap_words_take(&attributes, " ")))
		return IMAP_NEED;
	if (!imap_words_take(&attributes, "BODYSTRUCTURE "))
		return IMAP_NEED;
	if (uid == 0 && (!imap_words_take_number(&end, UINT32_MAX, &uid) || !slice_is(slice_trim(end), ")")))
		return IMAP_NEED;
	event->number = (uint32_t)uid;
	event->text = attributes;
	return event->what = IMAP_PARTS_OF;
}

enum imap_what imap_response_read(struct imap_client *client, struct slice rest, struct imap_event *event)
{
	uint64_t number;

	if (imap_words_take(&rest, "LIST "))
		return folder_response(client, rest, event);
	if (imap_words_take(&rest, "STATUS "))
		return mailbox_status(client, rest, event);
	if (imap_words_take(&rest, "ESEARCH "))
		return search_response(client, rest, event);
	if (!imap_words_take_number(&rest, UINT32_MAX, &number))
		return status_response(rest, event);
	if (client->watches && slice_is_nocase(slice_trim(rest), "EXPUNGE"))
		return event->what = IMAP_EXPUNGED;
	if (!slice_is_nocase(slice_trim(rest), "EXISTS"))
		return IMAP_NEED;
	event->number = (uint32_t)number;
	return event->what = IMAP_EXISTS;
}
