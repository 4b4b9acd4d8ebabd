#include "upstream/remote_portal.h"

#include <stdatomic.h>

static atomic_bool has_sign, has_server;

bool remote_portal_is_greeting(struct slice line)
{
	line = slice_trim(line);
	return slice_begins_nocase(line, "HTTP/") || slice_begins_nocase(line, "<!DOCTYPE") || slice_begins_nocase(line, "<html") ||
	       slice_begins_nocase(line, "<?xml");
}

void remote_portal_note_sign(void)
{
	atomic_store(&has_sign, true);
}

void remote_portal_note_server(void)
{
	atomic_store(&has_server, true);
}

bool remote_portal_was_met(void)
{
	return atomic_load(&has_sign) && !atomic_load(&has_server);
}
