/*
 * Envelope files of the queue with a right checksum: read or refused, in any state of the entry; an envelope that can be
 * read is written the same way again. A damaged one is moved to corrupt/ and never used.
 *
 * The input is the text of the envelope; the first byte says whether the checksum is true.
 */
#include "base/buf.h"
#include "base/file/fsx.h"
#include "spool/queue/queue_priv.h"
#include "tests/fuzz/common/fuzz.h"

#include <fcntl.h>
#include <zlib.h>

#define ID "0000000000000000000a"

static void put(const char *path, struct slice text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert(fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len);
	close(fd);
}

static void write_file(const char *path, struct slice text, bool is_true)
{
	struct buf file = BUF_INIT(1u << 20);

	buf_printf(&file, "id %s\n", ID);
	buf_append_slice(&file, text);
	buf_printf(&file, "end %08lx\n", crc32(is_true ? 0 : 1, (const unsigned char *)file.ptr, (unsigned)file.len));
	put(path, buf_slice(&file));
	buf_clear(&file);
}

static void check_round_trip(const struct envelope *envelope)
{
	struct buf once = BUF_INIT(1u << 24), twice = BUF_INIT(1u << 24);
	struct envelope again;
	struct error error;

	envelope_write(envelope, &once);
	assert(envelope_parse(buf_slice(&once), &again, &error) == 0);
	envelope_write(&again, &twice);
	assert(slice_equal(buf_slice(&once), buf_slice(&twice)));
	envelope_clear(&again);
	buf_clear(&once);
	buf_clear(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct spool spool;
	static char *active, *corrupt;
	struct slice input = slice_make((const char *)data, size);
	struct queue_item item = {QUEUE_ACTIVE, {ID}};
	bool is_true = fuzz_byte(&input) % 8 != 7;
	struct envelope envelope;
	struct error error;

	if (spool.folder == NULL) {
		spool = spool_at(xstrdup(fuzz_folder()));
		active = xasprintf("%s/queue/active/" ID ".env", spool.folder);
		corrupt = xasprintf("%s/queue/corrupt/" ID ".env", spool.folder);
		assert(queue_make(&spool, &error) == 0);
	}
	write_file(active, input, is_true);
	if (queue_read(&spool, &item, &envelope, &error) == 0) {
		assert(is_true && strcmp(envelope.id.text, ID) == 0);
		check_round_trip(&envelope);
		envelope_clear(&envelope);
		unlink(active);
	} else {
		assert(access(active, F_OK) != 0 && unlink(corrupt) == 0);
	}
	return 0;
}
