/* Transfers a decision from the process that makes it; nothing received is trusted unless the configuration contains it. */
#include "base/alloc.h"
#include "base/net/frame.h"
#include "base/phrase.h"
#include "config/conf_folders.h"
#include "message/addr.h"
#include "message/header.h"
#include "sorter/sorter.h"

#include <stdlib.h>

#define REASON_MAX 8192

enum tag {
	TAG_MATCH = 'm',
	TAG_RECIPIENT = 'r', /* action, rule, name, reason */
	TAG_TAG = 't',
	TAG_PREFIX = 'p',
	TAG_DROPPED = 'd',
	TAG_UNSORTED = 'u',
	TAG_REPLY = 'y', /* rule, address */
	TAG_SUBJECT = 's',
	TAG_RETURN_PATH = 'b',
	TAG_WAS_HERE = 'h',
	TAG_IS_BOUNCE = 'n',
};

/* --- writing */

static void put_text(struct buf *out, enum tag tag, const char *text)
{
	if (text != NULL)
		frame_put(out, (char)tag, slice_of(text));
}

static void put_recipient(struct buf *out, const struct sorter_recipient *recipient)
{
	char *text = xasprintf("%c%s%c%s%s%s%c%s", '0' + (int)recipient->action, recipient->rule, '\0', recipient->name,
	    recipient->folder[0] == '\0' ? "" : "/", recipient->folder, '\0', recipient->reason);
	size_t len = 3 + strlen(recipient->rule) + strlen(recipient->name) + (recipient->folder[0] == '\0' ? 0 : 1 + strlen(recipient->folder)) +
		     strlen(recipient->reason);

	frame_put(out, TAG_RECIPIENT, slice_make(text, len));
	free(text);
}

static void put_reply(struct buf *out, const struct sorter_decision *decision)
{
	char *text = xasprintf("%s%c%s", decision->reply_rule, '\0', decision->reply_to);

	frame_put(out, TAG_REPLY, slice_make(text, strlen(decision->reply_rule) + 1 + strlen(decision->reply_to)));
	free(text);
}

void decision_write(const struct sorter_decision *decision, struct buf *out)
{
	const uint64_t subject_at = decision->subject_at;

	for (size_t i = 0; i < decision->match_count; i++)
		put_text(out, TAG_MATCH, decision->matches[i].rule);
	for (size_t i = 0; i < decision->recipient_count; i++)
		put_recipient(out, &decision->recipients[i]);
	for (size_t i = 0; i < decision->tags.count; i++)
		put_text(out, TAG_TAG, decision->tags.items[i]);
	for (size_t i = 0; i < decision->prefixes.count; i++)
		put_text(out, TAG_PREFIX, decision->prefixes.items[i]);
	put_text(out, TAG_DROPPED, decision->dropped_by);
	put_text(out, TAG_UNSORTED, decision->unsorted);
	if (decision->reply_rule != NULL && decision->reply_to != NULL)
		put_reply(out, decision);
	if (subject_at != 0)
		frame_put(out, TAG_SUBJECT, slice_make((const char *)&subject_at, sizeof(subject_at)));
	put_text(out, TAG_RETURN_PATH, decision->return_path);
	if (decision->was_here)
		put_text(out, TAG_WAS_HERE, "");
	if (decision->is_bounce)
		put_text(out, TAG_IS_BOUNCE, "");
}

/* --- reading */

struct reading {
	const struct conf *conf;
	struct slice message;
	struct sorter_decision *decision;
};

static const struct conf_rule *find_rule(const struct conf *conf, struct slice name)
{
	for (size_t i = 0; i < conf->rule_count; i++)
		if (slice_is(name, conf->rules[i].name))
			return &conf->rules[i];
	return NULL;
}

/* The name of the user or shared mailbox in conf; NULL if there is none. */
static const char *find_user(const struct conf *conf, struct slice name)
{
	for (size_t i = 0; i < conf->user_count; i++)
		if (slice_is(name, conf->users[i].name))
			return conf->users[i].name;
	for (size_t i = 0; i < conf->shared_count; i++)
		if (slice_is(name, conf->shareds[i].name))
			return conf->shareds[i].name;
	return slice_is_nocase(name, CONF_POSTMASTER) ? CONF_POSTMASTER : NULL;
}

