/*
 * Files in a "winmail.dat" of Outlook (MS-OXTNEF).
 *
 * Names in its MAPI properties are not parsed: every text in them counts as a name. So no name is missed, and the walk stays simple.
 */
#ifndef LANPOST_MESSAGE_ATTACHMENT_TNEF_H
#define LANPOST_MESSAGE_ATTACHMENT_TNEF_H

#include "message/attachment/attachment_archive.h"

bool attachment_is_tnef(struct slice bytes);
/* Calls look() for each name (without content), each file (without a name), and each attached message, which is in the same format, until it returns
 * false. */
enum attachment_walked attachment_tnef_walk(struct slice bytes, struct attachment_limits *limits,
    bool (*look)(void *context, const struct attachment_member *member), void *context);

#endif
