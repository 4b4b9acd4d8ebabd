#include "message/attachment/attachment_tnef.h"

#define HEAD 6 /* bytes of the signature and of a key */
#define ATTRIBUTE_HEAD 9
#define CHECKSUM 2
#define TEXT_MIN 3 /* characters */
#define TEXT_MAX 255 /* of a name */

/* The lower half of an attribute's id. */
enum { ATTACH_DATA = 0x800f, ATTACH_TITLE = 0x8010, ATTACH_TRANSPORT_NAME = 0x9001, ATTACH_PROPERTIES = 0x9005 };

static const struct slice signature = SLICE_LITERAL("\x78\x9f\x3e\x22");

struct walk {
	struct attachment_limits *limits;
	bool (*look)(void *context, const struct attachment_member *member);
	void *context;
	enum attachment_walked walked;
};

bool attachment_is_tnef(struct slice bytes)
{
	return bytes.len > HEAD && memcmp(bytes.ptr, signature.ptr, signature.len) == 0;
}

static uint32_t number_at(struct slice bytes, size_t at)
{
	const unsigned char *b = (const unsigned char *)bytes.ptr + at;

	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* Returns false when the walk is at its end. */
static bool give(struct walk *walk, struct slice name, struct slice content)
{
	const struct attachment_member member = {.name = name, .content = content};

	if (name.len == 0 && content.len == 0)
		return true;
	if (walk->limits->names == 0 || content.len > walk->limits->bytes)
		walk->walked = ATTACHMENT_NOT_ALL;
	else if (!walk->look(walk->context, &member))
		walk->walked = ATTACHMENT_STOPPED;
	walk->limits->names -= walk->limits->names > 0;
	walk->limits->bytes -= walk->walked == ATTACHMENT_ALL_READ ? content.len : 0;
	return walk->walked == ATTACHMENT_ALL_READ;
}

/* Whether there is a character of a text, of one byte or of two (UTF-16). Those of other scripts end a text. */
static bool is_shown(struct slice bytes, size_t at, size_t width)
{
	return at + width <= bytes.len && bytes.ptr[at] >= ' ' && bytes.ptr[at] <= '~' && (width == 1 || bytes.ptr[at + 1] == '\0');
}

/* The end of each text: a name ends there. */
static bool give_texts(struct walk *walk, struct slice bytes, size_t width)
{
	char text[TEXT_MAX];

	for (size_t at = 0, end; at < bytes.len; at = end + 1) {
		size_t count, from;

		for (end = at; is_shown(bytes, end, width);)
			end += width;
		count = (end - at) / width;
		from = count < TEXT_MAX ? 0 : count - TEXT_MAX;
		for (size_t i = from; i < count; i++)
			text[i - from] = bytes.ptr[at + i * width];
		if (count >= TEXT_MIN && !give(walk, slice_make(text, count - from), SLICE_NONE))
			return false;
	}
	return true;
}

static bool give_properties(struct walk *walk, struct slice bytes)
{
	ptrdiff_t inner = slice_search(bytes, signature);

	return give_texts(walk, bytes, 1) && give_texts(walk, bytes, 2) &&
	       (inner < 0 || give(walk, SLICE_NONE, slice_from(bytes, (size_t)inner)));
}

static bool give_attribute(struct walk *walk, uint32_t id, struct slice value)
{
	switch (id & 0xffff) {
	case ATTACH_TITLE:
	case ATTACH_TRANSPORT_NAME:
		return give(walk, slice_cut(&value, '\0'), SLICE_NONE);
	case ATTACH_DATA:
		return give(walk, SLICE_NONE, value);
	case ATTACH_PROPERTIES:
		return give_properties(walk, value);
	default:
		return true;
	}
}

enum attachment_walked attachment_tnef_walk(struct slice bytes, struct attachment_limits *limits,
    bool (*look)(void *context, const struct attachment_member *member), void *context)
{
	struct walk walk = {limits, look, context, ATTACHMENT_ALL_READ};
	bool goes_on = true;

	bytes = slice_from(bytes, HEAD);
	while (goes_on && bytes.len >= ATTRIBUTE_HEAD) {
		size_t len = number_at(bytes, 5);
		bool is_whole = len <= bytes.len - ATTRIBUTE_HEAD;
		uint32_t id = number_at(bytes, 1);

		bytes = slice_from(bytes, ATTRIBUTE_HEAD);
		goes_on = give_attribute(&walk, id, slice_make(bytes.ptr, is_whole ? len : bytes.len)) && is_whole;
		if (!is_whole && walk.walked == ATTACHMENT_ALL_READ)
			walk.walked = ATTACHMENT_NOT_ALL;
		bytes = slice_from(bytes, is_whole ? len : bytes.len);
		bytes = slice_from(bytes, bytes.len < CHECKSUM ? bytes.len : CHECKSUM);
	}
	return walk.walked;
}
