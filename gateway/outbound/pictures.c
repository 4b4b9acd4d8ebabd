#include "gateway/outbound/pictures.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "base/net/frame.h"
#include "gateway/process/limits.h"
#include "gateway/process/sandbox.h"
#include "message/transfer.h"

#include <sys/resource.h>

#define REQUEST 100 /* the base64 of a photo; the answer is an enum jpeg_result, with the smaller one */
#define TEXT_MAX (JPEG_BYTES_MAX / 3 * 4 + (4u << 20)) /* with line ends */
#define MOST 64 /* messages in preparation at the same time: connections of all smarthosts */

/* --- in the worker */

/* A photo that needs more ends the process. Memory: for one photo, in base64, decoded, its pixels and the new one. */
static bool bound(void)
{
#if !defined(LANPOST_SANITIZED) /* sanitizers reserve terabytes */
	if (!limits_set(RLIMIT_DATA, 1024u << 20))
		return false;
#endif
	return limits_set(RLIMIT_CORE, 0) && limits_cpu(PICTURES_CPU_SECONDS);
}

static bool answer_one(const struct pictures *pictures, int fd, struct buf *text)
{
	const struct frame_wait wait = {.deadline = INT64_MAX};
	struct buf photo = BUF_INIT(JPEG_BYTES_MAX), smaller = BUF_INIT(JPEG_BYTES_MAX);
	enum jpeg_result result;
	struct slice part;
	uint32_t kind;
	bool good;

	if (frame_receive(fd, &kind, text, NULL, wait) != FRAME_OK || kind != REQUEST || !bound())
		return false;
	transfer_base64(buf_slice(text), &photo);
	result = photo.overflow ? JPEG_UNREADABLE : jpeg_shrink(buf_slice(&photo), pictures->box, &smaller);
	part = buf_slice(&smaller);
	good = frame_send(fd, &(struct frame){.kind = result, .parts = &part, .count = 1}, wait) == FRAME_OK;
	buf_clear(&photo);
	buf_clear(&smaller);
	return good;
}

static void serve(void *context, int fd)
{
	const struct pictures *pictures = context;
	struct buf text = BUF_INIT(TEXT_MAX + FRAME_HEAD);

	sandbox_enter(&(struct sandbox){.is_one_of_many = true});
	while (answer_one(pictures, fd, &text))
		;
	buf_clear(&text);
}

/* --- in the session */

int pictures_start(struct pictures *pictures, const struct conf *conf, const atomic_bool *cancel, struct error *error)
{
	const struct helper_job job = {.name = "pictures", .serve = serve, .context = pictures, .most = MOST};

	*pictures = (struct pictures){.box = {(unsigned)conf->limits.picture_width, (unsigned)conf->limits.picture_height}, .cancel = cancel};
	return pictures->box.width == 0 ? 0 : helper_start(&pictures->helper, &job, error);
}

void pictures_stop(struct pictures *pictures)
{
	helper_stop(&pictures->helper);
}

int pictures_begin(struct pictures_worker *worker, struct pictures *pictures, struct error *error)
{
	*worker = (struct pictures_worker){pictures, CONVERSATION_NONE, clock_now_ms() + PICTURES_MS};
	return helper_converse(&pictures->helper, &worker->conversation, error);
}

void pictures_end(struct pictures_worker *worker)
{
	helper_hang_up(&worker->conversation);
}

static enum pictures_outcome give_up(struct pictures_worker *worker, enum frame_result result, struct error *error)
{
	helper_kill(&worker->pictures->helper, &worker->conversation);
	if (result == FRAME_CANCELLED)
		error_set(error, ERROR_CANCELLED, N_("cancelled"));
	else
		error_set(error, ERROR_TEMPORARY, result == FRAME_TIMEOUT ? N_("it took too long") : N_("the process that makes pictures smaller has ended"));
	return PICTURES_FAILED;
}

static bool is_jpeg(struct slice bytes)
{
	return bytes.len > 4 && memcmp(bytes.ptr, "\xff\xd8\xff", 3) == 0 && memcmp(bytes.ptr + bytes.len - 2, "\xff\xd9", 2) == 0;
}

static enum pictures_outcome read_answer(struct pictures_worker *worker, const struct picture_part *part, uint32_t kind, struct slice answer,
    struct buf *out, struct error *error)
{
	size_t start = out->len;

	if (kind == JPEG_FITS || kind == JPEG_NOT_SMALLER)
		return PICTURES_KEPT;
	if (kind == JPEG_UNREADABLE)
		return PICTURES_UNREADABLE;
	if (kind != JPEG_SHRUNK || !is_jpeg(answer) || answer.len >= part->size)
		return give_up(worker, FRAME_CLOSED, error);
	if (picture_parts_encode(part, answer, out) == 0)
		return PICTURES_SHRUNK;
	out->len = start;
	return PICTURES_KEPT;
}

enum pictures_outcome pictures_shrink(struct pictures_worker *worker, const struct picture_part *part, struct buf *out, size_t *size, struct error *error)
{
	const struct frame request = {.kind = REQUEST, .parts = &part->text, .count = 1};
	const struct frame_wait wait = {worker->deadline, worker->pictures->cancel};
	struct buf answer = BUF_INIT(JPEG_BYTES_MAX + FRAME_HEAD);
	enum pictures_outcome outcome;
	enum frame_result result;
	uint32_t kind = 0;

	if (part->size > JPEG_BYTES_MAX || part->text.len > TEXT_MAX)
		return PICTURES_UNREADABLE;
	result = frame_send(worker->conversation.fd, &request, wait);
	if (result == FRAME_OK)
		result = frame_receive(worker->conversation.fd, &kind, &answer, NULL, wait);
	outcome = result == FRAME_OK ? read_answer(worker, part, kind, buf_slice(&answer), out, error) : give_up(worker, result, error);
	*size = answer.len;
	buf_clear(&answer);
	return outcome;
}
