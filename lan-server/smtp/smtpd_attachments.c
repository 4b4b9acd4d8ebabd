/*
 * Forbidden attachments: checks every name that a mail program may use for a part.
 */
#include "lan-server/smtp/smtpd_priv.h"

#include "message/attachment/attachment_name.h"
#include "message/attachment/attachment_odd.h"

#include <stdio.h>

bool smtpd_has_forbidden_attachment(const struct smtpd *smtpd, struct slice message, char *name, size_t size)
{
	const struct strlist *patterns = &smtpd->options.conf->limits.forbidden_attachments;
	struct buf file_name = BUF_INIT(ATTACHMENT_NAME_MAX);
	struct mime_walk walk;
	struct mime_part part;
	bool found = false, is_dark = false;

	mime_walk_init(&walk, message);
	while (!found && !is_dark && patterns->count > 0 && mime_walk_next(&walk, &part)) {
		found = attachment_name_of_part_fits(patterns, &part, &file_name);
		is_dark = attachment_part_is_odd(&part);
	}
	is_dark = is_dark || walk.is_cut; /* a message that cannot be checked completely may contain anything */
	if (found)
		str_printable(name, size, buf_slice(&file_name));
	else if (is_dark)
		snprintf(name, size, "%s", "those in parts too many, too deep or too odd to look through");
	buf_clear(&file_name);
	return found || is_dark;
}
