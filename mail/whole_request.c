#include "mail/whole_request.h"

#include "base/alloc.h"
#include "mail/route.h"
#include "message/compose.h"
#include "message/stub_reply.h"
#include "spool/mailbox_name.h"

#include <assert.h>
#include <stdlib.h>

#define REQUEST_MAX 4096

/* From the user to daemon. */
static int write_one(const struct whole_request *request, const char *subject, struct envelope *envelope, struct body *body, struct error *error)
{
	const struct conf *conf = request->conf;
	struct addr user = route_own_address(conf, request->asks), daemon = route_own_address(conf, CONF_DAEMON);
	struct buf text = BUF_INIT(REQUEST_MAX);
	char address[ADDR_TEXT_MAX];
	int result;

	envelope_init(envelope);
	origin_set_gateway(&envelope->origin);
	envelope_set(&envelope->session, slice_of(request->session));
	envelope_set(&envelope->sender, slice_of(addr_text(address, sizeof(address), &user)));
	envelope_add(envelope, PLACE_DAEMON, slice_of(address), slice_of(subject));
	body_init(body, request->spool);
	result = compose_message(
	    &(struct compose){
		.from = &user,
		.to = &daemon,
		.subject = slice_of(subject),
		.date = envelope->time,
		.id = &envelope->id,
		.host = conf->gateway.hostname,
		.parts = {{COMPOSE_TEXT, SLICE_NONE}},
		.part_count = 1,
	    },
	    &text, error);
	if (result == 0)
		result = body_append(body, buf_slice(&text), &envelope->id, error);
	if (result == 0)
		result = body_finish(body, error);
	buf_clear(&text);
	return result;
}

static int add_one(const struct whole_request *request, struct intake_batch *batch, const char *owner, const char *id, struct error *error)
{
	char *subject = xasprintf(STUB_SUBJECT, id, owner);
	struct envelope envelope;
	struct body body;
	int result = write_one(request, subject, &envelope, &body, error);

	if (result == 0) {
		intake_batch_append(batch, &envelope, &body, NULL, 0);
	} else {
		envelope_clear(&envelope);
		body_clear(&body, false);
	}
	free(subject);
	return result;
}

/* Remembers where the stub is: it is replaced there, also if the session is quicker than the change that follows. */
static int note_origin(const struct whole_request *request, const char *owner, const char *id, struct error *error)
{
	if (slice_is(mailbox_name_folder(slice_of(request->mailbox)), STUB_FOLDER))
		return 0;
	return stub_origin_put(request->spool->state, owner, id, request->mailbox, error);
}

int whole_request_write(const struct whole_request *request, const struct strlist *ids, struct error *error)
{
	struct intake_batch *batch = intake_batch_new(request->spool->intake);
	char *owner = slice_dup(mailbox_name_user(slice_of(request->mailbox)));
	int result = 0;

	assert(ids->count <= WHOLE_REQUESTS_MAX);
	for (size_t i = 0; i < ids->count && result == 0; i++) {
		result = note_origin(request, owner, ids->items[i], error);
		if (result == 0)
			result = add_one(request, batch, owner, ids->items[i], error);
	}
	if (result == 0)
		result = intake_batch_commit(batch, error);
	intake_batch_free(batch);
	free(owner);
	return result;
}
