/* Transition 2 of QUEUE.md: delivers a record of this process to its places, and applies its facts. */
#include "base/log.h"
#include "spool/log/deliver.h"
#include "spool/log/intake_priv.h"
#include "spool/log/record.h"

void intake_delivered(void *context, const struct envelope *envelope, const struct place *place,
    const struct error *error)
{
	struct intake *intake = context;

	note_delivered(intake, envelope, place, error);
	if (error != NULL)
		intake_owe(intake, envelope, place, DEBT_OWED);
	else
		intake_paid(intake, envelope, place);
	if (error != NULL)
		log_warnx("event=delivery-failed id=%s place=%s reason=%s (will be tried again)",
		    envelope->id.text, LOG_CSTR(place->name), LOG_ERROR(error));
	else if (intake->delivered != NULL)
		intake->delivered(intake->context, envelope, place);
}

static size_t deliver_message(struct intake *intake, struct backlog_item *item)
{
	struct delivery delivery = {
	    .spool = intake->spool,
	    .hostname = intake->hostname,
	    .state = intake->state,
	    .envelope = &item->envelope,
	    .report = intake_delivered,
	    .context = intake,
	};
	struct error error;

	if (body_view(&item->body, &delivery.body, &error) != 0) {
		log_warnx("event=delivery-failed id=%s reason=%s (will be tried again)",
		    item->envelope.id.text, LOG_ERROR(&error));
		for (size_t i = 0; i < item->envelope.place_count; i++)
			intake_owe(intake, &item->envelope, &item->envelope.places[i], DEBT_OWED);
		return 1;
	}
	return deliver_places(&delivery);
}

static int apply_facts(struct intake *intake, const struct backlog_item *item, const struct record *record, struct error *error)
{
	int result = item->apply != NULL ? item->apply(item->context, record->facts, record->fact_count, error)
					 : intake_apply_facts(intake, record->facts, record->fact_count, error);

	for (size_t i = 0; i < record->fact_count && item->apply != NULL; i++)
		intake_owe_change(intake, &record->facts[i], result != 0);
	return result;
}

/* The facts are read back from the record, so that exactly the durable facts are applied. */
static size_t apply_item_facts(struct intake *intake, const struct backlog_item *item)
{
	struct record record;
	struct error error;
	size_t failed = 0;

	if (record_parse(buf_slice(&item->head), &record, &error) != 0)
		return 1;
	note_facts(intake, record.facts, record.fact_count);
	if (apply_facts(intake, item, &record, &error) != 0) {
		log_warnx("event=removal-failed reason=%s (will be tried again)",
		    LOG_ERROR(&error));
		failed = 1;
	}
	record_clear(&record);
	return failed;
}

size_t intake_deliver_item(struct intake *intake, struct backlog_item *item)
{
	size_t failed = item->has_message ? deliver_message(intake, item) : 0;

	return item->fact_count > 0 ? failed + apply_item_facts(intake, item) : failed;
}

void intake_note_item(struct intake *intake, struct backlog_item *item)
{
	struct slice bytes = SLICE_NONE;
	struct error ignored; /* the delivery reports it */

	if (item->envelope.shown[SHOWN_ID] == NULL)
		body_view(&item->body, &bytes, &ignored);
	note_accepted(intake, &item->envelope, bytes);
	note_first_copies(intake, &item->envelope);
	body_hide(&item->body);
}

void intake_item_clear(struct backlog_item *item, bool accepted)
{
	buf_clear(&item->head);
	if (!item->has_message)
		return;
	envelope_clear(&item->envelope);
	body_clear(&item->body, accepted);
}
