/*
 * What command lines of SMTP and POP3 have in common.
 */
#ifndef LANPOST_LAN_COMMAND_H
#define LANPOST_LAN_COMMAND_H

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

#endif
