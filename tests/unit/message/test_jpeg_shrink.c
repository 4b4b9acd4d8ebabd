/*
 * Photos become smaller and stay the same pictures; anything that is not a sound photo is left alone.
 */
#include "message/picture/jpeg_shrink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "message/picture/pixel_average.h"
#include "tests/unit/cpu_time.h"
#include "tests/unit/sample_jpeg.h"

#include <string.h>

#define PHOTO_MAX (64u << 20)

static const struct jpeg_box box = {160, 120};

/* A decoded picture. */
struct seen {
	unsigned width, height, parts;
	unsigned char *pixels;
};

static struct seen look(struct slice photo)
{
	struct jpeg_decompress_struct from = {0};
	struct jpeg_error_mgr errors;
	struct seen seen;

	from.err = jpeg_std_error(&errors);
	jpeg_create_decompress(&from);
	jpeg_mem_src(&from, (const unsigned char *)photo.ptr, (unsigned long)photo.len);
	assert_int_equal(jpeg_read_header(&from, TRUE), JPEG_HEADER_OK);
	jpeg_start_decompress(&from);
	seen = (struct seen){from.output_width, from.output_height, (unsigned)from.output_components, NULL};
	seen.pixels = xcalloc((size_t)seen.width * seen.height, seen.parts);
	while (from.output_scanline < from.output_height) {
		JSAMPROW row = seen.pixels + (size_t)from.output_scanline * seen.width * seen.parts;

		jpeg_read_scanlines(&from, &row, 1);
	}
	jpeg_finish_decompress(&from);
	assert_int_equal(errors.num_warnings, 0);
	jpeg_destroy_decompress(&from);
	return seen;
}

/* The gradient of sample_jpeg(), with the mean of the noise. */
static void check_gradient(const struct seen *seen, const struct sample_jpeg *sample)
{
	for (unsigned y = 0; y < seen->height; y++)
		for (unsigned x = 0; x < seen->width; x++) {
			const unsigned char *pixel = seen->pixels + ((size_t)y * seen->width + x) * seen->parts;
			int noise = (int)sample->noise / 2;

			assert_in_range(pixel[0] + 64, x * 200 / seen->width + 64 + (unsigned)noise - 12, x * 200 / seen->width + 64 + (unsigned)noise + 12);
			if (seen->parts == 3)
				assert_in_range(pixel[1] + 64, y * 200 / seen->height + 64 + (unsigned)noise - 12, y * 200 / seen->height + 64 + (unsigned)noise + 12);
		}
}

static void test_a_photo_gets_the_wanted_size(void **state)
{
	static const struct {
		struct sample_jpeg sample;
		unsigned width, height;
	} cases[] = {
	    {{.width = 1600, .height = 1200}, 160, 120},
	    {{.width = 1200, .height = 1600}, 120, 160}, /* the box is turned with the photo */
	    {{.width = 1601, .height = 403, .noise = 20}, 160, 40},
	    {{.width = 300, .height = 299, .noise = 20}, 120, 120},
	    {{.width = 161, .height = 119}, 160, 118},
	    {{.width = 162, .height = 60, .is_grey = true}, 160, 59},
	    {{.width = 700, .height = 500, .is_grey = true, .noise = 20}, 160, 114},
	    {{.width = 777, .height = 555, .is_progressive = true}, 160, 114},
	    {{.width = 777, .height = 555, .is_rgb = true}, 160, 114},
	    {{.width = 4000, .height = 1, .noise = 9}, 160, 1},
	    {{.width = 1, .height = 4000, .noise = 9}, 1, 160},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf photo = BUF_INIT(PHOTO_MAX), out = BUF_INIT(PHOTO_MAX);
		struct seen seen;

		print_message("%u x %u\n", cases[i].sample.width, cases[i].sample.height);
		sample_jpeg(&cases[i].sample, &photo);
		buf_append_text(&out, "before");
		assert_int_equal(jpeg_shrink(buf_slice(&photo), box, &out), JPEG_SHRUNK);
		assert_memory_equal(out.ptr, "before", 6);
		buf_consume(&out, 6);
		assert_true(out.len < photo.len);
		seen = look(buf_slice(&out));
		assert_int_equal(seen.width, cases[i].width);
		assert_int_equal(seen.height, cases[i].height);
		assert_int_equal(seen.parts, cases[i].sample.is_grey ? 1 : 3);
		if (seen.width > 1 && seen.height > 1)
			check_gradient(&seen, &cases[i].sample);
		free(seen.pixels);
		buf_clear(&photo);
		buf_clear(&out);
	}
}

