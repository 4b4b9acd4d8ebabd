#include "message/attachment/attachment_type.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <magic.h>

#define LOOKED_AT (1u << 20) /* bytes at the beginning, which tell the type */

/* A compound file (MS-CFB section 2.2). */
static const char compound_file[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

static const char *const programs[] = {"application/x-dosexec", "application/vnd.microsoft.portable-executable", "application/x-executable",
    "application/x-sharedlib", "application/x-pie-executable", "application/x-mach-binary", "application/x-msi", "application/x-ms-shortcut",
    "application/x-java-applet", "application/x-elf", "application/x-object"};

static magic_t cookie_of(struct attachment_types *types)
{
	return (magic_t)types;
}

struct attachment_types *attachment_types_open(struct error *error)
{
	/* Neither looks into archives: attachment_archive.h does that, with limits. */
	magic_t cookie = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ENCODING);

	if (cookie != NULL && magic_load(cookie, NULL) == 0)
		return (struct attachment_types *)cookie;
	error_set(error, ERROR_IO, N_("cannot read the database of file types (package libmagic1)"));
	if (cookie != NULL)
		magic_close(cookie);
	return NULL;
}

const char *attachment_type_of(struct attachment_types *types, struct slice bytes)
{
	const char *type = magic_buffer(cookie_of(types), bytes.ptr, bytes.len < LOOKED_AT ? bytes.len : LOOKED_AT);

	return type == NULL ? "application/octet-stream" : type;
}

bool attachment_type_is_program(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(programs); i++)
		if (strcmp(type, programs[i]) == 0)
			return true;
	return false;
}

static bool is_compound_file(struct slice bytes)
{
	return bytes.len > sizeof(compound_file) && memcmp(bytes.ptr, compound_file, sizeof(compound_file) - 1) == 0;
}

/* Whether a compound file has a stream or storage of this name, which is in UTF-16. */
static bool has_entry(struct slice bytes, const char *name)
{
	char wide[64];
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++) {
		wide[2 * i] = name[i];
		wide[2 * i + 1] = '\0';
	}
	return is_compound_file(bytes) && slice_search(bytes, slice_make(wide, 2 * len)) >= 0;
}

bool attachment_type_has_macros(struct slice bytes)
{
	return has_entry(bytes, "_VBA_PROJECT");
}

bool attachment_type_is_encrypted_office(struct slice bytes)
{
	return has_entry(bytes, "EncryptedPackage");
}
