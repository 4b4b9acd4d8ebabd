#include "mail/filter/kept.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "mail/filter/filter_header.h"
#include "mail/filter/quarantine.h"
#include "message/header.h"
#include "message/scan/scan_verdict.h"
#include "spool/mailbox_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

/* --- reading */

bool kept_open(const struct spool *spool, const struct mailbox_message *message, struct kept *kept)
{
	struct error error;

	*kept = (struct kept){.message = message};
	if (mailbox_open(spool, MAILBOX_QUARANTINE, message, &kept->file, &error) != 0)
		return false;
	if (!quarantine_read(kept->file, &kept->envelope, &kept->bytes, &kept->why, &kept->first)) {
		envelope_init(&kept->envelope);
		kept->bytes = kept->file;
		kept->why = xstrdup("");
	}
	if (kept->first.text[0] == '\0')
		snprintf(kept->first.text, sizeof(kept->first.text), "%s", message->uidl);
	return true;
}

void kept_close(struct kept *kept)
{
	envelope_clear(&kept->envelope);
	free(kept->why);
	fsx_unmap(kept->file);
}

/* --- what it is */

/* Our lines are on top: the first of a name is ours. */
static bool has_attachment(struct slice message)
{
	struct header_field field;

	return header_find(message, FILTER_ATTACHMENT_FIELD, &field) && !slice_is(slice_trim(field.body), "allowed");
}

enum kept_kind kept_kind_of(const struct kept *kept)
{
	struct scan_verdict verdict;

	if (!scan_verdict_find(kept->bytes, &verdict) || verdict.virus[0] != '\0' || (verdict.away | verdict.skipped) & SCAN_VIRUS)
		return KEPT_VIRUS;
	return has_attachment(kept->bytes) ? KEPT_ATTACHMENT : KEPT_SPAM;
}

/* The id has enough random bits; the number need not be secret, since only those can use it whom the message is for. */
char *kept_number(char out[KEPT_NUMBER_LEN + 1], const struct kept *kept)
{
	unsigned long sum = crc32(0, (const unsigned char *)kept->first.text, (unsigned)strlen(kept->first.text));

	snprintf(out, KEPT_NUMBER_LEN + 1, "%08lu", sum % 100000000);
	return out;
}

static bool is_of(const struct place *place, const char *user)
{
	return place->kind == PLACE_MAILBOX && slice_is(mailbox_name_user(slice_of(place->name)), user);
}

bool kept_is_for(const struct kept *kept, const char *user)
{
	for (size_t i = 0; i < kept->envelope.place_count; i++)
		if (is_of(&kept->envelope.places[i], user))
			return true;
	return false;
}

/* --- the ways out */

/* Moves the places of others to *rest, which the caller has initialised. */
static void leave_others(struct envelope *envelope, const char *user, struct envelope *rest)
{
	size_t mine = 0;

	envelope_set(&rest->sender, slice_of(envelope->sender));
	for (size_t i = 0; i < envelope->place_count; i++) {
		struct place *place = &envelope->places[i];

		if (is_of(place, user)) {
			envelope->places[mine++] = *place;
		} else {
			envelope_add(rest, place->kind, slice_of(place->name), slice_of(place->why));
			envelope_place_clear(place);
		}
	}
	envelope->place_count = mine;
}

static int accept_again(const struct spool *spool, struct kept *kept, struct error *error)
{
	const struct fact removal = {.kind = FACT_REMOVE, .name = MAILBOX_QUARANTINE, .text = kept->message->unique};
	struct body body;
	int result;

	origin_set_quarantine(&kept->envelope.origin, kept->message->uidl);
	body_init(&body, spool);
	result = body_append(&body, kept->bytes, &kept->envelope.id, error);
	if (result == 0)
		result = body_finish(&body, error);
	if (result == 0)
		result = intake_accept(spool->intake, &kept->envelope, &body, &removal, 1, error);
	else
		body_clear(&body, false);
	return result;
}

static char *places_of(const struct envelope *envelope)
{
	struct buf text = BUF_INIT(ENVELOPE_TEXT_MAX);

	for (size_t i = 0; i < envelope->place_count; i++)
		buf_printf(&text, "%s%s", i == 0 ? "" : ", ", envelope->places[i].name);
	return buf_take(&text);
}

int kept_release(const struct spool *spool, struct kept *kept, const char *user, const char *who, struct error *error)
{
	struct envelope rest;
	char *places;
	int result;

	if (kept->envelope.place_count == 0)
		return error_set(error, ERROR_PERMANENT, N_("message %s has lost its recipients: it can only be deleted"), kept->message->uidl);
	envelope_init(&rest);
	if (user != NULL)
		leave_others(&kept->envelope, user, &rest);
	places = places_of(&kept->envelope);
	if (rest.place_count > 0)
		quarantine_keep_rest(&kept->envelope, &rest, kept->why, &kept->first);
	result = accept_again(spool, kept, error);
	if (result == 0)
		intake_journal(spool->intake, kept->message->uidl, "", EVENT_RELEASED, places, who);
	envelope_clear(&rest);
	free(places);
	return result;
}

int kept_delete(const struct spool *spool, const struct kept *kept, const char *who, struct error *error)
{
	const struct fact removal = {.kind = FACT_REMOVE, .name = MAILBOX_QUARANTINE, .text = kept->message->unique};

	if (intake_accept(spool->intake, NULL, NULL, &removal, 1, error) != 0)
		return -1;
	intake_journal(spool->intake, kept->message->uidl, "", EVENT_DELETED, "", who);
	return 0;
}
