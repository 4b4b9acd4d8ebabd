/* Checks of [scanner], [filter] and [senders]. */
#include "base/alloc.h"
#include "base/i18n.h"
#include "config/check/conf_check_priv.h"
#include "config/endpoint.h"
#include "config/scanner_url.h"
#include "message/scan/scan_verdict.h"

/* Mail goes to a scanner as it is, without encryption. */
static void check_place(const struct check *check, const struct conf_scanner *scanner)
{
	struct scanner_url url = scanner_url_of(scanner->url);
	struct endpoint endpoint = endpoint_of(scanner->url);

	if (url.path.len == 0 && !endpoint_is_local(&endpoint))
		WARN_AT(check, &scanner->url, scanner->place,
		    N_("the scanner is on another computer: mail goes there without encryption"));
}

static void check_scanner(const struct check *check, const struct conf_scanner *scanner)
{
	if (scanner->url[0] == '\0') {
		if (!conf_was_faulty(check->source, &scanner->url))
			ERROR_AT(check, &scanner->url, scanner->place, N_("scanner %s has no url"), scanner->name);
		return;
	}
	check_place(check, scanner);
	if (scanner->on == 0)
		WARN_AT(check, &scanner->on, scanner->place, N_("on is empty: the scanner %s scans no mail"), scanner->name);
	if (scanner->needs_line && scanner->when_away == AWAY_WAIT && scanner->on & (CONF_LOCAL | CONF_OUTGOING) &&
	    conf_line_is_dialled(check->conf))
		WARN_AT(check, &scanner->when_away, scanner->place,
		    N_("when_away = wait and needs_line: mail from the LAN is refused (451) while the line is down"));
	if (scanner->learn_url[0] != '\0' && scanner_url_looks_for(scanner_url_of(scanner->url).kind) != SCAN_SPAM)
		WARN_AT(check, &scanner->learn_url, scanner->place, N_("learn_url has no effect: clamd does not learn"));
	if (scanner->max_size > 0 && scanner->max_size < 1024)
		WARN_AT(check, &scanner->max_size, scanner->place, N_("max_size is %lld bytes: nearly all mail is larger, and not scanned"),
		    (long long)scanner->max_size);
}

/* deny counts. */
static void check_senders(const struct check *check, const struct strlist *allow, const struct strlist *deny, struct conf_place place)
{
	for (size_t i = 0; i < allow->count; i++)
		if (strlist_has(deny, allow->items[i]))
			WARN_AT(check, allow, place, N_("%s is in allow and in deny: its mail goes to the folder Junk"), allow->items[i]);
}

/* "exe" is not "*.exe". */
static void check_attachment_names(const struct check *check, const struct conf_filter *filter)
{
	for (size_t i = 0; i < filter->attachments_forbidden.count; i++) {
		const char *name = filter->attachments_forbidden.items[i];

		if (strpbrk(name, "*?/") == NULL && (name[0] == '.' || strchr(name, '.') == NULL))
			WARN_AT(check, &filter->attachments_forbidden, check->source->main,
			    N_("attachments_forbidden: `%s` means only a file of exactly this name; for all files with this ending write *.%s"), name,
			    name[0] == '.' ? name + 1 : name);
	}
}

/* What the admin has set, and nothing makes use of. */
static void check_effects(const struct check *check, const struct conf_filter *filter)
{
	bool has_list = filter->attachments_forbidden.count > 0 || filter->attachments_kinds != 0;
	const int64_t *const scores[] = {&filter->spam_junk, &filter->spam_quarantine};
	static const char *const keys[] = {"spam_junk", "spam_quarantine"};

	for (size_t i = 0; i < ARRAY_LEN(scores); i++)
		if (*scores[i] > 0 && conf_was_given(check->source, scores[i]) && !conf_scans(check->conf, SCAN_SPAM, CONF_FETCHED))
			WARN_AT(check, scores[i], check->source->main,
			    N_("%s has no effect: no [scanner] with a url of spamd or rspamd scans fetched mail"), keys[i]);
	if (conf_was_given(check->source, &filter->virus) && !conf_scans(check->conf, SCAN_VIRUS, CONF_FETCHED | CONF_LOCAL | CONF_OUTGOING))
		WARN_AT(check, &filter->virus, check->source->main, N_("virus has no effect: there is no [scanner] with a url of clamd"));
	if (conf_was_given(check->source, &filter->attachments) && !has_list)
		WARN_AT(check, &filter->attachments, check->source->main,
		    N_("attachments has no effect: attachments_forbidden and attachments_kinds are empty"));
}

void conf_check_scanners(const struct check *check)
{
	const struct conf_filter *filter = &check->conf->filter;

	check_senders(check, &check->conf->senders.allow, &check->conf->senders.deny, check->source->main);
	for (size_t i = 0; i < check->conf->user_count; i++) {
		const struct conf_user *user = &check->conf->users[i];

		check_senders(check, &user->allow, &user->deny, user->place);
	}
	for (size_t i = 0; i < check->conf->scanner_count; i++)
		check_scanner(check, &check->conf->scanners[i]);
	check_attachment_names(check, filter);
	check_effects(check, filter);
	if (filter->spam_quarantine > 0 && filter->spam_junk >= filter->spam_quarantine)
		WARN_AT(check, &filter->spam_junk, check->source->main,
		    N_("spam_junk is not below spam_quarantine: no message goes to the folder Junk"));
}