static const char *find_in(const struct strlist *list, struct slice name)
{
	for (size_t i = 0; i < list->count; i++)
		if (slice_is(name, list->items[i]))
			return list->items[i];
	return NULL;
}

char *decision_take_reason(struct slice text)
{
	char *reason;

	if (text.len > REASON_MAX)
		text.len = REASON_MAX;
	if (utf8_is_valid(text) && text.len > 0 && slice_find(text, '\0') < 0 && slice_find(text, '\n') < 0 && slice_find(text, '\r') < 0)
		return slice_dup(text);
	reason = xmalloc(PHRASE_MAX);
	return str_printable(reason, PHRASE_MAX, text);
}

static bool is_address(struct slice text)
{
	struct addr addr;

	return text.len < ADDR_TEXT_MAX && addr_parse(text, &addr);
}

static bool read_match(struct reading *reading, struct slice value)
{
	struct sorter_decision *decision = reading->decision;
	const struct conf_rule *rule = find_rule(reading->conf, value);

	if (rule == NULL || decision->match_count >= reading->conf->rule_count)
		return false;
	ARRAY_GROW(decision->matches, decision->match_count);
	decision->matches[decision->match_count++] =
	    (struct sorter_match){.rule = rule->name, .header = "", .relation = "", .text = ""};
	return true;
}

/* Whether the rule allows this recipient: mail is sent only to addresses in the rule. */
static const char *find_name(const struct conf *conf, enum sorter_action action, const struct conf_rule *rule, struct slice name)
{
	switch (action) {
	case SORTER_FORWARD:
		return rule == NULL ? NULL : find_in(&rule->forward, name);
	case SORTER_REDIRECT:
		return rule == NULL ? NULL : find_in(&rule->redirect, name);
	case SORTER_DELIVER:
	case SORTER_COPY:
	case SORTER_REJECT:
	case SORTER_ACCOUNT:
	case SORTER_ADDRESS:
	case SORTER_UNSORTED:
		return find_user(conf, slice_cut(&name, '/'));
	default:
		return NULL;
	}
}

/* The folder, if it is that of the mailbox ("ivan/Orders"); else NULL. */
static const char *folder_in(const char *mailbox, struct slice folder)
{
	const char *slash = strchr(mailbox, '/');

	return slash != NULL && slice_is(folder, slash + 1) ? slash + 1 : NULL;
}

/* The folder, as folders_to of an account names it; NULL: none does. */
static const char *find_account_folder(const struct conf *conf, struct slice folder)
{
	const char *found = NULL;

	for (size_t i = 0; i < conf->account_count; i++) {
		const struct strlist *list = &conf->accounts[i].folders_to;

		for (size_t j = 0; found == NULL && j < list->count; j++)
			found = folder_in(conf_folders_entry_target(list->items[j]), folder);
	}
	return found;
}

/* The folder, as the rule or an account names it; NULL: none does. */
static const char *find_folder(const struct conf *conf, enum sorter_action action, const struct conf_rule *rule, struct slice name)
{
	const struct strlist *list = rule == NULL || action > SORTER_COPY ? NULL : action == SORTER_DELIVER ? &rule->deliver : &rule->copy;
	const char *folder = NULL;

	slice_cut(&name, '/');
	if (name.ptr == NULL || action == SORTER_FORWARD || action == SORTER_REDIRECT)
		return "";
	for (size_t i = 0; folder == NULL && list != NULL && i < list->count; i++)
		folder = folder_in(list->items[i], name);
	return folder != NULL ? folder : find_account_folder(conf, name);
}

