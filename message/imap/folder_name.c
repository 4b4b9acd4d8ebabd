#include "message/imap/folder_name.h"

#include "message/imap/imap_utf7.h"

/* Separators on disk and here, which a part has only encoded. */
#define SEPARATORS "./"

static bool is_part(struct slice part)
{
	if (part.len == 0 || part.ptr[0] == '.' || part.ptr[0] == '~')
		return false;
	for (size_t at = 0, len; at < part.len; at += len) {
		len = utf8_char_len(slice_from(part, at));
		if (len == 0 || str_is_treacherous(slice_make(part.ptr + at, len)))
			return false;
	}
	return true;
}

bool folder_name_is_valid(struct slice name)
{
	struct buf disk = BUF_INIT(FOLDER_NAME_MAX);
	struct slice rest = name;
	size_t levels = 0;
	bool fits;

	if (name.len == 0 || name.len > 4 * FOLDER_NAME_MAX || slice_is_nocase(name, "INBOX"))
		return false;
	do {
		if (!is_part(slice_cut(&rest, '/')) || ++levels > FOLDER_LEVELS_MAX)
			return false;
	} while (rest.ptr != NULL);
	folder_name_to_disk(name, &disk);
	fits = !disk.overflow;
	buf_clear(&disk);
	return fits;
}

void folder_name_to_disk(struct slice name, struct buf *out)
{
	do {
		buf_append_byte(out, '.');
		if (imap_utf7_encode(slice_cut(&name, '/'), SEPARATORS, out) != 0)
			out->overflow = true;
	} while (name.ptr != NULL);
}

int folder_name_from_disk(struct slice file, struct buf *out)
{
	size_t before = out->len;

	if (file.len < 2 || file.ptr[0] != '.')
		return -1;
	for (file = slice_from(file, 1); file.ptr != NULL;) {
		if (imap_utf7_decode(slice_cut(&file, '.'), SEPARATORS, out) != 0)
			return -1;
		if (file.ptr != NULL)
			buf_append_byte(out, '/');
	}
	return folder_name_is_valid(slice_from(buf_slice(out), before)) ? 0 : -1;
}
