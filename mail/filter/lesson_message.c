#include "mail/filter/lesson_message.h"

#include "mail/filter/filter_header.h"
#include "message/header.h"
#include "message/imap/imap_part.h"
#include "message/transfer.h"

#include <openssl/evp.h>
#include <stdio.h>

struct walk {
	lesson_message_fn fn;
	void *context;
	size_t count;
	bool is_over;
};

/* --- one message */

static bool is_added(struct slice name)
{
	return slice_begins_nocase(name, "X-Lanpost-") || filter_header_is_ours(name, NULL);
}

/* Appends the message without what the gateway has added: words of its own verdict are not to be learned. */
static int append_clean(struct slice message, struct buf *out)
{
	const char *kept = message.ptr;
	struct header_walk walk;
	struct header_field field;

	header_walk_init(&walk, message);
	while (header_walk_next(&walk, &field)) {
		if (!is_added(field.name))
			continue;
		buf_append(out, kept, (size_t)(field.raw.ptr - kept));
		kept = field.raw.ptr + field.raw.len;
	}
	return buf_append_slice(out, slice_from(message, (size_t)(kept - message.ptr)));
}

static void take(struct walk *walk, struct slice message)
{
	struct buf clean = BUF_INIT(LESSON_BYTES_MAX);

	if (message.len > 0 && append_clean(message, &clean) == 0) {
		walk->count++;
		walk->is_over = !walk->fn(walk->context, buf_slice(&clean)) || walk->count == LESSON_MESSAGES_MAX;
	}
	buf_clear(&clean);
}

/* --- a report */

static bool is_message(const struct imap_part *part)
{
	struct mime_part mime = imap_part_mime(part);
	struct buf name = BUF_INIT(1024);
	bool is = slice_begins_nocase(part->type, "message/rfc822") || slice_begins_nocase(part->type, "message/global");

	if (!is && !part->is_multipart && mime_file_name(&mime, &name)) {
		struct slice tail = buf_slice(&name);

		is = tail.len > 4 && slice_is_nocase(slice_from(tail, tail.len - 4), ".eml");
	}
	buf_clear(&name);
	return is;
}

/* Some programs encode it, in spite of RFC 2046 section 5.2.1. */
static void take_part(struct walk *walk, const struct imap_part *part)
{
	struct slice encoding = mime_first_word(part->header, "Content-Transfer-Encoding");
	struct buf decoded = BUF_INIT(LESSON_BYTES_MAX);

	if (slice_is_nocase(encoding, "base64")) {
		if (transfer_base64(part->body, &decoded) == 0)
			take(walk, buf_slice(&decoded));
	} else if (slice_is_nocase(encoding, "quoted-printable")) {
		if (transfer_quoted_printable(part->body, &decoded) == 0)
			take(walk, buf_slice(&decoded));
	} else {
		take(walk, part->body);
	}
	buf_clear(&decoded);
}

/* The next part, without those of this one if it is a message. */
static const struct imap_part *next_of(const struct imap_part *part, bool goes_down)
{
	if (goes_down && part->child != NULL)
		return part->child;
	while (part != NULL && part->next == NULL)
		part = part->parent;
	return part == NULL ? NULL : part->next;
}

static void take_attached(struct walk *walk, struct slice bytes)
{
	struct imap_tree tree;
	const struct imap_part *part;

	imap_tree_read(&tree, bytes);
	part = tree.root;
	while (part != NULL && !walk->is_over) {
		bool is = is_message(part);

		if (is)
			take_part(walk, part);
		part = next_of(part, !is);
	}
	imap_tree_clear(&tree);
}

size_t lesson_messages(struct slice bytes, bool is_report, lesson_message_fn fn, void *context)
{
	struct walk walk = {.fn = fn, .context = context};

	if (is_report)
		take_attached(&walk, bytes);
	else
		take(&walk, bytes);
	return walk.count;
}

void lesson_digest(struct slice message, char out[LESSON_DIGEST_MAX])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	EVP_Digest(message.len == 0 ? "" : message.ptr, message.len, digest, NULL, EVP_sha256(), NULL);
	for (size_t i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}
