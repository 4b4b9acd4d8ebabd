/*
 * Folders that a provider lists, and patterns of the admin: a name that we take is UTF-8 without control bytes, and names the same folder
 * again in a command; a pattern without wildcards fits only itself.
 */
#include "config/conf_folders.h"
#include "tests/fuzz/common/fuzz.h"
#include "upstream/imap_folder.h"

static void check_name(struct slice wire, char separator)
{
	char *name = imap_folder_name(wire, separator), *again;
	struct buf argument = BUF_INIT(4096);

	if (name == NULL)
		return;
	assert(name[0] != '\0' && utf8_is_valid(slice_of(name)));
	for (const char *at = name; *at != '\0'; at++)
		assert((unsigned char)*at >= 0x20 && *at != 0x7f);
	assert(conf_folders_fit("*", name) && (conf_folders_is_pattern(name) || conf_folders_fit(name, name)));
	if (imap_folder_quote(wire, &argument) == 0)
		assert(argument.len >= wire.len + 2 && argument.ptr[argument.len - 1] == '"' && memchr(argument.ptr, '\n', argument.len) == NULL);
	buf_reset(&argument);
	/* A separator that modified UTF-7 uses itself makes names ambiguous. */
	if ((separator == '.' || separator == '/') && imap_folder_argument(name, separator, &argument) == 0 && argument.len > 2) {
		struct imap_folder folder;
		struct buf text = BUF_INIT(8192), back = BUF_INIT(4096);

		buf_append_text(&text, "() \"/\" ");
		buf_append_slice(&text, buf_slice(&argument));
		assert(imap_folder_read(buf_slice(&text), &folder, &back));
		again = imap_folder_name(buf_slice(&back), separator);
		assert(again == NULL || strcmp(again, name) == 0);
		free(again);
		buf_clear(&text);
		buf_clear(&back);
	}
	buf_clear(&argument);
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_make((const char *)data, size), line;
	struct buf name = BUF_INIT(8192);
	struct imap_folder folder;
	char *pattern, *text;

	line = fuzz_take(&input, fuzz_number(&input) % 4096);
	if (imap_folder_read(line, &folder, &name))
		check_name(buf_slice(&name), folder.separator);
	check_name(line, '.');
	check_name(input, '\0');
	pattern = slice_dup(slice_make(line.ptr, line.len < 100 ? line.len : 100));
	text = slice_dup(slice_make(input.ptr, input.len < 100 ? input.len : 100));
	if (conf_folders_fit(pattern, text) && !conf_folders_is_pattern(pattern))
		assert(strcmp(pattern, text) == 0);
	free(pattern);
	free(text);
	buf_clear(&name);
	return 0;
}
