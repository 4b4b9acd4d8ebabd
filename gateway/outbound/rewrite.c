#include "gateway/outbound/rewrite.h"

#include "base/alloc.h"
#include "message/addr.h"
#include "message/header.h"
#include "message/idn.h"
#include "mail/route.h"

enum action { KEEP, REWRITE, READERS, REMOVE };

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
	    {"To", READERS},
	    {"Cc", READERS},
	    {"Resent-To", READERS},
	    {"Resent-Cc", READERS},
	    {"Bcc", REMOVE},
	    {"Resent-Bcc", REMOVE},
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (slice_is_nocase(name, fields[i].name))
			return fields[i].action;
	return KEEP;
}

/* The external form of an address. Returns false if it must not leave. */
static bool leave(const struct rewrite *rewrite, enum action action, const struct addr *addr, struct addr *outside)
{
	struct addr ascii;

	*outside = *addr;
	if (action == REWRITE && !rewrite->is_foreign && !route_outside_sender(rewrite->conf, addr, outside) &&
	    !addr_parse(slice_of(rewrite->sender), outside))
		return false;
	if (rewrite->to_ascii && idn_address(outside, &ascii))
		*outside = ascii;
	return true;
}

/* Copies the field, replacing each address that has to change. */
static bool rewrite_field(const struct rewrite *rewrite, enum action action, const struct header_field *field, struct buf *out)
{
	const char *copied = field->raw.ptr;
	struct addr_item item;
	bool fine = true;
	size_t at = 0;

	while (addr_list_next(field->body, &at, &item)) {
		char text[ADDR_TEXT_MAX];
		struct addr outside;

		if (!item.valid)
			continue;
		fine = leave(rewrite, action, &item.addr, &outside) && fine;
		if (addr_equal(&item.addr, &outside))
			continue;
		buf_append(out, copied, (size_t)(item.spec.ptr - copied));
		buf_append_text(out, addr_text(text, sizeof(text), &outside));
		copied = item.spec.ptr + item.spec.len;
	}
	buf_append(out, copied, (size_t)(field->raw.ptr + field->raw.len - copied));
	return fine;
}

bool rewrite_header(const struct rewrite *rewrite, struct slice message, struct buf *out, size_t *length)
{
	const char *copied = message.ptr;
	struct header_walk walk;
	struct header_field field;
	bool fine = true;

	*length = header_length(message);
	header_walk_init(&walk, message);
	while (header_walk_next(&walk, &field)) {
		enum action action = action_for(field.name);

		if (action == KEEP || (action == READERS && !rewrite->to_ascii))
			continue;
		buf_append(out, copied, (size_t)(field.raw.ptr - copied));
		if (action != REMOVE)
			fine = rewrite_field(rewrite, action, &field, out) && fine;
		copied = field.raw.ptr + field.raw.len;
	}
	buf_append(out, copied, (size_t)(message.ptr + *length - copied));
	return fine;
}
