#include "spool/event.h"

#include "base/alloc.h"
#include "base/i18n.h"

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
    [EVENT_8BIT] = {"8bit", N_("8 bits")},
    [EVENT_UNSIGNED] = {"unsigned", N_("unsigned")},
    [EVENT_HELD] = {"held", N_("held")},
    [EVENT_RELEASED] = {"released", N_("released")},
    [EVENT_RETRIED] = {"retried", N_("retried")},
    [EVENT_DELETED] = {"deleted", N_("deleted")},
    [EVENT_DROPPED] = {"dropped", N_("dropped")},
    [EVENT_REMOVED] = {"removed", N_("removed")},
    [EVENT_DAMAGED] = {"damaged", N_("damaged")},
    [EVENT_RECOVERED] = {"recovered", N_("recovered")},
    [EVENT_LOG_DAMAGED] = {"log-damaged", N_("log damaged")},
    [EVENT_LINE] = {"line", N_("line")},
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

const char *event_account(const char *detail)
{
	static const char prefix[] = "account ";

	return strncmp(detail, prefix, strlen(prefix)) == 0 ? detail + strlen(prefix) : NULL;
}

/* "smtp ADDRESS" or "smtp ADDRESS USER". */
static char *smtp_origin(char *out, size_t size, const char *client)
{
	const char *user = strchr(client, ' ');

	if (user == NULL) /* TRANSLATORS: %s is the address of a computer in the LAN */
		return phrase_set(out, size, N_("from %s"), client);
	return phrase_set(out, size, N_("from %.*s, user %s"), (int)(user - client), client, user + 1);
}

static char *origin(char *out, size_t size, const char *detail)
{
	if (event_account(detail) != NULL)
		return phrase_set(out, size, N_("account %s"), event_account(detail));
	if (strncmp(detail, "smtp ", 5) == 0)
		return smtp_origin(out, size, detail + 5);
	if (strcmp(detail, "gateway") == 0)
		return phrase_set(out, size, N_("written by the gateway"));
	return phrase_set(out, size, "%s", detail);
}

char *event_where(char *out, size_t size, const char *code, const char *place, const char *detail)
{
	if (event_find(code) == EVENT_ACCEPTED)
		return origin(out, size, detail);
	/* Mail to an external address is queued for that address: it is shown once. */
	if (place[0] == '\0' || detail[0] == '\0' || strcmp(place, detail) == 0)
		return phrase_set(out, size, "%s", place[0] == '\0' ? detail : place);
	return phrase_join(out, size, place, detail);
}
