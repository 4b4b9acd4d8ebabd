#include "message/attachment/attachment_archive.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>

#define RATIO_FROM (1u << 20)
#define ZIP_END_MAX (65536 + 22) /* the end of its directory, with a comment */
#define STEP 256 /* bytes; of bzip2 they become up to 350 MiB */
#define HEADS_MAX (16u << 20) /* bytes between the members of a tar file */
#define HIDDEN_MAX (1u << 20) /* bytes before an archive */

/* Types that libarchive may open. Documents of OpenOffice and of newer Microsoft Office are zip files. */
static const char *const types[] = {"application/zip", "application/x-zip-compressed", "application/java-archive", "application/x-7z-compressed",
    "application/x-rar", "application/vnd.rar", "application/x-rar-compressed", "application/gzip", "application/x-gzip", "application/x-xz",
    "application/x-lzma", "application/x-bzip2", "application/zstd", "application/x-zstd", "application/x-lz4",
    "application/x-tar", "application/x-ustar", "application/x-gtar", "application/vnd.ms-cab-compressed", "application/x-iso9660-image",
    "application/x-lha", "application/x-lzh-compressed", "application/x-lharc", "application/x-cpio", "application/x-archive",
    "application/vnd.android.package-archive", "application/epub+zip"};
static const char *const type_beginnings[] = {"application/vnd.openxmlformats", "application/vnd.oasis.opendocument", "application/vnd.ms-excel.sheet",
    "application/vnd.ms-word.document", "application/vnd.ms-powerpoint.presentation"};

/* Archives that libarchive does not read, though other programs do. */
static const char *const closed_types[] = {"application/x-arj", "application/x-ace", "application/x-ace-compressed", "application/x-arc", "application/x-compress",
    "application/x-zoo", "application/x-stuffit", "application/x-sit", "application/mac-binhex40", "application/x-lzip", "application/x-lrzip",
    "application/x-lzop", "application/x-xar", "application/x-apple-diskimage", "application/x-ms-wim", "application/x-virtualbox-vhd",
    "application/x-virtualbox-vhdx"};

/* What a file is compressed with. No filter that would run a program. */
static const struct {
	const char *type;
	int code;
} filters[] = {
    {"application/gzip", ARCHIVE_FILTER_GZIP},
    {"application/x-gzip", ARCHIVE_FILTER_GZIP},
    {"application/x-bzip2", ARCHIVE_FILTER_BZIP2},
    {"application/x-xz", ARCHIVE_FILTER_XZ},
    {"application/x-lzma", ARCHIVE_FILTER_LZMA},
    {"application/zstd", ARCHIVE_FILTER_ZSTD},
    {"application/x-zstd", ARCHIVE_FILTER_ZSTD},
    {"application/x-lz4", ARCHIVE_FILTER_LZ4},
};

/* Some programs find an archive also behind other bytes. */
static bool has_archive(struct slice bytes)
{
	static const struct slice zip_end = SLICE_LITERAL("PK\5\6"), rar = SLICE_LITERAL("Rar!\x1a\7"), seven = SLICE_LITERAL("7z\xbc\xaf\x27\x1c");
	struct slice tail = slice_from(bytes, bytes.len < ZIP_END_MAX ? 0 : bytes.len - ZIP_END_MAX);
	struct slice head = slice_make(bytes.ptr, bytes.len < HIDDEN_MAX ? bytes.len : HIDDEN_MAX);

	if (bytes.len > 4 && memcmp(bytes.ptr, "\xd0\xcf\x11\xe0", 4) == 0) /* a document may contain documents */
		return false;
	return slice_search(tail, zip_end) >= 0 || slice_search(head, rar) >= 0 || slice_search(head, seven) >= 0;
}

static bool is_closed(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(closed_types); i++)
		if (strcmp(type, closed_types[i]) == 0)
			return true;
	return false;
}

static bool is_archive(struct slice bytes, const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(type_beginnings); i++)
		if (strncmp(type, type_beginnings[i], strlen(type_beginnings[i])) == 0)
			return true;
	return (bytes.len > 4 && memcmp(bytes.ptr, "PK\3\4", 4) == 0) || has_archive(bytes);
}

