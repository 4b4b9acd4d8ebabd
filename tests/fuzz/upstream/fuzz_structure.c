/*
 * The structure of a message as a hostile provider sends it: what is read is within its limits, each multipart is followed by its parts, and a message is put together
 * of any data, or not at all.
 */
#include "base/net/frame.h"
#include "fetcher/fetch_later.h"
#include "tests/fuzz/common/fuzz.h"
#include "upstream/imap_structure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_make((const char *)data, size), text = fuzz_take(&input, fuzz_number(&input) % 8192);
	struct conf conf = {.gateway = {.local_domain = (char *)(uintptr_t) "office.lan"}};
	struct conf_account account = {.name = (char *)(uintptr_t) "a", .attachments_above = 1000};
	struct buf sections = BUF_INIT(1000), out = BUF_INIT(FETCH_STUB_MAX), frames = BUF_INIT(FETCH_STUB_MAX);
	struct fetch_stub stub = {.conf = &conf, .account = &account, .id = "ID", .structure = text};
	struct imap_structure structure;
	uint64_t cost;

	if (!imap_structure_read(text, &structure))
		return 0;
	assert(structure.count > 0 && structure.count <= IMAP_PARTS_MAX && structure.parts[0].depth == 0);
	for (size_t i = 0; i < structure.count; i++) {
		const struct imap_part *part = &structure.parts[i];

		assert(part->depth <= IMAP_PARTS_DEPTH_MAX && (i == 0 || part->depth <= structure.parts[i - 1].depth + 1) && (i == 0 || part->depth > 0));
		assert((part->section[0] == '\0') == (i == 0 && part->is_multipart));
		if (part->depth > 0) {
			char *name = xasprintf("%s.MIME", part->section);

			frame_put(&frames, 'n', slice_of(name));
			frame_put(&frames, 'd', fuzz_take(&input, 20));
			free(name);
		}
		frame_put(&frames, 'n', slice_of(part->section));
		frame_put(&frames, 'd', fuzz_take(&input, 20));
	}
	frame_put(&frames, 'n', SLICE_LITERAL("HEADER"));
	frame_put(&frames, 'd', input);
	fetch_later_choose(&account, &structure, &sections, &cost);
	assert(memchr(sections.ptr == NULL ? "" : sections.ptr, '\n', sections.len) == NULL);
	stub.top = buf_slice(&frames);
	assert(fetch_later_make(&stub, &out) == 0 || out.overflow);
	imap_structure_clear(&structure);
	buf_clear(&sections);
	buf_clear(&frames);
	buf_clear(&out);
	return 0;
}
