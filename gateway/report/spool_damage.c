#include "gateway/report/spool_damage.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/report/report.h"
#include "message/addr.h"
#include "mail/bounce.h"
#include "spool/maintenance/damage.h"
#include "message/header.h"
#include "spool/layout_priv.h"
#include "mail/route.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define NAMES_MAX 16384 /* limit of entries in one message */
#define GUESS_MAX 50   /* limit of recipients that are listed for the sender of a message without envelope */

struct damage {
	const struct conf *conf;
	struct spool *spool;
	const char *session;
};

/* Sender and recipients from its header, because its envelope cannot be read. */
static void guess_envelope(const struct conf *conf, struct slice message, struct envelope *envelope)
{
	static const char *const fields[] = {"To", "Cc"};
	struct header_field field;
	struct addr_item item;
	char text[ADDR_TEXT_MAX];
	const char *user;
	size_t at = 0;

	envelope_init(envelope);
	if (header_find(message, "From", &field) && addr_list_next(field.body, &at, &item) && item.valid &&
	    route_address(conf, &item.addr, &user) == ROUTE_MAILBOX)
		envelope_set(&envelope->sender, slice_of(addr_text(text, sizeof(text), &item.addr)));
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		at = 0;
		if (!header_find(message, fields[i], &field))
			continue;
		while (envelope->place_count < GUESS_MAX && addr_list_next(field.body, &at, &item))
			if (item.valid && route_address(conf, &item.addr, &user) == ROUTE_OUTSIDE)
				envelope_add(envelope, PLACE_QUEUE, slice_of(addr_text(text, sizeof(text), &item.addr)), SLICE_NONE);
	}
}

static void tell(const struct damage *damage, struct envelope *envelope, struct slice message)
{
	const struct place **places = xcalloc(envelope->place_count + 1, sizeof(*places));
	struct bounces bounces;
	struct error error;
	size_t count = 0;

	for (size_t i = 0; i < envelope->place_count; i++) {
		struct place *place = &envelope->places[i];

		if (place->kind != PLACE_QUEUE || place->status != PLACE_PENDING)
			continue;
		envelope_set(&place->reply, slice_of(PHRASE(N_("the copy on the disk of the gateway "
		    "was damaged, so the message was not sent; send it again"))));
		places[count++] = place;
	}
	/* Without a sender only postmaster gets the report, as always. */
	if (count > 0 && envelope->sender[0] != '\0') {
		const struct bounce_about about = {damage->spool, BOUNCE_FAILED, envelope, places, count, message, damage->session};

		if (bounce_make_all(damage->conf, &about, &bounces, &error) != 0 ||
		    bounce_accept_all(damage->spool->intake, &bounces, NULL, 0, &error) != 0)
			log_warnx("event=sender-not-told id=%s reason=%s", envelope->id.text, LOG_ERROR(&error));
	}
	free(places);
}

/* The sender of a message that will never be sent. */
static void tell_sender(const struct damage *damage, const struct msgid *id)
{
	const struct queue_item item = {QUEUE_CORRUPT, *id};
	const struct spool *spool = SPOOL_OF(damage->conf);
	struct slice message = SLICE_NONE;
	struct envelope envelope;
	struct error error;

	if (queue_message(spool, &item, &message, &error) != 0)
		message = SLICE_NONE;
	if (queue_read(spool, &item, &envelope, &error) != 0)
		guess_envelope(damage->conf, message, &envelope);
	envelope.id = *id; /* its id in the journal */
	tell(damage, &envelope, message);
	envelope_clear(&envelope);
	if (message.ptr != NULL)
		fsx_unmap(message);
}

/* ids: arguments for `lanpost queue delete`. */
static void note(const struct damage *damage, const char *name, struct buf *names, struct buf *ids)
{
	struct msgid id;
	char shown[512];

	if (damage_note(damage->spool->state, name) != 1)
		return;
	buf_printf(names, "    %s\n", str_printable(shown, sizeof(shown), slice_of(name)));
	if (strlen(name) == MSGID_LEN + 4 && msgid_is(slice_make(name, MSGID_LEN))) {
		snprintf(id.text, sizeof(id.text), "%s", name);
		buf_printf(ids, " %s", id.text);
		tell_sender(damage, &id);
	}
}

static void list_news(const struct damage *damage, const char *folder, struct buf *names, struct buf *ids)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && strstr(entry->d_name, ".tmp") == NULL)
			note(damage, entry->d_name, names, ids);
	if (dir != NULL)
		closedir(dir);
}

static void report_state(const struct conf *conf, struct spool *spool, const char *session)
{
	struct error problem;

	error_set(&problem, ERROR_IO, N_("state.db was damaged; it was renamed and a new one was created"));
	report_problem(&(struct reporter){conf, spool, session}, "state.db", PHRASE(N_("the record of fetched messages")), &problem,
	    SLICE_NONE);
	spool->was_damaged = false;
}

void spool_damage_report(const struct conf *conf, struct spool *spool, const char *session)
{
	char *folder = layout_queue(spool, QUEUE_CORRUPT);
	const struct damage damage = {conf, spool, session};
	struct buf names = BUF_INIT(NAMES_MAX), ids = BUF_INIT(NAMES_MAX), text = BUF_INIT(REPORT_TEXT_MAX);
	const char *before = i18n_speak(route_language(conf, CONF_POSTMASTER));
	struct error error;

	if (spool->was_damaged)
		report_state(conf, spool, session);
	damage_forget(spool->state, spool);
	list_news(&damage, folder, &names, &ids);
	if (names.len > 0) {
		buf_printf(&text, _("These files were damaged and moved to %s:\n\n"), folder);
		buf_append_slice(&text, buf_slice(&names));
		buf_append_text(&text, _("\n"
		    "Everything else works as before. The file contains the part of the message "
		    "that can still be read.\n"));
		if (ids.len > 0)
			buf_printf(&text, _("To remove it from the queue: lanpost queue delete%s\n"), buf_text(&ids));
		if (report_send(&(struct reporter){conf, spool, session},
			&(struct report){.to = CONF_POSTMASTER, .subject = _("Problem: damaged files"), .text = buf_slice(&text)}, NULL, 0, &error) != 0)
			log_warnx("event=report-failed subject=damage reason=%s", LOG_ERROR(&error));
	}
	i18n_speak(before);
	buf_clear(&names);
	buf_clear(&ids);
	buf_clear(&text);
	free(folder);
}
