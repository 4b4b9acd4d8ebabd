#include "spool/event.h"

#include "base/i18n.h"
#include "base/phrase.h"
#include "spool/origin.h"

#include <stdio.h>

static const struct {
	const char *code, *word;
} events[EVENT_COUNT] = {
    [EVENT_ACCEPTED] = {"accepted", N_("accepted")},
    [EVENT_DELIVERED] = {"delivered", N_("delivered")},
    [EVENT_COPIED_TO_BOSS] = {"copied-to-boss", N_("boss's copy")},
    [EVENT_QUEUED] = {"queued", N_("queued")},
    [EVENT_TRIGGERED] = {"triggered", N_("triggered")},
    [EVENT_REPLY_DUE] = {"reply-due", N_("reply due")},
    [EVENT_REPLIED] = {"replied", N_("replied")},
    [EVENT_NOT_REPLIED] = {"not-replied", N_("not replied")},
    [EVENT_DELIVERY_FAILED] = {"delivery-failed", N_("failed")},
    [EVENT_ATTEMPT] = {"attempt", N_("attempt")},
    [EVENT_SENT] = {"sent", N_("sent")},
    [EVENT_REFUSED] = {"refused", N_("refused")},
    [EVENT_DEFERRED] = {"deferred", N_("deferred")},
    [EVENT_IN_DOUBT] = {"in-doubt", N_("in doubt")},
    [EVENT_MENDED] = {"mended", N_("repaired")},
    [EVENT_CONVERTED] = {"converted", N_("converted")},
    [EVENT_PICTURE] = {"picture", N_("picture")},
    [EVENT_8BIT] = {"8bit", N_("8 bits")},
    [EVENT_UNSIGNED] = {"unsigned", N_("unsigned")},
    [EVENT_HELD] = {"held", N_("held")},
    [EVENT_RELEASED] = {"released", N_("released")},
    [EVENT_RETRIED] = {"retried", N_("retried")},
    [EVENT_DELETED] = {"deleted", N_("deleted")},
    [EVENT_DROPPED] = {"dropped", N_("dropped")},
    [EVENT_REMOVED] = {"removed", N_("removed")},
    [EVENT_MOVED] = {"moved", N_("moved")},
    [EVENT_COPIED] = {"copied", N_("copied")},
    [EVENT_DAMAGED] = {"damaged", N_("damaged")},
    [EVENT_RECOVERED] = {"recovered", N_("recovered")},
    [EVENT_LOG_DAMAGED] = {"log-damaged", N_("log damaged")},
    [EVENT_SCANNED] = {"scanned", N_("scanned")},
    [EVENT_NOT_SCANNED] = {"not-scanned", N_("not scanned")},
    [EVENT_QUARANTINED] = {"quarantined", N_("quarantined")},
    [EVENT_REPLACED] = {"replaced", N_("replaced")},
    [EVENT_LINE] = {"line", N_("line")},
    [EVENT_LEARN_DUE] = {"learn-due", N_("to be learned")},
    [EVENT_LEARNED] = {"learned", N_("learned")},
    [EVENT_NOT_LEARNED] = {"not-learned", N_("not learned")},
};

const char *event_code(enum event event)
{
	return events[event].code;
}

enum event event_find(const char *code)
{
	enum event event = 0;

	while (event < EVENT_COUNT && strcmp(events[event].code, code) != 0)
		event++;
	return event;
}

const char *event_word(const char *code)
{
	enum event event = event_find(code);

	return event == EVENT_COUNT ? code : _(events[event].word);
}

static char *origin_phrase(char *out, size_t size, const char *detail)
{
	struct origin origin;

	origin_parse(detail, &origin);
	if (origin.kind == ORIGIN_ACCOUNT)
		phrase_set(out, size, N_("account %s"), origin.name);
	else if (origin.kind == ORIGIN_SMTP && origin.name == NULL) /* TRANSLATORS: %s is the address of a computer in the LAN */
		phrase_set(out, size, N_("from %s"), origin.client);
	else if (origin.kind == ORIGIN_SMTP)
		phrase_set(out, size, N_("from %s, user %s"), origin.client, origin.name);
	else if (origin.kind == ORIGIN_GATEWAY)
		phrase_set(out, size, N_("written by the gateway"));
	else if (origin.kind == ORIGIN_QUARANTINE)
		phrase_set(out, size, N_("message %s of the quarantine"), origin.name);
	else if (origin.kind == ORIGIN_SCANNED)
		phrase_set(out, size, N_("in place of message %s, which was scanned later"), origin.name);
	else
		phrase_set(out, size, "%s", detail);
	origin_clear(&origin);
	return out;
}

char *event_where(char *out, size_t size, const char *code, const char *place, const char *detail)
{
	if (event_find(code) == EVENT_ACCEPTED)
		return origin_phrase(out, size, detail);
	/* Mail to an external address is queued for that address: it is shown once. */
	if (place[0] == '\0' || detail[0] == '\0' || strcmp(place, detail) == 0)
		return phrase_set(out, size, "%s", place[0] == '\0' ? detail : place);
	return phrase_join(out, size, place, detail);
}
