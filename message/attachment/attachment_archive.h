/*
 * What is inside an archive in memory: zip, 7z, rar, tar, gz, xz, bz2, zst, cab, iso, lha, cpio (libarchive).
 *
 * Members are unpacked into memory, one at a time, within limits that hold for a whole message: a bomb costs no more than them.
 */
#ifndef LANPOST_MESSAGE_ATTACHMENT_ARCHIVE_H
#define LANPOST_MESSAGE_ATTACHMENT_ARCHIVE_H

#include "base/str.h"

#define ATTACHMENT_MEMBER_MAX (32u << 20)   /* bytes of one member; what follows is not looked at */
#define ATTACHMENT_UNPACKED_MAX (128u << 20) /* bytes of all members in one message */
#define ATTACHMENT_MEMBERS_MAX 5000	     /* in one message */
#define ATTACHMENT_NAMES_MAX 100000	     /* in one message, of those that are read without unpacking */
#define ATTACHMENT_RATIO_MAX 250	     /* unpacked bytes for each packed one, above 1 MiB */

/* What may still be spent on a message. */
struct attachment_limits {
	uint64_t bytes;
	size_t members, names;
};
#define ATTACHMENT_LIMITS_INIT {.bytes = ATTACHMENT_UNPACKED_MAX, .members = ATTACHMENT_MEMBERS_MAX, .names = ATTACHMENT_NAMES_MAX}

struct attachment_member {
	struct slice name;    /* as in the archive; empty if it has none */
	struct slice content; /* empty if it is encrypted */
	bool is_encrypted;
	bool is_cut; /* there is more than ATTACHMENT_MEMBER_MAX, or the rest is damaged */
};

enum attachment_walked {
	ATTACHMENT_NO_ARCHIVE,
	ATTACHMENT_ALL_READ,
	ATTACHMENT_STOPPED,   /* by the function that looks */
	ATTACHMENT_ENCRYPTED_ALL, /* not even the names can be read */
	ATTACHMENT_NOT_ALL,   /* damaged, or beyond the limits */
};

/* Calls look() for each file in the archive until it returns false. type: of the bytes, as attachment_type_of() says. */
enum attachment_walked attachment_archive_walk(struct slice bytes, const char *type, struct attachment_limits *limits,
    bool (*look)(void *context, const struct attachment_member *member), void *context);
/* The names in bytes that are, or have in them, a zip file: as in its directory, and as in front of each file. Those may differ, and programs that unpack
 * differ in which one they use. Without contents. */
enum attachment_walked attachment_archive_names(struct slice bytes, struct attachment_limits *limits,
    bool (*look)(void *context, const struct attachment_member *member), void *context);

#endif
