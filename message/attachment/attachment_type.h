/*
 * The real type of an attachment by its bytes, whatever its name says (libmagic).
 */
#ifndef LANPOST_MESSAGE_ATTACHMENT_TYPE_H
#define LANPOST_MESSAGE_ATTACHMENT_TYPE_H

#include "base/err.h"
#include "base/str.h"

struct attachment_types;

/* Reads libmagic's database: before a process gives up its files. One thread at a time may use it, for which they stay open. NULL on failure. */
struct attachment_types *attachment_types_open(struct error *error);

/* "application/zip"; valid until the next call. "application/octet-stream" if it is not known. */
const char *attachment_type_of(struct attachment_types *types, struct slice bytes);
/* A program of Windows, Linux or macOS, its installer or a shortcut, by its type. */
bool attachment_type_is_program(const char *type);

/* Office documents in the old format of Microsoft (OLE2): with macros; or encrypted, of the new format too. */
bool attachment_type_has_macros(struct slice bytes);
bool attachment_type_is_encrypted_office(struct slice bytes);

#endif
