/* Makes the photos of an outgoing message smaller, if the configuration wants that. */
#include "gateway/outbound/outbound_priv.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/log.h"

#include <stdlib.h>

struct copying {
	struct sending *sending;
	struct msgid id;
	const char *done; /* of wire: copied up to here */
	size_t count;	  /* photos made smaller */
};

static int copy_until(struct copying *copying, const char *end, struct error *error)
{
	struct slice some = slice_make(copying->done, (size_t)(end - copying->done));

	copying->done = end;
	return body_append(&copying->sending->shrunk, some, &copying->id, error);
}

static void tell_failure(const struct copying *copying, const struct picture_part *part, const char *why)
{
	outbound_journal(copying->sending, EVENT_PICTURE, "", PHRASE(N_("%s is sent as it is: %s"), part->name, why));
}

static int replace(struct copying *copying, const struct picture_part *part, struct slice text, size_t size, struct error *error)
{
	if (copy_until(copying, part->text.ptr, error) != 0 || body_append(&copying->sending->shrunk, text, &copying->id, error) != 0)
		return -1;
	copying->done += part->text.len;
	copying->count++;
	outbound_journal(copying->sending, EVENT_PICTURE, "",
	    PHRASE(N_("%s made smaller from %s to %s"), part->name, PHRASE_SIZE(part->size), PHRASE_SIZE(size)));
	return 0;
}

/* *goes_on: the next photo may be tried. */
static int shrink_one(struct copying *copying, struct pictures_worker *worker, const struct picture_part *part, bool *goes_on, struct error *error)
{
	struct buf text = BUF_INIT(part->text.len);
	struct error failure = ERROR_INIT;
	size_t size;
	int result = 0;

	switch (pictures_shrink(worker, part, &text, &size, &failure)) {
	case PICTURES_SHRUNK:
		result = replace(copying, part, buf_slice(&text), size, error);
		break;
	case PICTURES_KEPT:
		break;
	case PICTURES_UNREADABLE:
		tell_failure(copying, part, PHRASE(N_("it is damaged, too large or of an unusual kind")));
		break;
	case PICTURES_FAILED:
		*goes_on = false;
		if (failure.class == ERROR_CANCELLED) { /* nothing is sent any more */
			*error = failure;
			result = -1;
			break;
		}
		log_warnx("event=picture-not-shrunk id=%s reason=%s", copying->sending->envelope.id.text, LOG_ERROR(&failure));
		tell_failure(copying, part, failure.phrase);
		break;
	}
	buf_clear(&text);
	return result;
}

/* What cannot be made smaller is sent as it is. */
static int shrink_all(struct copying *copying, const struct picture_parts *parts, struct error *error)
{
	struct pictures_worker worker;
	struct error failure = ERROR_INIT;
	bool goes_on = true;
	int result = 0;

	if (pictures_begin(&worker, copying->sending->out->job->pictures, &failure) != 0) {
		tell_failure(copying, &parts->items[0], failure.phrase);
		return 0;
	}
	for (size_t i = 0; i < parts->count && goes_on && result == 0; i++)
		result = shrink_one(copying, &worker, &parts->items[i], &goes_on, error);
	pictures_end(&worker);
	return result;
}

int outbound_pictures_shrink(struct sending *sending, struct slice *wire, struct error *error)
{
	const struct pictures *pictures = sending->out->job->pictures;
	struct copying copying = {.sending = sending, .id = msgid_new(), .done = wire->ptr};
	struct picture_parts *parts;
	int result = 0;

	if (pictures == NULL || pictures->box.width == 0)
		return 0;
	parts = xcalloc(1, sizeof(*parts));
	if (picture_parts_find(*wire, parts))
		result = shrink_all(&copying, parts, error);
	free(parts);
	if (result == 0 && copying.count > 0)
		result = copy_until(&copying, wire->ptr + wire->len, error);
	return result == 0 && copying.count > 0 ? body_view(&sending->shrunk, wire, error) : result;
}