static bool read_recipient(struct reading *reading, struct slice value)
{
	struct sorter_decision *decision = reading->decision;
	struct slice rest = value.len > 0 ? slice_from(value, 1) : value;
	struct slice rule_name = slice_cut(&rest, '\0'), name = slice_cut(&rest, '\0');
	enum sorter_action action = value.len > 0 ? (enum sorter_action)(value.ptr[0] - '0') : SORTER_UNSORTED;
	const struct conf_rule *rule = find_rule(reading->conf, rule_name);
	const char *known, *folder;

	if (rest.ptr == NULL || (rule == NULL && rule_name.len > 0) || decision->recipient_count >= ENVELOPE_PLACES_MAX)
		return false;
	known = find_name(reading->conf, action, rule, name);
	folder = find_folder(reading->conf, action, rule, name);
	if (known == NULL || folder == NULL)
		return false;
	ARRAY_GROW(decision->recipients, decision->recipient_count);
	decision->recipients[decision->recipient_count++] = (struct sorter_recipient){.action = action,
	    .outside = action == SORTER_FORWARD || action == SORTER_REDIRECT,
	    .name = known,
	    .folder = folder,
	    .rule = rule == NULL ? "" : rule->name,
	    .reason = decision_take_reason(rest)};
	return true;
}

static bool read_word(struct strlist *list, const struct conf *conf, bool is_tag, struct slice value)
{
	for (size_t i = 0; i < conf->rule_count; i++) {
		const char *known = is_tag ? conf->rules[i].tag : conf->rules[i].subject_prefix;

		if (known[0] != '\0' && slice_is(value, known) && list->count < conf->rule_count) {
			strlist_add(list, known);
			return true;
		}
	}
	return false;
}

static bool read_dropped(struct reading *reading, struct slice value)
{
	const struct conf_rule *rule = find_rule(reading->conf, value);

	if (rule == NULL || (!rule->drop && rule->reject_to.count == 0))
		return false;
	reading->decision->dropped_by = rule->name;
	return true;
}

static bool read_reply(struct reading *reading, struct slice value)
{
	struct slice to = value;
	const struct conf_rule *rule = find_rule(reading->conf, slice_cut(&to, '\0'));

	if (rule == NULL || rule->reply[0] == '\0' || !is_address(to) || reading->decision->reply_to != NULL)
		return false;
	reading->decision->reply_rule = rule->name;
	reading->decision->reply_to = slice_dup(to);
	return true;
}

/* After the colon of a field. */
static bool read_subject(struct reading *reading, struct slice value)
{
	uint64_t at;

	if (value.len != sizeof(at))
		return false;
	memcpy(&at, value.ptr, sizeof(at));
	if (at == 0 || at > header_length(reading->message) || reading->message.ptr[at - 1] != ':')
		return false;
	reading->decision->subject_at = (size_t)at;
	return true;
}

static bool read_field(struct reading *reading, char tag, struct slice value)
{
	struct sorter_decision *decision = reading->decision;

	switch (tag) {
	case TAG_MATCH:
		return read_match(reading, value);
	case TAG_RECIPIENT:
		return read_recipient(reading, value);
	case TAG_TAG:
		return read_word(&decision->tags, reading->conf, true, value);
	case TAG_PREFIX:
		return read_word(&decision->prefixes, reading->conf, false, value);
	case TAG_DROPPED:
		return read_dropped(reading, value);
	case TAG_UNSORTED:
		free(decision->unsorted);
		decision->unsorted = decision_take_reason(value);
		return true;
	case TAG_REPLY:
		return read_reply(reading, value);
	case TAG_SUBJECT:
		return read_subject(reading, value);
	case TAG_RETURN_PATH:
		free(decision->return_path);
		decision->return_path = value.len == 0 || is_address(value) ? slice_dup(value) : NULL;
		return true;
	case TAG_WAS_HERE:
		return decision->was_here = true;
	case TAG_IS_BOUNCE:
		return decision->is_bounce = true;
	default:
		return false;
	}
}

bool decision_read(const struct conf *conf, struct slice message, struct slice text, struct sorter_decision *decision)
{
	struct reading reading = {conf, message, decision};
	struct slice value;
	bool good = true;
	char tag;

	memset(decision, 0, sizeof(*decision));
	while (good && frame_take(&text, &tag, &value))
		good = read_field(&reading, tag, value);
	/* Every message that no rule drops has a recipient. */
	good = good && text.len == 0 && (decision->recipient_count > 0 || decision->dropped_by != NULL);
	if (!good)
		decision_clear(decision);
	return good;
}
