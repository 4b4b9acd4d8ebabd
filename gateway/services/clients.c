#include "gateway/services/clients.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"

#include <stdlib.h>

static int compare_notes(const void *one, const void *other)
{
	const struct thread_activity_note *a = one, *b = other;

	if (a->since != b->since)
		return a->since < b->since ? -1 : 1;
	return strcmp(a->who, b->who);
}

/* New memory. */
static struct thread_activity_note *read_notes(const struct thread_activity *board, size_t *count)
{
	struct thread_activity_note *notes = xcalloc(THREAD_ACTIVITY_PLACES, sizeof(*notes));

	*count = thread_activity_read(board, notes, THREAD_ACTIVITY_PLACES);
	return notes;
}

/* lan-server/server/session.c writes the client: "pop3 192.168.1.5". */
static json_t *client_json(const struct thread_activity_note *note, int64_t now)
{
	struct slice address = slice_of(note->who), protocol = slice_cut(&address, ' ');
	int64_t idle = note->waits && now > note->heard ? (now - note->heard) / 1000 : 0;

	return json_pack("{s:s%, s:s%, s:b, s:s, s:I, s:I, s:s, s:b}", "protocol", protocol.ptr, protocol.len, "address",
	    address.ptr == NULL ? "" : address.ptr, address.len, "tls", note->has_tls, "user", note->login, "since",
	    (json_int_t)note->since, "idle", (json_int_t)idle, "command", note->step, "working", !note->waits);
}

json_t *clients_build(const struct thread_activity *board)
{
	size_t count;
	struct thread_activity_note *notes = read_notes(board, &count);
	int64_t now = clock_now_ms();
	json_t *list = json_array();

	qsort(notes, count, sizeof(*notes), compare_notes);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, client_json(&notes[i], now));
	free(notes);
	return list;
}

size_t clients_count(const struct thread_activity *board)
{
	size_t count;

	free(read_notes(board, &count));
	return count;
}