/* The bytes, in steps: to find the next member libarchive unpacks also what nobody has asked for. */
struct source {
	struct slice bytes;
	size_t at;
	uint64_t most; /* that may be unpacked */
};

static la_ssize_t read_step(struct archive *archive, void *context, const void **step)
{
	struct source *source = context;
	struct slice rest = slice_from(source->bytes, source->at);
	size_t len = rest.len < STEP ? rest.len : STEP;

	if (archive_filter_count(archive) > 1 && archive_filter_bytes(archive, 0) > (la_int64_t)source->most) {
		archive_set_error(archive, EFBIG, "too large");
		return ARCHIVE_FATAL;
	}
	*step = rest.ptr;
	source->at += len;
	return (la_ssize_t)len;
}

static la_int64_t skip_bytes(struct archive *archive, void *context, la_int64_t count)
{
	struct source *source = context;
	la_int64_t left = (la_int64_t)(source->bytes.len - source->at), len = count < 0 ? 0 : count < left ? count : left;

	(void)archive;
	source->at += (size_t)len;
	return len;
}

static la_int64_t seek(struct archive *archive, void *context, la_int64_t offset, int from)
{
	struct source *source = context;
	la_int64_t size = (la_int64_t)source->bytes.len, start = from == SEEK_SET ? 0 : from == SEEK_CUR ? (la_int64_t)source->at : size;

	(void)archive;
	if (offset < -start || offset > size - start)
		return ARCHIVE_FATAL;
	source->at = (size_t)(start + offset);
	return start + offset;
}

/* One filter, or none. If libarchive chose them, there could be many in a row, and a few bytes would become terabytes between two steps. What is
 * compressed twice is a file in a file. */
static int add_filter(struct archive *archive, const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		if (strcmp(type, filters[i].type) == 0)
			return archive_read_append_filter(archive, filters[i].code);
	return ARCHIVE_OK;
}

/* The raw format, one nameless file, is for compressed data that has no tar file inside. */
static struct archive *open_archive(struct source *source, const char *type)
{
	struct archive *archive = archive_read_new();

	if (archive == NULL)
		return NULL;
	archive_read_support_format_all(archive);
	archive_read_support_format_raw(archive);
	archive_read_set_seek_callback(archive, seek);
	if (add_filter(archive, type) == ARCHIVE_OK && archive_read_open2(archive, source, NULL, read_step, skip_bytes, NULL) == ARCHIVE_OK)
		return archive;
	archive_read_free(archive);
	return NULL;
}

static bool is_bomb(size_t unpacked, size_t packed)
{
	return unpacked > RATIO_FROM && unpacked / ATTACHMENT_RATIO_MAX > packed;
}

/* Reads the member into *content, as far as its limit. False: the limits of the message are used up, or it is a bomb. */
static bool read_member(struct archive *archive, size_t packed, struct attachment_limits *limits, struct buf *content, bool *is_cut)
{
	size_t unpacked = 0;

	for (;;) {
		const void *block;
		size_t size;
		la_int64_t at;
		int result = archive_read_data_block(archive, &block, &size, &at);

		if (result == ARCHIVE_EOF)
			return true;
		if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
			*is_cut = true;
			return result != ARCHIVE_FATAL;
		}
		unpacked += size;
		if (size > limits->bytes || is_bomb(unpacked, packed))
			return false;
		limits->bytes -= size;
		if (*is_cut || at < 0 || (uint64_t)at != content->len || buf_append(content, block, size) != 0)
			*is_cut = true;
	}
}

