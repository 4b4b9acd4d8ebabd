#include "spool/body.h"

#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/owned.h"
#include "spool/layout_priv.h"

#include <assert.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

static atomic_size_t in_memory; /* of all messages in progress, in bytes */

void body_memory_take(size_t len)
{
	in_memory += len;
}

void body_memory_give(size_t len)
{
	size_t before = atomic_fetch_sub(&in_memory, len);

	assert(before >= len); /* given as often as taken */
	(void)before;
}

bool body_memory_is_short(void)
{
	return in_memory > BODY_MEMORY_ALL;
}

static void clear_memory(struct body *body)
{
	body_memory_give(body->memory.len);
	buf_clear(&body->memory);
}

static bool fits_memory(const struct body *body, size_t more)
{
	return body->memory.len + more <= BODY_MEMORY_BUSY || !body_memory_is_short();
}

void body_init(struct body *body, const struct spool *spool)
{
	*body = (struct body){.memory = BUF_INIT(BODY_MEMORY_MAX), .fd = -1, .spool = spool};
}

static int write_file(struct body *body, struct slice bytes, struct error *error)
{
	if (bytes.len > 0)
		body->checksum = (uint32_t)crc32_z(body->checksum, (const unsigned char *)bytes.ptr, bytes.len);
	return fsx_write(body->fd, bytes, body->path, error);
}

static int body_spill(struct body *body, const struct msgid *id, struct error *error)
{
	body->path = layout_body(body->spool, id->text);
	body->fd = owned_open(body->path, O_WRONLY | O_EXCL, 0600);
	if (body->fd < 0) {
		error_errno(error, N_("cannot create %s"), body->path);
		free(body->path);
		body->path = NULL;
		return -1;
	}
	if (write_file(body, buf_slice(&body->memory), error) != 0)
		return -1;
	clear_memory(body);
	return 0;
}

int body_append(struct body *body, struct slice bytes, const struct msgid *id, struct error *error)
{
	if (body->path == NULL) {
		if (fits_memory(body, bytes.len) && buf_append_slice(&body->memory, bytes) == 0) {
			body_memory_take(bytes.len);
			body->size += bytes.len;
			return 0;
		}
		if (body_spill(body, id, error) != 0)
			return -1;
	}
	if (write_file(body, bytes, error) != 0)
		return -1;
	body->size += bytes.len;
	return 0;
}

int body_finish(struct body *body, struct error *error)
{
	char *folder;
	int fd = body->fd, result;

	if (body->path == NULL)
		return 0;
	body->fd = -1;
	if (fsx_sync_data(fd, body->path, error) != 0) {
		close(fd);
		return -1;
	}
	if (fsx_close(fd, body->path, error) != 0)
		return -1;
	folder = layout_wal(body->spool, "");
	result = fsx_sync_dir(folder, error);
	free(folder);
	return result;
}

int body_view(struct body *body, struct slice *bytes, struct error *error)
{
	if (body->path == NULL) {
		*bytes = body->memory.len == 0 ? slice_make("", 0) : buf_slice(&body->memory);
		return 0;
	}
	if (body->map.ptr == NULL && fsx_map(body->path, &body->map, error) != 0)
		return -1;
	*bytes = body->map;
	return 0;
}

/* The file of the parts has the same name: it is the message's. The other one stays mapped until its bytes are copied. */
int body_keep(struct body *body, const struct slice *parts, size_t count, const struct msgid *id, struct error *error)
{
	struct body next;
	int result = body->path == NULL ? 0 : fsx_unlink(body->path, error);

	body_init(&next, body->spool);
	for (size_t i = 0; i < count && result == 0; i++)
		result = body_append(&next, parts[i], id, error);
	if (result == 0)
		result = body_finish(&next, error);
	body_clear(body, true);
	if (result == 0)
		*body = next;
	else
		body_clear(&next, false);
	return result;
}

void body_hide(struct body *body)
{
	if (body->map.ptr != NULL)
		fsx_unmap(body->map);
	body->map = SLICE_NONE;
}

void body_clear(struct body *body, bool keep_file)
{
	struct error ignored;

	body_hide(body);
	if (body->fd >= 0)
		close(body->fd);
	if (body->path != NULL && !keep_file)
		fsx_unlink(body->path, &ignored); /* a leftover is removed at the next start */
	free(body->path);
	clear_memory(body);
	body_init(body, body->spool);
}
