/*
 * Making photos smaller in a separate process: `pictures`.
 *
 * libjpeg decodes bytes that a user of the LAN, or the sender of a photo that the user passes on, chose. The process has no password, no file, no network and no
 * way to the spool; each message has a worker of its own there, which gets one photo after the other and answers with the smaller one. The session
 * finds the photos, puts the new ones in their places, and takes from a worker only what has the form of a JPEG and is smaller: a compromised
 * worker can change the photos of its message, and nothing else.
 */
#ifndef LANPOST_GATEWAY_PICTURES_H
#define LANPOST_GATEWAY_PICTURES_H

#include "config/conf.h"
#include "gateway/process/helper.h"
#include "message/picture/jpeg_shrink.h"
#include "message/picture/picture_parts.h"

#include <stdatomic.h>

#define PICTURES_MS 120000 /* for all photos of a message */
#define PICTURES_CPU_SECONDS 30 /* for one: a hundred times the need of a large one */

struct pictures {
	struct helper helper;
	struct jpeg_box box;
	const atomic_bool *cancel;
};

/* A message's worker. */
struct pictures_worker {
	struct pictures *pictures;
	struct conversation conversation;
	int64_t deadline;
};

enum pictures_outcome {
	PICTURES_SHRUNK,
	PICTURES_KEPT, /* it is small enough */
	PICTURES_UNREADABLE, /* it is damaged or unusual */
	PICTURES_FAILED, /* the worker is gone: no other photo of the message can be made smaller. The error says why; CANCELLED: the session ends */
};

/* Forks the process, if the configuration wants smaller photos. */
int pictures_start(struct pictures *pictures, const struct conf *conf, const atomic_bool *cancel, struct error *error);
void pictures_stop(struct pictures *pictures);

/* For one message; the caller calls pictures_end(). From any thread. */
int pictures_begin(struct pictures_worker *worker, struct pictures *pictures, struct error *error);
/* The smaller photo as base64 is appended to out; nothing unless the outcome is PICTURES_SHRUNK. */
enum pictures_outcome pictures_shrink(struct pictures_worker *worker, const struct picture_part *part, struct buf *out, size_t *size, struct error *error);
void pictures_end(struct pictures_worker *worker);

#endif
