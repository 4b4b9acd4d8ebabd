#include "message/picture/pixel_average.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void pixel_average_init(struct pixel_average *average, size_t from_width, size_t from_height, size_t to_width, size_t to_height, size_t samples)
{
	assert(to_width > 0 && to_width <= from_width && from_width <= PIXEL_SIDE_MAX);
	assert(to_height > 0 && to_height <= from_height && from_height <= PIXEL_SIDE_MAX);
	*average = (struct pixel_average){from_width, from_height, to_width, to_height, samples, .left = from_height};
	average->row = xcalloc(to_width * samples, sizeof(*average->row));
	average->sums = xcalloc(to_width * samples, sizeof(*average->sums));
	average->out = xcalloc(to_width * samples, 1);
}

void pixel_average_clear(struct pixel_average *average)
{
	free(average->row);
	free(average->sums);
	free(average->out);
	*average = (struct pixel_average){0};
}

/* In units of which an old pixel has to_width, a new one from_width: so an old pixel is part of two new ones at most. */
static void narrow(struct pixel_average *average, const unsigned char *pixel)
{
	const size_t samples = average->samples;
	uint32_t *to = average->row;
	size_t left = average->from_width;

	memset(to, 0, average->to_width * samples * sizeof(*to));
	for (size_t x = 0; x < average->from_width; x++, pixel += samples) {
		size_t first = average->to_width < left ? average->to_width : left, rest = average->to_width - first;

		for (size_t i = 0; i < samples; i++)
			to[i] += (uint32_t)first * pixel[i];
		left -= first;
		if (left > 0)
			continue;
		to += samples;
		left = average->from_width - rest;
		for (size_t i = 0; rest > 0 && i < samples; i++)
			to[i] += (uint32_t)rest * pixel[i];
	}
}

static void add_row(struct pixel_average *average, size_t units)
{
	size_t count = average->to_width * average->samples;

	for (size_t i = 0; i < count; i++)
		average->sums[i] += (uint64_t)units * average->row[i];
	average->left -= units;
}

static void finish_row(struct pixel_average *average)
{
	size_t count = average->to_width * average->samples;
	uint64_t area = (uint64_t)average->from_width * average->from_height;

	for (size_t i = 0; i < count; i++)
		average->out[i] = (unsigned char)((average->sums[i] + area / 2) / area);
	memset(average->sums, 0, count * sizeof(*average->sums));
	average->left = average->from_height;
}

const unsigned char *pixel_average_add(struct pixel_average *average, const unsigned char *pixels)
{
	size_t first = average->to_height < average->left ? average->to_height : average->left, rest = average->to_height - first;

	narrow(average, pixels);
	add_row(average, first);
	if (average->left > 0)
		return NULL;
	finish_row(average);
	if (rest > 0)
		add_row(average, rest);
	return average->out;
}
