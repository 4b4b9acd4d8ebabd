/*
 * Common checks of SMTP and POP3 command lines.
 */
#ifndef LANPOST_LAN_COMMAND_H
#define LANPOST_LAN_COMMAND_H

#include "base/alloc.h"
#include "base/str.h"

#define COMMAND_TLS '\x16' /* the first byte of TLS (RFC 8446 section 5.1: handshake) */

/* A valid command has no NUL, no CR within the line and no other control bytes. */
static inline bool command_has_control(struct slice line)
{
	for (size_t i = 0; i < line.len; i++)
		if (((unsigned char)line.ptr[i] < 0x20 && line.ptr[i] != '\t') ||
		    line.ptr[i] == 0x7f)
			return true;
	return false;
}

/* A web page can make a browser post anything to any port, and so can services that fetch URLs in the LAN: such a
 * connection must end before its body is read. A request line ends in "HTTP/1.1" for any method; a custom method may look
 * like a command. */
static inline bool command_is_http_request(struct slice line)
{
	return line.len > 9 && slice_begins_nocase(slice_from(line, line.len - 9), " HTTP/");
}

/* A line that begins with "Name:" belongs to a header, of HTTP or of a message. */
static inline bool command_is_field(struct slice line)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	size_t len = 0;

	while (len < line.len && memchr(allowed, line.ptr[len], sizeof(allowed) - 1) != NULL)
		len++;
	return len > 0 && len < line.len && line.ptr[len] == ':';
}

/* For an unknown command: whether the line belongs to another protocol (HTTP, SSH, TLS's first byte), so that the
 * following lines are not commands for us. */
static inline bool command_is_foreign(struct slice line)
{
	static const char *const words[] = {
	    "GET", "POST", "PUT", "HEAD", "OPTIONS", "PATCH", "DELETE", "CONNECT", "TRACE", "PRI"};
	struct slice rest = line;
	struct slice verb = slice_cut(&rest, ' ');

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (slice_is_nocase(verb, words[i]))
			return true;
	return command_is_field(line) || slice_begins_nocase(line, "SSH-") || (line.len > 0 && line.ptr[0] == COMMAND_TLS);
}

#endif