static enum attachment_walked walk(struct archive *archive, size_t packed, struct attachment_limits *limits,
    bool (*look)(void *context, const struct attachment_member *member), void *context)
{
	struct buf content = BUF_INIT(ATTACHMENT_MEMBER_MAX);
	enum attachment_walked walked = ATTACHMENT_ALL_READ;
	struct archive_entry *entry;
	int result = ARCHIVE_OK;
	bool is_file;

	while (walked == ATTACHMENT_ALL_READ && (result = archive_read_next_header(archive, &entry)) != ARCHIVE_EOF) {
		bool is_raw = archive_format(archive) == ARCHIVE_FORMAT_RAW;
		const char *name = is_raw || result == ARCHIVE_FATAL || result == ARCHIVE_FAILED ? NULL : archive_entry_pathname(entry);
		struct attachment_member member = {.name = slice_of(name == NULL ? "" : name)};

		if (result == ARCHIVE_FATAL || result == ARCHIVE_FAILED || result == ARCHIVE_RETRY || limits->members == 0) {
			walked = archive_read_has_encrypted_entries(archive) > 0 ? ATTACHMENT_ENCRYPTED_ALL : ATTACHMENT_NOT_ALL;
			break;
		}
		limits->members--;
		if (is_raw && archive_filter_count(archive) < 2) {
			walked = ATTACHMENT_NOT_ALL; /* nothing that can be unpacked */
			break;
		}
		buf_reset(&content);
		is_file = archive_entry_filetype(entry) == AE_IFREG;
		member.is_cut = is_file && name == NULL && !is_raw; /* a name that has no form in UTF-8 */
		member.is_encrypted = archive_entry_is_encrypted(entry) > 0;
		if (!member.is_encrypted && !read_member(archive, packed, limits, &content, &member.is_cut))
			walked = ATTACHMENT_NOT_ALL;
		member.content = buf_slice(&content);
		if (!is_file && content.len == 0 && !member.is_cut)
			continue;
		if (!look(context, &member))
			walked = ATTACHMENT_STOPPED;
	}
	buf_clear(&content);
	return walked;
}

enum attachment_walked attachment_archive_walk(struct slice bytes, const char *type, struct attachment_limits *limits,
    bool (*look)(void *context, const struct attachment_member *member), void *context)
{
	struct source source = {.bytes = bytes, .most = limits->bytes + HEADS_MAX};
	struct archive *archive;
	enum attachment_walked walked;

	if (is_closed(type))
		return ATTACHMENT_NOT_ALL;
	if (!is_archive(bytes, type))
		return ATTACHMENT_NO_ARCHIVE;
	archive = open_archive(&source, type);
	if (archive == NULL)
		return ATTACHMENT_NOT_ALL;
	walked = walk(archive, bytes.len, limits, look, context);
	archive_read_free(archive);
	return walked;
}

/* --- names of zip files */

static unsigned short_at(struct slice bytes, size_t at)
{
	return (unsigned char)bytes.ptr[at] | (unsigned)(unsigned char)bytes.ptr[at + 1] << 8;
}

/* The name in the head of a file in a zip file, or in its entry of the directory (APPNOTE.TXT 4.3.7, 4.3.12). Empty without one. */
static struct slice zip_name(struct slice head)
{
	bool is_entry = head.len > 46 && memcmp(head.ptr, "PK\1\2", 4) == 0, is_file = head.len > 30 && memcmp(head.ptr, "PK\3\4", 4) == 0;
	size_t start = is_entry ? 46 : 30, len = is_entry ? short_at(head, 28) : is_file ? short_at(head, 26) : 0;

	if (len == 0)
		return SLICE_NONE;
	return slice_make(head.ptr + start, len <= head.len - start ? len : head.len - start);
}

enum attachment_walked attachment_archive_names(struct slice bytes, struct attachment_limits *limits,
    bool (*look)(void *context, const struct attachment_member *member), void *context)
{
	static const struct slice mark = SLICE_LITERAL("PK");
	ptrdiff_t at;

	while ((at = slice_search(bytes, mark)) >= 0) {
		struct attachment_member member = {.is_cut = false};

		bytes = slice_from(bytes, (size_t)at);
		member.name = zip_name(bytes);
		bytes = slice_from(bytes, mark.len);
		if (member.name.len == 0)
			continue;
		if (limits->names == 0)
			return ATTACHMENT_NOT_ALL;
		limits->names--;
		if (!look(context, &member))
			return ATTACHMENT_STOPPED;
	}
	return ATTACHMENT_ALL_READ;
}
