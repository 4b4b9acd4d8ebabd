#include "message/attachment/attachment_priv.h"

#include "base/alloc.h"
#include "message/attachment/attachment_encoded.h"
#include "message/attachment/attachment_name.h"
#include "message/attachment/attachment_odd.h"
#include "message/attachment/attachment_tnef.h"
#include "message/transfer.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

/* A file somewhere in the message: its name, with those of what it is in. */
struct place {
	struct attachment_look *look;
	const char *path;
	unsigned depth;
};

static bool look_at(struct attachment_look *look, struct slice bytes, const char *path, unsigned depth);
static bool look_at_message(struct attachment_look *look, struct slice message, const char *path, unsigned depth);

static bool found(struct attachment_look *look, unsigned kind, const char *path, const char *type)
{
	if (kind != 0 && (look->rules->kinds & kind) == 0)
		return false;
	look->is_found = true;
	look->finding->kind = kind;
	str_printable(look->finding->name, sizeof(look->finding->name), slice_of(path));
	snprintf(look->finding->type, sizeof(look->finding->type), "%s", type);
	return true;
}

static bool fits_type(const struct strlist *patterns, const char *type)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (strchr(patterns->items[i], '/') != NULL && fnmatch(patterns->items[i], type, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

/* A file in a document that is a program: of Word, Excel and PowerPoint; of LibreOffice. No patterns: names are long and many. */
static bool is_macro_file(struct slice name)
{
	static const struct slice vba = SLICE_LITERAL("vbaProject.bin");
	bool is_vba = name.len >= vba.len && slice_equal_nocase(slice_from(name, name.len - vba.len), vba) &&
		      (name.len == vba.len || name.ptr[name.len - vba.len - 1] == '/');

	return is_vba || slice_contains(name, "/macrosheets/") || slice_begins_nocase(name, "Basic/") ||
	       slice_begins_nocase(name, "Scripts/");
}

/* "run.js.gz" becomes "run.js", for a file that has no name of its own in what it is packed in. */
static bool fits_without_extension(const struct strlist *patterns, const char *path)
{
	const char *dot = strrchr(path, '.'), *start = strrchr(path, ':');
	struct buf name = BUF_INIT(ATTACHMENT_NAME_MAX);
	bool found;

	start = start == NULL ? path : start + 1;
	if (dot == NULL || dot < start)
		return false;
	buf_append_slice(&name, slice_trim(slice_make(start, (size_t)(dot - start))));
	found = attachment_name_fits(patterns, &name);
	buf_clear(&name);
	return found;
}

/* One file of an archive. Returns false when something was found. */
static bool look_at_member(void *context, const struct attachment_member *member)
{
	struct place *place = context;
	struct attachment_look *look = place->look;
	struct buf name = BUF_INIT(ATTACHMENT_NAME_MAX);
	bool is_long = buf_append_slice(&name, member->name) != 0;
	char *path = member->name.len == 0 || is_long ? xstrdup(place->path)
						      : xasprintf("%s: %.*s", place->path, SLICE_PRINT(member->name));

	if (is_macro_file(member->name))
		found(look, ATTACHMENT_MACROS, path, "");
	if (!look->is_found && (is_long || attachment_name_fits(look->rules->patterns, &name) ||
				    (name.len == 0 && fits_without_extension(look->rules->patterns, path))))
		found(look, 0, path, "");
	if (!look->is_found && member->is_encrypted)
		found(look, ATTACHMENT_ENCRYPTED, path, "");
	if (!look->is_found && member->is_cut)
		found(look, ATTACHMENT_UNREADABLE, path, "");
	if (!look->is_found && member->content.len > 0)
		look_at(look, member->content, path, place->depth + 1);
	buf_clear(&name);
	free(path);
	return !look->is_found;
}

static bool look_into_archive(struct attachment_look *look, struct slice bytes, const char *type, const char *path, unsigned depth)
{
	struct place place = {.look = look, .path = path, .depth = depth};
	struct attachment_limits none = {.bytes = 0}, *limits = depth >= ATTACHMENT_DEPTH_MAX ? &none : &look->limits;
	enum attachment_walked walked = attachment_is_tnef(bytes) ? attachment_tnef_walk(bytes, limits, look_at_member, &place)
								  : attachment_archive_walk(bytes, type, limits, look_at_member, &place);

	if (!look->is_found && attachment_archive_names(bytes, limits, look_at_member, &place) == ATTACHMENT_NOT_ALL)
		walked = ATTACHMENT_NOT_ALL;
	switch (walked) {
	case ATTACHMENT_ENCRYPTED_ALL:
		return found(look, ATTACHMENT_ENCRYPTED, path, type);
	case ATTACHMENT_NOT_ALL:
		return look->is_found || found(look, ATTACHMENT_UNREADABLE, path, type);
	default:
		return look->is_found;
	}
}

/* A message in an archive, or encoded: others are parts of the walk. */
static bool look_at_attached(struct attachment_look *look, struct slice message, const char *path, unsigned depth)
{
	return depth < ATTACHMENT_DEPTH_MAX ? look_at_message(look, message, path, depth + 1)
					    : found(look, ATTACHMENT_UNREADABLE, path, "message/rfc822");
}

/* The bytes of one file. Returns true when something was found. */
static bool look_at(struct attachment_look *look, struct slice bytes, const char *path, unsigned depth)
{
	char type[sizeof(look->finding->type)];

	snprintf(type, sizeof(type), "%s", attachment_type_of(look->types, bytes));
	if (fits_type(look->rules->patterns, type))
		return found(look, 0, path, type);
	if (attachment_type_is_program(type) && found(look, ATTACHMENT_PROGRAM, path, type))
		return true;
	if (attachment_type_is_encrypted_office(bytes) && found(look, ATTACHMENT_ENCRYPTED, path, type))
		return true;
	if (attachment_type_has_macros(bytes) && found(look, ATTACHMENT_MACROS, path, type))
		return true;
	if (strcmp(type, "message/rfc822") == 0)
		return look_at_attached(look, bytes, path, depth);
	return look_into_archive(look, bytes, type, path, depth);
}

/* Decodes the body of a part. False: its encoding is not known. */
static bool decode_body(const struct mime_part *part, struct buf *out)
{
	struct slice encoding = mime_first_word(part->header, "Content-Transfer-Encoding");

	if (slice_is_nocase(encoding, "base64"))
		transfer_base64(part->body, out);
	else if (slice_is_nocase(encoding, "quoted-printable"))
		transfer_quoted_printable(part->body, out);
	else if (encoding.len == 0 || slice_is_nocase(encoding, "7bit") || slice_is_nocase(encoding, "8bit") || slice_is_nocase(encoding, "binary"))
		buf_append_slice(out, part->body);
	else
		return false;
	return true;
}

/* Files in a text: mail programs show them as attachments, too. */
static bool look_for_encoded(struct attachment_look *look, struct slice text, const char *path, unsigned depth)
{
	struct buf name = BUF_INIT(ATTACHMENT_NAME_MAX), bytes = BUF_INIT(ATTACHMENT_BODY_MAX);

	while (!look->is_found && attachment_encoded_next(&text, &name, &bytes)) {
		if (look->limits.members == 0) {
			found(look, ATTACHMENT_UNREADABLE, path, "");
			break;
		}
		look->limits.members--;
		if (name.overflow || attachment_name_fits(look->rules->patterns, &name))
			found(look, 0, name.overflow ? path : buf_text(&name), "");
		else if (bytes.len > 0)
			look_at(look, buf_slice(&bytes), buf_text(&name), depth + 1);
		if (!look->is_found && bytes.overflow)
			found(look, ATTACHMENT_UNREADABLE, buf_text(&name), "");
	}
	buf_clear(&name);
	buf_clear(&bytes);
	return look->is_found;
}

static bool look_at_body(struct attachment_look *look, const struct mime_part *part, struct slice body, const char *path, unsigned depth)
{
	struct buf name = BUF_INIT(ATTACHMENT_NAME_MAX);

	if (slice_begins_nocase(part->type, "multipart/") &&
	    attachment_name_anywhere_fits(look->rules->patterns, body, &look->limits.names, &name)) /* of parts that it does not have for us */
		found(look, 0, buf_text(&name), "");
	else if (slice_begins_nocase(part->type, "message/")) /* encoded or of another type, so that the walk does not enter it */
		look_at_attached(look, body, path, depth);
	else if (body.len > 0)
		look_at(look, body, path, depth);
	buf_clear(&name);
	return look->is_found || (slice_begins_nocase(part->type, "text/") && look_for_encoded(look, body, path, depth));
}

bool attachment_look_at_part(struct attachment_look *look, const struct mime_part *part, const char *outer, unsigned depth)
{
	struct buf name = BUF_INIT(ATTACHMENT_NAME_MAX), body = BUF_INIT(ATTACHMENT_BODY_MAX);
	bool is_forbidden = attachment_name_of_part_fits(look->rules->patterns, part, &name);
	char *path;

	if (!is_forbidden) {
		buf_reset(&name);
		mime_file_name(part, &name);
	}
	path = xasprintf("%s%s%s", outer, outer[0] != '\0' && name.len > 0 ? ": " : "", buf_text(&name));
	if (is_forbidden) {
		found(look, 0, path, "");
	} else if (!part->is_container) {
		if (!decode_body(part, &body) || body.overflow)
			found(look, ATTACHMENT_UNREADABLE, path, "");
		if (!look->is_found)
			look_at_body(look, part, buf_slice(&body), path, depth);
	}
	if (!look->is_found && attachment_part_is_odd(part))
		found(look, ATTACHMENT_UNREADABLE, outer, "");
	free(path);
	buf_clear(&name);
	buf_clear(&body);
	return look->is_found;
}

bool attachment_look_is_cut(struct attachment_look *look, const struct mime_walk *walk, const char *path)
{
	return walk->is_cut && found(look, ATTACHMENT_UNREADABLE, path, "");
}

/* What mail programs may read in different ways is searched for names everywhere; what is behind the last one that may be looked at is not known. */
static bool look_anywhere(struct attachment_look *look, struct slice message)
{
	struct buf name = BUF_INIT(ATTACHMENT_NAME_MAX);

	if (attachment_name_anywhere_fits(look->rules->patterns, message, &look->limits.names, &name))
		found(look, 0, buf_text(&name), "");
	else if (look->limits.names == 0)
		found(look, ATTACHMENT_UNREADABLE, "", "");
	buf_clear(&name);
	return look->is_found;
}

static bool look_at_message(struct attachment_look *look, struct slice message, const char *path, unsigned depth)
{
	struct mime_walk walk;
	struct mime_part part;
	bool is_odd = false;

	mime_walk_init(&walk, message);
	while (!look->is_found && mime_walk_next(&walk, &part)) {
		attachment_look_at_part(look, &part, path, depth);
		is_odd = is_odd || attachment_part_is_odd(&part);
	}
	if (!look->is_found && (is_odd || attachment_has_lone_cr(message)))
		look_anywhere(look, message);
	return look->is_found || attachment_look_is_cut(look, &walk, path);
}

bool attachment_find(struct attachment_types *types, const struct attachment_rules *rules, struct slice message,
    struct attachment_finding *finding)
{
	struct attachment_look look = {.types = types, .rules = rules, .limits = ATTACHMENT_LIMITS_INIT, .finding = finding};

	return look_at_message(&look, message, "", 0);
}
