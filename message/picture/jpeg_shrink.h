/*
 * Makes a JPEG photo smaller: fewer pixels, and written as a progressive JPEG of quality 85.
 *
 * What is kept besides the picture: Exif (with the orientation), the colour profile and the resolution; not XMP, IPTC, or what a phone adds behind the
 * picture. A photo with any mistake in it, or of a kind that few programs write (CMYK, 12 bits), is not changed. The same bytes give the same
 * result. Memory and work are bounded by the constants below and by the length of the photo.
 *
 * libjpeg reads bytes that others chose: the gateway calls this only in a process that has nothing else (gateway/outbound/pictures.h).
 */
#ifndef LANPOST_MESSAGE_JPEG_SHRINK_H
#define LANPOST_MESSAGE_JPEG_SHRINK_H

#include "base/buf.h"

#define JPEG_BYTES_MAX (64u << 20) /* of a photo; also after it became smaller */
#define JPEG_PIXELS_MAX (256u << 20)
#define JPEG_MEMORY_MAX (128 << 20) /* bytes for a photo whose pixels come in several passes: 44 million pixels */

/* In pixels. A photo fits if its longer side is at most the longer of the two, and its shorter side at most the other. */
struct jpeg_box {
	unsigned width, height;
};

enum jpeg_result {
	JPEG_SHRUNK = 1,
	JPEG_FITS,	 /* it has no more pixels than wanted */
	JPEG_NOT_SMALLER, /* it would have as many bytes as before, or more */
	JPEG_UNREADABLE, /* it is damaged, too large, or of an unusual kind */
};

/* Appends the smaller photo to out; nothing if the result is not JPEG_SHRUNK. */
enum jpeg_result jpeg_shrink(struct slice photo, struct jpeg_box box, struct buf *out);

#endif
