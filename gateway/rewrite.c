#include "gateway/rewrite.h"

#include "base/alloc.h"
#include "mail/addr.h"
#include "mail/header.h"
#include "mail/route.h"

enum action { KEEP, REWRITE, REMOVE };

static enum action action_for(struct slice name)
{
	static const struct {
		const char *name;
		enum action action;
	} fields[] = {
	    {"From", REWRITE},
	    {"Sender", REWRITE},
	    {"Reply-To", REWRITE},
	    {"Disposition-Notification-To", REWRITE},
	    {"Return-Receipt-To", REWRITE},
	    {"Resent-From", REWRITE},
	    {"Resent-Sender", REWRITE},
	    {"Resent-Reply-To", REWRITE},
	    {"Bcc", REMOVE},
	    {"Resent-Bcc", REMOVE},
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (slice_is_nocase(name, fields[i].name))
			return fields[i].action;
	return KEEP;
}

/* Copies the field, with other text wherever an address of ours stands. */
static void rewrite_field(const struct conf *conf, const struct header_field *field,
    struct buf *out)
{
	const char *copied = field->raw.ptr;
	struct addr_item item;
	size_t at = 0;

	while (addr_list_next(field->body, &at, &item)) {
		char text[ADDR_TEXT_MAX];
		struct addr outside;

		if (!item.valid || !route_outside_sender(conf, &item.addr, &outside) ||
		    addr_equal(&item.addr, &outside))
			continue;
		buf_append(out, copied, (size_t)(item.spec.ptr - copied));
		buf_append_text(out, addr_text(text, sizeof(text), &outside));
		copied = item.spec.ptr + item.spec.len;
	}
	buf_append(out, copied, (size_t)(field->raw.ptr + field->raw.len - copied));
}

size_t rewrite_header(const struct conf *conf, struct slice message, struct buf *out)
{
	size_t length = header_length(message);
	const char *copied = message.ptr;
	struct header_walk walk;
	struct header_field field;

	header_walk_init(&walk, message);
	while (header_walk_next(&walk, &field)) {
		enum action action = action_for(field.name);

		if (action == KEEP)
			continue;
		buf_append(out, copied, (size_t)(field.raw.ptr - copied));
		if (action == REWRITE)
			rewrite_field(conf, &field, out);
		copied = field.raw.ptr + field.raw.len;
	}
	buf_append(out, copied, (size_t)(message.ptr + length - copied));
	return length;
}
