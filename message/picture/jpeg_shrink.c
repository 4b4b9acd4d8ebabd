#include "message/picture/jpeg_shrink.h"

#include "base/alloc.h"
#include "message/picture/pixel_average.h"

#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <stdlib.h>

#include <jpeglib.h>

#define QUALITY 85
#define SCANS_MAX 50 /* cameras write 1, other programs about 10; each may cost a pass over all pixels, and nearly no bytes */
#define SCALES 8     /* libjpeg decodes to 1/8, 2/8 ... of the size, the smaller the quicker */
#define CHUNK 4096
#define MARKER_MAX 0xffff

struct shrink {
	struct jpeg_decompress_struct from;
	struct jpeg_compress_struct to;
	struct jpeg_error_mgr errors;
	struct jpeg_progress_mgr progress;
	struct jpeg_destination_mgr destination;
	jmp_buf failed;
	enum jpeg_result verdict; /* if it fails */
	struct jpeg_box box;
	struct buf *out;
	size_t most; /* bytes of the result */
	size_t written;
	struct pixel_average average;
	JSAMPLE *pixels; /* a row */
	JOCTET chunk[CHUNK];
};

/* --- what libjpeg calls; client_data of both its structures is ours */

static _Noreturn void fail(j_common_ptr common)
{
	struct shrink *shrink = common->client_data;

	longjmp(shrink->failed, 1);
}

/* Below 0: the photo is damaged. */
static void on_message(j_common_ptr common, int level)
{
	if (level < 0)
		fail(common);
}

static void on_progress(j_common_ptr common)
{
	const struct shrink *shrink = common->client_data;

	if (common->is_decompressor && shrink->from.input_scan_number > SCANS_MAX)
		fail(common);
}

static void begin_writing(j_compress_ptr to)
{
	struct shrink *shrink = to->client_data;

	shrink->destination.next_output_byte = shrink->chunk;
	shrink->destination.free_in_buffer = CHUNK;
}

static void write_out(struct shrink *shrink, size_t len)
{
	shrink->written += len;
	if (shrink->written > shrink->most || buf_append(shrink->out, shrink->chunk, len) != 0) {
		shrink->verdict = JPEG_NOT_SMALLER;
		fail((j_common_ptr)&shrink->to);
	}
}

static boolean write_chunk(j_compress_ptr to)
{
	write_out(to->client_data, CHUNK); /* all of it, whatever free_in_buffer says (libjpeg.txt) */
	begin_writing(to);
	return TRUE;
}

static void end_writing(j_compress_ptr to)
{
	write_out(to->client_data, CHUNK - to->dest->free_in_buffer);
}

/* --- the parts */

static void begin(struct shrink *shrink, struct slice photo)
{
	shrink->from.err = shrink->to.err = jpeg_std_error(&shrink->errors);
	shrink->errors.error_exit = fail;
	shrink->errors.emit_message = on_message;
	shrink->progress.progress_monitor = on_progress;
	shrink->destination.init_destination = begin_writing;
	shrink->destination.empty_output_buffer = write_chunk;
	shrink->destination.term_destination = end_writing;
	shrink->from.client_data = shrink->to.client_data = shrink;
	jpeg_create_decompress(&shrink->from);
	jpeg_create_compress(&shrink->to);
	shrink->from.progress = &shrink->progress;
	shrink->to.dest = &shrink->destination;
	shrink->from.mem->max_memory_to_use = shrink->to.mem->max_memory_to_use = JPEG_MEMORY_MAX;
	jpeg_mem_src(&shrink->from, (const unsigned char *)photo.ptr, (unsigned long)photo.len);
	jpeg_save_markers(&shrink->from, JPEG_APP0 + 1, MARKER_MAX);
	jpeg_save_markers(&shrink->from, JPEG_APP0 + 2, MARKER_MAX);
}

static bool is_usual(const struct jpeg_decompress_struct *from)
{
	bool grey = from->num_components == 1 && from->jpeg_color_space == JCS_GRAYSCALE;
	bool coloured = from->num_components == 3 && (from->jpeg_color_space == JCS_YCbCr || from->jpeg_color_space == JCS_RGB);

	return (grey || coloured) && from->data_precision == 8 && from->image_width > 0 && from->image_height > 0 &&
	       (uint64_t)from->image_width * from->image_height <= JPEG_PIXELS_MAX;
}

