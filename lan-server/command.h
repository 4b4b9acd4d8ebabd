/*
 * What command lines of SMTP and POP3 have in common.
 */
#ifndef LANPOST_LAN_COMMAND_H
#define LANPOST_LAN_COMMAND_H

#include "base/alloc.h"
#include "base/str.h"

/* NUL, a CR within the line and other control bytes are nobody's honest command. */
static inline bool command_has_control(struct slice line)
{
	for (size_t i = 0; i < line.len; i++)
		if (((unsigned char)line.ptr[i] < 0x20 && line.ptr[i] != '\t') ||
		    line.ptr[i] == 0x7f)
			return true;
	return false;
}

/* The first word of HTTP's requests, or a line that none but HTTP has. A web page can make a browser post anything to
 * any port, and what fetches URLs in the LAN likewise: such a connection must end before its body is read. */
static inline bool command_is_http(struct slice line)
{
	static const char *const methods[] = {"GET", "POST", "PUT", "HEAD", "OPTIONS", "PATCH", "DELETE", "CONNECT", "TRACE", "PRI",
	    "Host:", "Origin:", "Referer:", "User-Agent:", "Content-Length:", "Content-Type:"};
	struct slice rest = line;
	struct slice verb = slice_cut(&rest, ' ');

	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (slice_is_nocase(verb, methods[i]))
			return true;
	return line.len > 9 && slice_begins_nocase(slice_from(line, line.len - 9), " HTTP/");
}

#endif
