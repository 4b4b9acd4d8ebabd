/*
 * Makes a picture smaller by the average of the area that each new pixel covers, row by row; in whole numbers, so that each machine gets the same
 * result.
 */
#ifndef LANPOST_MESSAGE_PIXEL_AVERAGE_H
#define LANPOST_MESSAGE_PIXEL_AVERAGE_H

#include <stddef.h>
#include <stdint.h>

#define PIXEL_SIDE_MAX 65535

struct pixel_average {
	size_t from_width, from_height, to_width, to_height, samples; /* samples of a pixel */
	uint32_t *row;	/* one row, averaged from left to right: sums of from_width units */
	uint64_t *sums; /* of the rows so far: from_width * from_height units when full */
	size_t left;	/* units of height until the new row is full */
	unsigned char *out; /* the new row */
};

/* No side grows; each is from 1 to PIXEL_SIDE_MAX. */
void pixel_average_init(struct pixel_average *average, size_t from_width, size_t from_height, size_t to_width, size_t to_height, size_t samples);
void pixel_average_clear(struct pixel_average *average);
/* Takes the next row. Returns the new row if it is complete (valid until the next call), else NULL. */
const unsigned char *pixel_average_add(struct pixel_average *average, const unsigned char *pixels);

#endif
