#include "spool/mailbox_name.h"

#include "base/alloc.h"
#include "config/conf.h"
#include "message/imap/folder_name.h"

struct slice mailbox_name_user(struct slice name)
{
	return slice_cut(&name, '/');
}

struct slice mailbox_name_folder(struct slice name)
{
	slice_cut(&name, '/');
	return name.ptr == NULL ? slice_make("", 0) : name;
}

bool mailbox_name_is_valid(struct slice name)
{
	struct slice user;

	if (slice_is(name, MAILBOX_QUARANTINE))
		return true;
	user = slice_cut(&name, '/');
	return (conf_is_mailbox_name(user) || slice_is(user, MAILBOX_LEARN)) && (name.ptr == NULL || folder_name_is_valid(name));
}

bool mailbox_name_equal(struct slice a, struct slice b)
{
	/* Of many names of users most differ here. */
	if (a.len != b.len || (a.len > 0 && ((a.ptr[a.len - 1] ^ b.ptr[b.len - 1]) & ~0x20) != 0))
		return false;
	return slice_equal_nocase(mailbox_name_user(a), mailbox_name_user(b)) &&
	       slice_equal(mailbox_name_folder(a), mailbox_name_folder(b));
}

char *mailbox_name_of(const char *user, const char *folder)
{
	return xasprintf("%s%s%s", user, folder[0] == '\0' ? "" : "/", folder);
}
