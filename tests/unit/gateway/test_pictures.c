/* Photos made smaller in a separate process, which the photo may have compromised, or killed. */
#include "gateway/outbound/pictures.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/net/frame.h"
#include "message/transfer.h"
#include "tests/unit/sample_jpeg.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>
#include <cmocka.h>

#define PHOTO_MAX (8u << 20)

static struct buf photo = BUF_INIT(PHOTO_MAX), text = BUF_INIT(PHOTO_MAX), out = BUF_INIT(PHOTO_MAX), bytes = BUF_INIT(PHOTO_MAX);
static struct picture_part part;

static int make_photo(void **state)
{
	const struct sample_jpeg sample = {.width = 640, .height = 480};

	(void)state;
	part.line = 76;
	sample_jpeg(&sample, &photo);
	assert_int_equal(picture_parts_encode(&part, buf_slice(&photo), &text), 0);
	part.text = buf_slice(&text);
	part.size = photo.len;
	return 0;
}

static int forget_photo(void **state)
{
	(void)state;
	buf_clear(&photo);
	buf_clear(&text);
	buf_clear(&out);
	buf_clear(&bytes);
	return 0;
}

static const struct conf conf = {.limits = {.picture_width = 160, .picture_height = 160}};

static void test_a_photo_becomes_smaller(void **state)
{
	struct pictures pictures;
	struct pictures_worker worker;
	struct error error;
	size_t size;

	(void)state;
	assert_int_equal(pictures_start(&pictures, &conf, NULL, &error), 0);
	assert_int_equal(pictures_begin(&worker, &pictures, &error), 0);
	for (int i = 0; i < 3; i++) { /* one after the other */
		struct picture_part small = {.line = 76};

		buf_reset(&out);
		assert_int_equal(pictures_shrink(&worker, &part, &out, &size, &error), PICTURES_SHRUNK);
		buf_reset(&bytes);
		assert_int_equal(transfer_base64(buf_slice(&out), &bytes), 0);
		assert_int_equal(bytes.len, size);
		assert_true(size < photo.len / 4);
		small.text = buf_slice(&out);
		small.size = size;
		assert_int_equal(pictures_shrink(&worker, &small, &bytes, &size, &error), PICTURES_KEPT);
	}
	buf_reset(&out);
	part.text.len -= part.text.len / 2;
	assert_int_equal(pictures_shrink(&worker, &part, &out, &size, &error), PICTURES_UNREADABLE);
	part.text = buf_slice(&text);
	assert_int_equal(pictures_shrink(&worker, &part, &out, &size, &error), PICTURES_SHRUNK);
	pictures_end(&worker);
	pictures_stop(&pictures);
}

static void test_no_process_if_nothing_is_to_be_done(void **state)
{
	static const struct conf none = {.limits = {.picture_width = 0}};
	struct pictures pictures;
	struct error error;

	(void)state;
	assert_int_equal(pictures_start(&pictures, &none, NULL, &error), 0);
	assert_int_equal(pictures.helper.pid, 0);
	pictures_stop(&pictures);
}

/* --- compromised workers */

enum deed { DIES, IS_SILENT, SENDS_TEXT, SENDS_NO_END, SENDS_MORE, SENDS_NOTHING, SENDS_UNKNOWN, SENDS_TWO, IS_KILLED, DEEDS };

static struct slice cut(size_t len)
{
	return slice_make(photo.ptr, len);
}

static void misbehave(void *context, int fd)
{
	const enum deed *deed = context;
	const struct frame_wait wait = {.deadline = INT64_MAX};
	struct buf request = BUF_INIT(PHOTO_MAX);
	struct slice answer = *deed == SENDS_TEXT ? SLICE_LITERAL("not a photo") : *deed == SENDS_NO_END ? cut(1000) : buf_slice(&photo);
	struct frame frame = {.kind = *deed == SENDS_UNKNOWN ? 77 : JPEG_SHRUNK, .parts = &answer, .count = *deed != SENDS_NOTHING};
	uint32_t kind;

	while (frame_receive(fd, &kind, &request, NULL, wait) == FRAME_OK) {
		if (*deed == DIES)
			_exit(1);
		if (*deed == IS_KILLED)
			kill(getpid(), SIGKILL);
		if (*deed == IS_SILENT)
			continue;
		frame_send(fd, &frame, wait);
		if (*deed == SENDS_TWO)
			frame_send(fd, &frame, wait);
	}
	buf_clear(&request);
}

static void test_a_worker_that_lies_changes_nothing(void **state)
{
	(void)state;
	for (enum deed deed = DIES; deed < DEEDS; deed++) {
		const struct helper_job job = {.name = "pictures", .serve = misbehave, .context = &deed, .most = 4};
		struct pictures pictures = {.box = {160, 160}};
		struct pictures_worker worker;
		struct error error = ERROR_INIT;
		size_t size;

		print_message("deed %d\n", deed);
		buf_reset(&out);
		assert_int_equal(helper_start(&pictures.helper, &job, &error), 0);
		assert_int_equal(pictures_begin(&worker, &pictures, &error), 0);
		if (deed == IS_SILENT)
			worker.deadline = clock_now_ms() + 100;
		assert_int_equal(pictures_shrink(&worker, &part, &out, &size, &error), PICTURES_FAILED);
		assert_int_equal(out.len, 0);
		assert_int_equal(error.class, ERROR_TEMPORARY);
		assert_int_equal(worker.conversation.fd, -1);
		pictures_end(&worker);
		pictures_stop(&pictures);
	}
}

static void test_a_session_that_is_cancelled_waits_for_nobody(void **state)
{
	enum deed deed = IS_SILENT;
	const struct helper_job job = {.name = "pictures", .serve = misbehave, .context = &deed, .most = 4};
	const atomic_bool cancel = true;
	struct pictures pictures = {.box = {160, 160}, .cancel = &cancel};
	struct pictures_worker worker;
	struct error error = ERROR_INIT;
	size_t size;

	(void)state;
	assert_int_equal(helper_start(&pictures.helper, &job, &error), 0);
	assert_int_equal(pictures_begin(&worker, &pictures, &error), 0);
	assert_int_equal(pictures_shrink(&worker, &part, &out, &size, &error), PICTURES_FAILED);
	assert_int_equal(error.class, ERROR_CANCELLED);
	pictures_end(&worker);
	pictures_stop(&pictures);
}

static void test_nobody_is_asked_who_is_gone(void **state)
{
	struct pictures pictures;
	struct pictures_worker worker;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(pictures_start(&pictures, &conf, NULL, &error), 0);
	kill(pictures.helper.pid, SIGKILL);
	assert_int_equal(pictures_begin(&worker, &pictures, &error), -1);
	pictures_end(&worker);
	pictures_stop(&pictures);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_photo_becomes_smaller),
	    cmocka_unit_test(test_no_process_if_nothing_is_to_be_done),
	    cmocka_unit_test(test_a_worker_that_lies_changes_nothing),
	    cmocka_unit_test(test_a_session_that_is_cancelled_waits_for_nobody),
	    cmocka_unit_test(test_nobody_is_asked_who_is_gone),
	};

	return cmocka_run_group_tests(tests, make_photo, forget_photo);
}
