/*
 * Photos for tests, made by libjpeg.
 */
#ifndef LANPOST_TESTS_SAMPLE_JPEG_H
#define LANPOST_TESTS_SAMPLE_JPEG_H

#include "base/buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

/* The first bytes of Exif whose only field says that the camera was turned by 90 degrees (orientation 6). */
#define SAMPLE_EXIF "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
#define SAMPLE_XMP "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"
#define SAMPLE_ICC "ICC_PROFILE\0\x01\x01profile"

struct sample_jpeg {
	unsigned width, height;
	bool is_grey, is_cmyk, is_rgb; /* is_rgb: without a conversion, as Adobe does */
	bool is_progressive, has_markers;
	bool has_many_scans; /* of a grey one: each frequency in a scan of its own, 64 in all */
	int quality; /* 0: 90 */
	unsigned noise; /* of each sample */
};

/* A gradient: red from left to right, green from top to bottom, blue the middle. */
static inline void sample_jpeg_row(const struct sample_jpeg *sample, unsigned y, unsigned *seed, JSAMPLE *row)
{
	unsigned parts = sample->is_grey ? 1 : sample->is_cmyk ? 4 : 3;

	for (unsigned x = 0; x < sample->width; x++)
		for (unsigned i = 0; i < parts; i++) {
			unsigned value = i == 0 ? x * 200 / sample->width : i == 1 ? y * 200 / sample->height : 128;

			*seed = *seed * 1103515245u + 12345u;
			row[x * parts + i] = (JSAMPLE)(value + (sample->noise > 0 ? (*seed >> 16) % sample->noise : 0));
		}
}

/* Appends it to out. */
static inline void sample_jpeg(const struct sample_jpeg *sample, struct buf *out)
{
	struct jpeg_compress_struct to = {0};
	struct jpeg_error_mgr errors;
	jpeg_scan_info scans[64] = {{.comps_in_scan = 1}};
	unsigned char *bytes = NULL;
	unsigned long len = 0;
	unsigned seed = 1;
	JSAMPLE *row = malloc((size_t)sample->width * 4);

	to.err = jpeg_std_error(&errors);
	jpeg_create_compress(&to);
	jpeg_mem_dest(&to, &bytes, &len);
	to.image_width = sample->width;
	to.image_height = sample->height;
	to.input_components = sample->is_grey ? 1 : sample->is_cmyk ? 4 : 3;
	to.in_color_space = sample->is_grey ? JCS_GRAYSCALE : sample->is_cmyk ? JCS_CMYK : JCS_RGB;
	jpeg_set_defaults(&to);
	if (sample->is_rgb)
		jpeg_set_colorspace(&to, JCS_RGB);
	jpeg_set_quality(&to, sample->quality > 0 ? sample->quality : 90, TRUE);
	if (sample->is_progressive)
		jpeg_simple_progression(&to);
	for (int i = 0; sample->has_many_scans && i < 64; i++) {
		scans[i] = (jpeg_scan_info){.comps_in_scan = 1, .Ss = i, .Se = i};
		to.scan_info = scans;
		to.num_scans = 64;
	}
	if (sample->has_markers)
		to.write_JFIF_header = FALSE;
	jpeg_start_compress(&to, TRUE);
	if (sample->has_markers) {
		jpeg_write_marker(&to, JPEG_APP0 + 1, (const JOCTET *)SAMPLE_EXIF, sizeof(SAMPLE_EXIF) - 1);
		jpeg_write_marker(&to, JPEG_APP0 + 1, (const JOCTET *)SAMPLE_XMP, sizeof(SAMPLE_XMP) - 1);
		jpeg_write_marker(&to, JPEG_APP0 + 2, (const JOCTET *)SAMPLE_ICC, sizeof(SAMPLE_ICC) - 1);
		jpeg_write_marker(&to, JPEG_APP0 + 2, (const JOCTET *)"MPF\0other pictures", 18);
	}
	for (unsigned y = 0; y < sample->height; y++) {
		sample_jpeg_row(sample, y, &seed, row);
		jpeg_write_scanlines(&to, &row, 1);
	}
	jpeg_finish_compress(&to);
	jpeg_destroy_compress(&to);
	free(row);
	assert(buf_append(out, bytes, len) == 0);
	free(bytes);
}

#endif
