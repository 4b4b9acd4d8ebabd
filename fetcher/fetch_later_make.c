/* A message of which some parts stay on the server, put together from its header, its structure and its other parts. */
#include "base/alloc.h"
#include "base/i18n.h"
#include "base/net/frame.h"
#include "config/conf.h"
#include "fetcher/fetch_later.h"
#include "message/compose.h"
#include "message/header.h"
#include "message/mime.h"
#include "message/stub_reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct making {
	const struct fetch_stub *stub;
	const struct imap_structure *structure;
	struct buf *out;
};

/* The data of a part; ptr is NULL if it did not come. */
static struct slice data_of(const struct making *making, const char *section, const char *behind)
{
	struct slice rest = making->stub->top, value;
	char wanted[IMAP_SECTION_SIZE + 8], tag;
	bool is_it = false;

	snprintf(wanted, sizeof(wanted), "%s%s", section, behind);
	while (frame_take(&rest, &tag, &value)) {
		if (tag == 'd' && is_it)
			return slice_make(value.ptr == NULL ? "" : value.ptr, value.len);
		is_it = tag == 'n' && slice_is_nocase(value, wanted);
	}
	return SLICE_NONE;
}

static void put_line(struct buf *out, const char *text)
{
	buf_append_text(out, text);
	buf_append_text(out, "\r\n");
}

/* A header that ends with one empty line. */
static void put_header(struct buf *out, struct slice header)
{
	while (header.len > 0 && (header.ptr[header.len - 1] == '\n' || header.ptr[header.len - 1] == '\r'))
		header.len--;
	if (header.len > 0) {
		buf_append_slice(out, header);
		put_line(out, "");
	}
	put_line(out, "");
}

/* --- the short text */

static void put_name(const struct imap_part *part, struct buf *note)
{
	char *header = xasprintf(part->has_charset ? "Content-Type: %s; name*=%s\r\n\r\n" : "Content-Type: %s; name=\"%s\"\r\n\r\n",
	    part->type, part->name);
	const struct mime_part shown = {.header = slice_of(header), .type = slice_of(part->type)};
	struct buf name = BUF_INIT(1024);
	char text[600];

	if (part->name[0] != '\0' && strpbrk(part->name, "\"\\\r\n") == NULL && mime_file_name(&shown, &name))
		buf_printf(note, "%s (%s)", str_printable(text, sizeof(text), buf_slice(&name)), part->type);
	else
		buf_printf(note, "%s", part->type);
	buf_clear(&name);
	free(header);
}

/* An answer to the message is for its author, so it requests nothing, not even one without words: the link is for people without IMAP. */
void fetch_later_link(const struct fetch_stub *stub, struct buf *note)
{
	buf_printf(note, _("This link makes that message; send it as it is:\n\n    <mailto:%s@%s?subject=fetch%%20%s>\n\n"), CONF_DAEMON,
	    stub->conf->gateway.local_domain, stub->id);
}

static void put_note(const struct making *making, const struct imap_part *part)
{
	const struct fetch_stub *stub = making->stub;
	struct buf note = BUF_INIT(8192);
	char size[32], shown[4096];
	struct slice rest;

	buf_append_text(&note, _("This part of the message waits on the server of the provider: "));
	put_name(part, &note);
	buf_printf(&note, _(", about %s.\n\n"), i18n_size(size, sizeof(size), part->size / 4 * 3));
	buf_printf(&note, _("To get the whole message, write to %s@%s with the subject:\n\n    fetch %s\n\n"), CONF_DAEMON, stub->conf->gateway.local_domain, stub->id);
	fetch_later_link(stub, &note);
	buf_printf(&note, _("With IMAP it is enough to move this message to the folder %s: the whole message then takes its place.\n"), STUB_FOLDER);
	put_line(making->out, "Content-Type: text/plain; charset=utf-8");
	put_line(making->out, "Content-Transfer-Encoding: 8bit");
	put_line(making->out, "Content-Disposition: inline");
	put_line(making->out, "");
	for (rest = buf_slice(&note); rest.len > 0;)
		put_line(making->out, str_printable(shown, sizeof(shown), slice_cut(&rest, '\n')));
	buf_clear(&note);
}

/* --- the parts */

static bool is_left(const struct making *making, const struct imap_part *part)
{
	return fetch_later_is_left(making->stub->account, part);
}

/* Returns the index behind the part and those in it; 0: something is missing. */
static size_t put_part(const struct making *making, size_t at);

static size_t put_multipart(const struct making *making, size_t at)
{
	const struct imap_part *part = &making->structure->parts[at];
	size_t next = at + 1;

	while (next != 0 && next < making->structure->count && making->structure->parts[next].depth > part->depth) {
		buf_printf(making->out, "--%s\r\n", part->boundary);
		next = put_part(making, next);
		put_line(making->out, "");
	}
	buf_printf(making->out, "--%s--\r\n", part->boundary);
	return next;
}

static size_t put_part(const struct making *making, size_t at)
{
	const struct imap_part *part = &making->structure->parts[at];
	struct slice mime, body;

	if (is_left(making, part)) {
		put_note(making, part);
		return at + 1;
	}
	if (part->depth > 0) {
		mime = data_of(making, part->section, ".MIME");
		if (mime.ptr == NULL)
			return 0;
		put_header(making->out, mime);
	}
	if (part->is_multipart)
		return put_multipart(making, at);
	body = data_of(making, part->section, "");
	if (body.ptr == NULL && part->size > 0)
		return 0;
	buf_append_slice(making->out, body);
	return at + 1;
}

/* The fields of the message, without those that only we write, and without those of its content if that is left out. */
static void put_fields(const struct making *making, struct slice header, bool drops_content)
{
	const struct fetch_stub *stub = making->stub;
	struct header_walk walk;
	struct header_field field;

	header_walk_init(&walk, header);
	while (header_walk_next(&walk, &field)) {
		if (slice_is_nocase(field.name, STUB_FIELD) || (drops_content && slice_begins_nocase(field.name, "Content-")))
			continue;
		buf_append_slice(making->out, field.raw);
		if (field.raw.ptr[field.raw.len - 1] != '\n')
			put_line(making->out, "");
	}
	compose_field(making->out, STUB_FIELD, "account=%s; size=%llu; id=%s", stub->account->name, (unsigned long long)stub->at_least, stub->id);
}

int fetch_later_make(const struct fetch_stub *stub, struct buf *out)
{
	struct imap_structure structure;
	struct making making = {stub, &structure, out};
	struct slice header;
	size_t end = 0;

	if (!imap_structure_read(stub->structure, &structure))
		return -1;
	header = data_of(&making, "HEADER", "");
	if (header.ptr != NULL) {
		bool is_only = is_left(&making, &structure.parts[0]);

		put_fields(&making, header, is_only);
		if (!is_only)
			put_line(out, "");
		end = put_part(&making, 0);
	}
	imap_structure_clear(&structure);
	return end == 0 || out->overflow ? -1 : 0;
}
