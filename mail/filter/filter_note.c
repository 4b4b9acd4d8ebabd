#include "mail/filter/filter_note.h"

#include "spool/event.h"

void filter_note(struct intake *intake, const char *id, const char *session, const char *mailbox, const struct scan_verdict *verdict)
{
	bool is_complete = verdict->looked != 0 && verdict->away == 0 && verdict->skipped == 0;
	char text[PHRASE_MAX];

	intake_journal(intake, id, session, is_complete ? EVENT_SCANNED : EVENT_NOT_SCANNED, mailbox, scan_verdict_phrase(text, sizeof(text), verdict));
}
