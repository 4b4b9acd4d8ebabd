/* The result of fetching an account: the messages that could not be fetched. */
#include "base/alloc.h"
#include "base/i18n.h"
#include "base/log.h"
#include "fetcher/fetch_priv.h"

#include <stdlib.h>
#include <string.h>

void fetch_result_clear(struct fetch_result *result)
{
	for (size_t i = 0; i < result->named_count; i++) {
		free(result->named[i].key);
		free(result->named[i].why);
	}
	byte_shares_clear(&result->shares);
	*result = (struct fetch_result){0};
}

const struct fetch_skipped *fetch_result_skipped(const struct fetch_result *result, const char *key)
{
	for (size_t i = 0; i < result->named_count; i++)
		if (!result->named[i].is_settled && strcmp(result->named[i].key, key) == 0)
			return &result->named[i];
	return NULL;
}

void fetch_result_skip(struct fetch *fetch, const struct plan_item *item, const char *reply)
{
	struct fetch_result *result = fetch->result;

	if (item->key != NULL && fetch_result_skipped(result, item->key) != NULL)
		return; /* by an earlier connection */
	result->skipped++;
	/* A mailbox that delivers nothing must not fill the log; the report has the count. */
	if (result->skipped <= FETCH_SKIPPED_MAX)
		log_warnx("event=message-skipped account=%s number=%u uidl=%s reply=%s", LOG_CSTR(fetch->job->account->name),
		    item->number, LOG_CSTR(item->key == NULL ? "" : item->key), LOG_PHRASE(reply));
	else if (result->skipped == FETCH_SKIPPED_MAX + 1)
		log_warnx("event=message-skipped account=%s reply=\"and more, which are counted only\"",
		    LOG_CSTR(fetch->job->account->name));
	if (item->key == NULL || result->named_count >= FETCH_SKIPPED_MAX)
		return;
	result->named[result->named_count++] = (struct fetch_skipped){
	    .key = xstrdup(item->key),
	    .why = xstrdup(reply),
	    .size = item->size,
	};
}

void fetch_result_is_late(struct fetch *fetch, const char *setting, const char *why)
{
	fetch->transfer.is_late = true;
	fetch->result->held_by = setting;
	fetch->result->held_why = why;
}

void fetch_result_settle(struct fetch_result *result)
{
	for (size_t i = 0; i < result->named_count; i++)
		result->named[i].is_settled = true;
}

/* It is not counted: no message is skipped. */
static void add_folder(struct fetch_result *result, const char *folder, const char *why)
{
	if (result->named_count < FETCH_SKIPPED_MAX)
		result->named[result->named_count++] = (struct fetch_skipped){.key = xstrdup(folder), .is_settled = true, .why = xstrdup(why)};
}

/* It is no failure of the account: the folder may come back, and what was fetched from it stays known. */
void fetch_result_missing(struct fetch *fetch, const char *folder, const char *reply)
{
	log_warnx("event=folder-not-opened account=%s folder=%s reply=%s", LOG_CSTR(fetch->job->account->name), LOG_CSTR(folder), LOG_PHRASE(reply));
	add_folder(fetch->result, folder, reply);
}

void fetch_result_unlisted(struct fetch *fetch, const char *limit)
{
	add_folder(fetch->result, fetch->folder, PHRASE(N_("the list of messages was not read to its end: %s is reached"), limit));
}