/* Sets the size of the new photo; returns false if the old one fits. */
static bool choose_size(struct shrink *shrink)
{
	const uint64_t width = shrink->from.image_width, height = shrink->from.image_height;
	const uint64_t one = shrink->box.width, other = shrink->box.height;
	const uint64_t box_long = one > other ? one : other, box_short = one > other ? other : one;
	const uint64_t box_width = width >= height ? box_long : box_short, box_height = width >= height ? box_short : box_long;
	uint64_t to_width = box_width, to_height = (height * box_width + width / 2) / width;

	if (width <= box_width && height <= box_height)
		return false;
	if (width * box_height < height * box_width) { /* its height decides */
		to_width = (width * box_height + height / 2) / height;
		to_height = box_height;
	}
	shrink->to.image_width = (JDIMENSION)(to_width > 0 ? to_width : 1);
	shrink->to.image_height = (JDIMENSION)(to_height > 0 ? to_height : 1);
	return true;
}

/* Decodes to the smallest size that is not below the wanted one. */
static void start_reading(struct shrink *shrink)
{
	shrink->from.out_color_space = shrink->from.jpeg_color_space; /* the average needs no conversion */
	shrink->from.scale_denom = SCALES;
	for (unsigned scale = 1; scale <= SCALES; scale++) {
		shrink->from.scale_num = scale;
		jpeg_calc_output_dimensions(&shrink->from);
		if (shrink->from.output_width >= shrink->to.image_width && shrink->from.output_height >= shrink->to.image_height)
			break;
	}
	jpeg_start_decompress(&shrink->from);
	pixel_average_init(&shrink->average, shrink->from.output_width, shrink->from.output_height, shrink->to.image_width, shrink->to.image_height,
	    (size_t)shrink->from.output_components);
	shrink->pixels = xcalloc(shrink->from.output_width, (size_t)shrink->from.output_components);
}

static bool is_kept(const struct jpeg_marker_struct *marker)
{
	struct slice data = slice_make((const char *)marker->data, marker->data_length);

	return marker->marker == JPEG_APP0 + 1 ? data.len >= 6 && memcmp(data.ptr, "Exif\0", 6) == 0
	                                       : data.len >= 12 && memcmp(data.ptr, "ICC_PROFILE", 12) == 0;
}

static void start_writing(struct shrink *shrink)
{
	struct jpeg_compress_struct *to = &shrink->to;

	to->input_components = shrink->from.output_components;
	to->in_color_space = shrink->from.out_color_space;
	jpeg_set_defaults(to);
	jpeg_set_quality(to, QUALITY, TRUE);
	jpeg_simple_progression(to);
	to->write_JFIF_header = shrink->from.saw_JFIF_marker; /* of a camera, Exif comes first */
	to->density_unit = shrink->from.density_unit;
	to->X_density = shrink->from.X_density;
	to->Y_density = shrink->from.Y_density;
	jpeg_start_compress(to, TRUE);
	for (const struct jpeg_marker_struct *marker = shrink->from.marker_list; marker != NULL; marker = marker->next)
		if (is_kept(marker))
			jpeg_write_marker(to, marker->marker, marker->data, marker->data_length);
}

static void copy_pixels(struct shrink *shrink)
{
	while (shrink->from.output_scanline < shrink->from.output_height) {
		JSAMPROW row = shrink->pixels;

		jpeg_read_scanlines(&shrink->from, &row, 1);
		row = (JSAMPROW)(uintptr_t)pixel_average_add(&shrink->average, shrink->pixels);
		if (row != NULL)
			jpeg_write_scanlines(&shrink->to, &row, 1);
	}
}

/* No variable of this function changes after setjmp(). */
static enum jpeg_result run(struct shrink *shrink, struct slice photo)
{
	if (setjmp(shrink->failed) != 0)
		return shrink->verdict;
	begin(shrink, photo);
	jpeg_read_header(&shrink->from, TRUE);
	if (!is_usual(&shrink->from))
		return JPEG_UNREADABLE;
	if (!choose_size(shrink))
		return JPEG_FITS;
	start_reading(shrink);
	start_writing(shrink);
	copy_pixels(shrink);
	jpeg_finish_decompress(&shrink->from);
	jpeg_finish_compress(&shrink->to);
	return JPEG_SHRUNK;
}

enum jpeg_result jpeg_shrink(struct slice photo, struct jpeg_box box, struct buf *out)
{
	struct shrink *shrink;
	size_t start = out->len;
	enum jpeg_result result;

	if (photo.len == 0 || photo.len > JPEG_BYTES_MAX)
		return JPEG_UNREADABLE;
	shrink = xcalloc(1, sizeof(*shrink));
	shrink->verdict = JPEG_UNREADABLE;
	shrink->box = box;
	shrink->out = out;
	shrink->most = photo.len - 1;
	result = run(shrink, photo);
	jpeg_destroy_compress(&shrink->to);
	jpeg_destroy_decompress(&shrink->from);
	pixel_average_clear(&shrink->average);
	free(shrink->pixels);
	free(shrink);
	if (result != JPEG_SHRUNK)
		out->len = start;
	return result;
}
