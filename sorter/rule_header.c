#include "sorter/rule_header.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <stdlib.h>

/* The mail fields of IANA's registry of permanent message headers, and fields that servers and filters commonly add. */
static const char *const known[] = {
    "subject", "from", "to", "cc", "bcc", "reply-to", "sender", "date", "message-id", "in-reply-to", "references", "comments",
    "keywords", "received", "return-path", "delivered-to", "envelope-to", "apparently-to", "resent-to", "resent-cc",
    "resent-from", "resent-sender", "resent-date", "resent-message-id", "resent-reply-to", "mime-version", "content-type",
    "content-transfer-encoding", "content-disposition", "content-id", "content-description", "content-language",
    "content-location", "content-length", "organization", "organisation", "user-agent", "priority", "importance", "sensitivity",
    "precedence", "auto-submitted", "list-id", "list-post", "list-help", "list-subscribe", "list-unsubscribe",
    "list-unsubscribe-post", "list-owner", "list-archive", "mailing-list", "errors-to", "disposition-notification-to",
    "return-receipt-to", "original-recipient", "original-message-id", "authentication-results", "arc-authentication-results",
    "arc-message-signature", "arc-seal", "dkim-signature", "domainkey-signature", "received-spf", "feedback-id", "newsgroups",
    "followup-to", "mail-followup-to", "mail-reply-to", "thread-topic", "thread-index", "expires", "supersedes", "status",
    "autocrypt", "face", "lines", "x-spam-flag", "x-spam-status", "x-spam-score", "x-spam-level", "x-spam-report", "x-spam",
    "x-virus-scanned", "x-virus-status", "x-mailer", "x-priority", "x-msmail-priority", "x-original-to", "x-envelope-to",
    "x-envelope-from", "x-forwarded-to", "x-forwarded-for", "x-delivered-to", "x-rcpt-to", "x-mailing-list", "x-list",
    "x-loop", "x-originating-ip", "x-sender", "x-lanpost-tag", "x-category", "x-report-abuse", "x-autoreply", "x-auto-response-suppress",
    "x-failed-recipients", "x-gm-original-to", "x-mimeole", "x-yandex-spam", "x-yandex-forward", "x-mras", "x-rspamd-score", NULL};

static bool is_known(const char *name)
{
	for (size_t i = 0; known[i] != NULL; i++)
		if (strcmp(known[i], name) == 0)
			return true;
	return false;
}

/* One additional, missing or wrong character, or two swapped ones. */
static bool is_slip(const char *name, const char *meant)
{
	size_t len = strlen(name), other = strlen(meant), same = 0, end = 0;

	while (same < len && same < other && name[same] == meant[same])
		same++;
	while (end < len - same && end < other - same && name[len - 1 - end] == meant[other - 1 - end])
		end++;
	len -= same + end;
	other -= same + end;
	return (len <= 1 && other <= 1) ||
	       (len == 2 && other == 2 && name[same] == meant[same + 1] && name[same + 1] == meant[same]);
}

static void check_name(const struct conf_rule *rule, const char *header, struct conf_problems *problems)
{
	char *name = xstrdup(header);
	const char *nearest;

	str_lower_ascii(name);
	nearest = str_nearest(name, known);
	if (is_known(name) || (strncmp(name, "x-", 2) == 0 && (nearest == NULL || !is_slip(name, nearest))))
		nearest = NULL;
	else if (nearest != NULL)
		conf_problem_add(problems, rule->when_place, true, N_("[rule %s] checks an unknown "
		    "header field `%s`; did you mean `%s`?"),
		    rule->name, header, nearest);
	else
		conf_problem_add(problems, rule->when_place, true, N_("[rule %s] checks an unusual "
		    "header field `%s`; check its spelling"),
		    rule->name, header);
	free(name);
}

void rule_header_check(const struct conf_rule *rule, const struct condition *condition, struct conf_problems *problems)
{
	if (condition->kind == CONDITION_TEST && condition->test.subject == TEST_HEADER)
		check_name(rule, condition->test.header, problems);
	for (size_t i = 0; i < condition->count; i++)
		rule_header_check(rule, condition->children[i], problems);
}
