#include "mail/byte_shares.h"

#include "base/alloc.h"
#include "spool/mailbox_name.h"

#include <stdlib.h>

void byte_shares_add(struct byte_shares *shares, struct slice user, uint64_t bytes, uint64_t messages)
{
	size_t i = 0;

	while (i < shares->count && !slice_equal_nocase(slice_of(shares->items[i].user), user))
		i++;
	if (i == shares->count) {
		ARRAY_GROW(shares->items, shares->count);
		shares->items[shares->count++] = (struct byte_share){.user = slice_dup(user)};
	}
	shares->items[i].bytes += bytes;
	shares->items[i].messages += messages;
}

/* The user of a place of this kind; empty if there is none: names of the gateway's own mailboxes begin with '_'. */
static struct slice user_of(const struct place *place, enum place_kind kind)
{
	struct slice user = place->kind == kind ? mailbox_name_user(slice_of(place->name)) : SLICE_NONE;

	return user.len > 0 && user.ptr[0] == '_' ? SLICE_NONE : user;
}

/* Two folders of one user are one. */
static bool is_first_of_user(const struct envelope *envelope, size_t number, enum place_kind kind)
{
	struct slice user = user_of(&envelope->places[number], kind);

	for (size_t i = 0; i < number && user.len > 0; i++)
		if (slice_equal_nocase(user_of(&envelope->places[i], kind), user))
			return false;
	return user.len > 0;
}

/* Among the users with a place of this kind. Returns how many there are. */
static size_t divide(struct byte_shares *shares, const struct envelope *envelope, enum place_kind kind, uint64_t bytes)
{
	bool *is_user = xcalloc(envelope->place_count + 1, sizeof(*is_user));
	size_t users = 0, left;

	for (size_t i = 0; i < envelope->place_count; i++)
		users += is_user[i] = is_first_of_user(envelope, i, kind);
	left = users;
	for (size_t i = 0; i < envelope->place_count; i++) {
		if (!is_user[i])
			continue;
		byte_shares_add(shares, user_of(&envelope->places[i], kind), bytes / left, 1);
		bytes -= bytes / left; /* the last one gets what the division leaves */
		left--;
	}
	free(is_user);
	return users;
}

/* The boss's copy stands for the boss's own mail, too, but others pay for what is theirs. */
void byte_shares_add_fetched(struct byte_shares *shares, const struct envelope *envelope, uint64_t bytes)
{
	if (divide(shares, envelope, PLACE_MAILBOX, bytes) == 0 && divide(shares, envelope, PLACE_BOSS, bytes) == 0)
		byte_shares_add(shares, SLICE_NONE, bytes, 1);
}

void byte_shares_move(struct byte_shares *shares, struct byte_shares *from)
{
	for (size_t i = 0; i < from->count; i++)
		byte_shares_add(shares, slice_of(from->items[i].user), from->items[i].bytes, from->items[i].messages);
	byte_shares_clear(from);
}

void byte_shares_clear(struct byte_shares *shares)
{
	for (size_t i = 0; i < shares->count; i++)
		free(shares->items[i].user);
	free(shares->items);
	*shares = (struct byte_shares){NULL, 0};
}