static void test_what_stays_as_it_is(void **state)
{
	static const struct {
		struct sample_jpeg sample;
		enum jpeg_result result;
	} cases[] = {
	    {{.width = 160, .height = 120}, JPEG_FITS},
	    {{.width = 120, .height = 160}, JPEG_FITS},
	    {{.width = 160, .height = 121, .quality = 3}, JPEG_NOT_SMALLER},
	    {{.width = 640, .height = 480, .is_cmyk = true}, JPEG_UNREADABLE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf photo = BUF_INIT(PHOTO_MAX), out = BUF_INIT(PHOTO_MAX);

		sample_jpeg(&cases[i].sample, &photo);
		buf_append_text(&out, "before");
		assert_int_equal(jpeg_shrink(buf_slice(&photo), box, &out), cases[i].result);
		assert_int_equal(out.len, 6);
		buf_clear(&photo);
		buf_clear(&out);
	}
}

static bool contains(const struct buf *photo, const char *bytes, size_t len)
{
	return memmem(photo->ptr, photo->len, bytes, len) != NULL;
}

#define CONTAINS(photo, bytes) contains(photo, bytes, sizeof(bytes) - 1)

static void test_orientation_and_colours_are_kept(void **state)
{
	const struct sample_jpeg sample = {.width = 640, .height = 480, .has_markers = true};
	struct buf photo = BUF_INIT(PHOTO_MAX), out = BUF_INIT(PHOTO_MAX), again = BUF_INIT(PHOTO_MAX);

	(void)state;
	sample_jpeg(&sample, &photo);
	buf_append_text(&photo, "a film behind the picture");
	assert_int_equal(jpeg_shrink(buf_slice(&photo), box, &out), JPEG_SHRUNK);
	assert_memory_equal(out.ptr + 2, "\xff\xe1", 2); /* Exif 2.3 section 4.5.4: it comes first */
	assert_true(CONTAINS(&out, SAMPLE_EXIF));
	assert_true(CONTAINS(&out, SAMPLE_ICC));
	assert_false(CONTAINS(&out, "xmpmeta")); /* it describes what is behind the picture */
	assert_false(CONTAINS(&out, "MPF"));
	assert_false(CONTAINS(&out, "a film"));
	assert_int_equal(jpeg_shrink(buf_slice(&photo), box, &again), JPEG_SHRUNK);
	assert_true(slice_equal(buf_slice(&out), buf_slice(&again))); /* a second attempt sends the same bytes */
	buf_clear(&photo);
	buf_clear(&out);
	buf_clear(&again);
}

static void test_a_damaged_photo_is_not_touched(void **state)
{
	const struct sample_jpeg sample = {.width = 400, .height = 300, .noise = 30};
	struct buf photo = BUF_INIT(PHOTO_MAX), out = BUF_INIT(PHOTO_MAX);

	(void)state;
	assert_int_equal(jpeg_shrink(SLICE_NONE, box, &out), JPEG_UNREADABLE);
	assert_int_equal(jpeg_shrink(SLICE_LITERAL("\xff\xd8\xff"), box, &out), JPEG_UNREADABLE);
	assert_int_equal(jpeg_shrink(SLICE_LITERAL("\x89PNG\r\n\x1a\n"), box, &out), JPEG_UNREADABLE);
	sample_jpeg(&sample, &photo);
	for (size_t len = 1; len < photo.len; len += 1 + photo.len / 97) /* cut anywhere */
		assert_int_equal(jpeg_shrink(slice_make(photo.ptr, len), box, &out), JPEG_UNREADABLE);
	memset(photo.ptr + photo.len / 2, 0xff, 64);
	assert_int_equal(jpeg_shrink(buf_slice(&photo), box, &out), JPEG_UNREADABLE);
	assert_int_equal(out.len, 0);
	buf_clear(&photo);
	buf_clear(&out);
}

/* The size in the frame header, which is all that a file of a few bytes needs to claim. */
static void claim_size(struct buf *photo, unsigned width, unsigned height)
{
	for (size_t i = 0; i + 9 < photo->len; i++)
		if (memcmp(photo->ptr + i, "\xff\xc0\0\x11\x08", 5) == 0 || memcmp(photo->ptr + i, "\xff\xc2\0\x11\x08", 5) == 0) {
			photo->ptr[i + 5] = (char)(height >> 8);
			photo->ptr[i + 6] = (char)height;
			photo->ptr[i + 7] = (char)(width >> 8);
			photo->ptr[i + 8] = (char)width;
		}
}

static void test_a_bomb_costs_nothing(void **state)
{
	static const struct {
		unsigned width, height;
		bool is_progressive;
	} cases[] = {{65500, 65500, false}, {65500, 65500, true}, {16000, 16000, false}, {16000, 16000, true}, {6000, 6000, true}};
	int64_t begun = cpu_ms();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct sample_jpeg sample = {.width = 64, .height = 64, .is_progressive = cases[i].is_progressive};
		struct buf photo = BUF_INIT(PHOTO_MAX), out = BUF_INIT(PHOTO_MAX);

		sample_jpeg(&sample, &photo);
		claim_size(&photo, cases[i].width, cases[i].height);
		assert_int_equal(jpeg_shrink(buf_slice(&photo), box, &out), JPEG_UNREADABLE);
		buf_clear(&photo);
		buf_clear(&out);
	}
	assert_true(cpu_ms() - begun < 5000);
}

/* A scan may have a few bytes, and costs a pass over all pixels. */
static void test_a_photo_of_many_scans_is_refused(void **state)
{
	struct sample_jpeg sample = {.width = 640, .height = 480, .is_grey = true, .is_progressive = true};
	struct buf photo = BUF_INIT(PHOTO_MAX), out = BUF_INIT(PHOTO_MAX);

	(void)state;
	sample_jpeg(&sample, &photo);
	assert_int_equal(jpeg_shrink(buf_slice(&photo), box, &out), JPEG_SHRUNK);
	buf_reset(&photo);
	buf_reset(&out);
	sample.has_many_scans = true;
	sample_jpeg(&sample, &photo);
	assert_int_equal(jpeg_shrink(buf_slice(&photo), box, &out), JPEG_UNREADABLE);
	buf_clear(&photo);
	buf_clear(&out);
}

static void test_a_pixel_is_the_average_of_its_area(void **state)
{
	static const unsigned char rows[3][6] = {{0, 10, 90, 20, 30, 6}, {30, 20, 60, 30, 0, 9}, {255, 255, 255, 255, 255, 255}};
	struct pixel_average average;
	const unsigned char *row;

	(void)state;
	/* Three pixels of two samples become two; three rows two. */
	pixel_average_init(&average, 3, 3, 2, 2, 2);
	assert_null(pixel_average_add(&average, rows[0]));
	row = pixel_average_add(&average, rows[1]);
	assert_non_null(row);
	/* ((0*2 + 90) * 2 + (30*2 + 60)) / 9 */
	assert_int_equal(row[0], 33);
	assert_int_equal(row[1], 17);
	assert_int_equal(row[2], 40);
	assert_int_equal(row[3], 12);
	row = pixel_average_add(&average, rows[2]);
	assert_int_equal(row[0], (120 + 2 * 765 + 4) / 9);
	pixel_average_clear(&average);
}

static void test_white_stays_white(void **state)
{
	static const size_t sides[][2] = {{1, 1}, {65535, 1}, {65535, 65534}, {1000, 999}, {7, 3}, {16, 8}};
	static unsigned char white[65535];

	(void)state;
	memset(white, 255, sizeof(white));
	for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
		struct pixel_average average;
		size_t count = 0;

		pixel_average_init(&average, sides[i][0], 60, sides[i][1], 7, 1);
		for (int y = 0; y < 60; y++) {
			const unsigned char *row = pixel_average_add(&average, white);

			assert_true(row == NULL || memcmp(row, white, sides[i][1]) == 0);
			count += row != NULL;
		}
		assert_int_equal(count, 7);
		pixel_average_clear(&average);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_photo_gets_the_wanted_size),
	    cmocka_unit_test(test_what_stays_as_it_is),
	    cmocka_unit_test(test_orientation_and_colours_are_kept),
	    cmocka_unit_test(test_a_damaged_photo_is_not_touched),
	    cmocka_unit_test(test_a_bomb_costs_nothing),
	    cmocka_unit_test(test_a_photo_of_many_scans_is_refused),
	    cmocka_unit_test(test_a_pixel_is_the_average_of_its_area),
	    cmocka_unit_test(test_white_stays_white),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
