#include "base/alloc.h"
#include "message/imap/imap_search.h"

#include "lan-server/imap/imapd_key_priv.h"
#include "lan-server/imap/imapd_priv.h"

#include <stdlib.h>

#define TEXT_MAX 4096
#define FIELD_MAX 200

/* The reader. */
struct reading {
	struct imapd *imapd;
	struct imapd_args *args;
	size_t count;
	unsigned depth;
	bool with_modseq;
};

void imapd_keys_free(struct imapd_key *key)
{
	while (key != NULL) {
		struct imapd_key *next = key->next;

		imapd_keys_free(key->child);
		free(key->marks);
		free(key->field);
		buf_clear(&key->text);
		free(key);
		key = next;
	}
}

/* NULL after a mistake. */
static struct imapd_key *key_new(struct reading *reading, enum imapd_key_kind kind)
{
	struct imapd_key *key;

	if (reading->args->failed || reading->count++ >= IMAPD_KEYS_MAX)
		return NULL;
	key = xcalloc(1, sizeof(*key));
	key->kind = kind;
	return key;
}

/* Children are in the order of their cost, so that a cheap one spares the reading of a message. */
static void add_child(struct imapd_key *key, struct imapd_key *child)
{
	struct imapd_key **at = &key->child;

	while (*at != NULL && (*at)->cost <= child->cost)
		at = &(*at)->next;
	child->next = *at;
	*at = child;
	if (child->cost > key->cost)
		key->cost = child->cost;
}

static struct imapd_key *read_key(struct reading *reading);

/* --- keys with arguments */

enum argument { NO_ARGUMENT, DATE, NUMBER, TEXT, FIELD, KEYWORD, MODSEQ, OBJECT, UIDS, ONE_KEY, TWO_KEYS };

static const struct {
	const char *name;
	enum imapd_key_kind kind;
	enum argument argument;
	int cost;
	bool is_not;
	uint32_t flags;	   /* of FLAGS */
	const char *field; /* of TEXT */
} known[] = {
    {"ALL", IMAPD_KEY_ALL, NO_ARGUMENT, 0, false, 0, NULL},
    {"SAVEDATESUPPORTED", IMAPD_KEY_ALL, NO_ARGUMENT, 0, false, 0, NULL},
    {"ANSWERED", IMAPD_KEY_FLAGS, NO_ARGUMENT, 0, false, FOLDER_ANSWERED, NULL},
    {"DELETED", IMAPD_KEY_FLAGS, NO_ARGUMENT, 0, false, FOLDER_DELETED, NULL},
    {"DRAFT", IMAPD_KEY_FLAGS, NO_ARGUMENT, 0, false, FOLDER_DRAFT, NULL},
    {"FLAGGED", IMAPD_KEY_FLAGS, NO_ARGUMENT, 0, false, FOLDER_FLAGGED, NULL},
    {"SEEN", IMAPD_KEY_FLAGS, NO_ARGUMENT, 0, false, FOLDER_SEEN, NULL},
    {"UNANSWERED", IMAPD_KEY_FLAGS, NO_ARGUMENT, 0, true, FOLDER_ANSWERED, NULL},
    {"UNDELETED", IMAPD_KEY_FLAGS, NO_ARGUMENT, 0, true, FOLDER_DELETED, NULL},
    {"UNDRAFT", IMAPD_KEY_FLAGS, NO_ARGUMENT, 0, true, FOLDER_DRAFT, NULL},
    {"UNFLAGGED", IMAPD_KEY_FLAGS, NO_ARGUMENT, 0, true, FOLDER_FLAGGED, NULL},
    {"UNSEEN", IMAPD_KEY_FLAGS, NO_ARGUMENT, 0, true, FOLDER_SEEN, NULL},
    {"RECENT", IMAPD_KEY_RECENT, NO_ARGUMENT, 0, false, 0, NULL},
    {"OLD", IMAPD_KEY_RECENT, NO_ARGUMENT, 0, true, 0, NULL},
    {"KEYWORD", IMAPD_KEY_FLAGS, KEYWORD, 0, false, 0, NULL},
    {"UNKEYWORD", IMAPD_KEY_FLAGS, KEYWORD, 0, true, 0, NULL},
    {"BEFORE", IMAPD_KEY_BEFORE, DATE, 0, false, 0, NULL},
    {"ON", IMAPD_KEY_ON, DATE, 0, false, 0, NULL},
    {"SINCE", IMAPD_KEY_SINCE, DATE, 0, false, 0, NULL},
    {"SAVEDBEFORE", IMAPD_KEY_SAVED_BEFORE, DATE, 0, false, 0, NULL},
    {"SAVEDON", IMAPD_KEY_SAVED_ON, DATE, 0, false, 0, NULL},
    {"SAVEDSINCE", IMAPD_KEY_SAVED_SINCE, DATE, 0, false, 0, NULL},
    {"SENTBEFORE", IMAPD_KEY_SENT_BEFORE, DATE, 1, false, 0, NULL},
    {"SENTON", IMAPD_KEY_SENT_ON, DATE, 1, false, 0, NULL},
    {"SENTSINCE", IMAPD_KEY_SENT_SINCE, DATE, 1, false, 0, NULL},
    {"OLDER", IMAPD_KEY_OLDER, NUMBER, 0, false, 0, NULL},
    {"YOUNGER", IMAPD_KEY_YOUNGER, NUMBER, 0, false, 0, NULL},
    {"LARGER", IMAPD_KEY_LARGER, NUMBER, 0, false, 0, NULL},
    {"SMALLER", IMAPD_KEY_SMALLER, NUMBER, 0, false, 0, NULL},
    {"MODSEQ", IMAPD_KEY_MODSEQ, MODSEQ, 0, false, 0, NULL},
    {"BCC", IMAPD_KEY_FIELD, TEXT, 1, false, 0, "Bcc"},
    {"CC", IMAPD_KEY_FIELD, TEXT, 1, false, 0, "Cc"},
    {"FROM", IMAPD_KEY_FIELD, TEXT, 1, false, 0, "From"},
    {"SUBJECT", IMAPD_KEY_FIELD, TEXT, 1, false, 0, "Subject"},
    {"TO", IMAPD_KEY_FIELD, TEXT, 1, false, 0, "To"},
    {"HEADER", IMAPD_KEY_FIELD, FIELD, 1, false, 0, NULL},
    {"BODY", IMAPD_KEY_BODY, TEXT, 2, false, 0, NULL},
    {"TEXT", IMAPD_KEY_TEXT, TEXT, 2, false, 0, NULL},
    {"EMAILID", IMAPD_KEY_EMAILID, OBJECT, 1, false, 0, NULL},
    {"THREADID", IMAPD_KEY_NONE, OBJECT, 0, false, 0, NULL},
    {"UID", IMAPD_KEY_SET, UIDS, 0, false, 0, NULL},
    {"NOT", IMAPD_KEY_NOT, ONE_KEY, 0, false, 0, NULL},
    {"OR", IMAPD_KEY_OR, TWO_KEYS, 0, false, 0, NULL},
};

static void take_text(struct imapd_args *args, struct imapd_key *key)
{
	struct slice text = imapd_args_astring(args);

	key->field_number = key->field != NULL ? imap_terms_field(slice_of(key->field)) : -1;
	key->needs = key->field != NULL && imap_listing_has(slice_of(key->field)) ? IMAPD_NEEDS_FIELDS : IMAPD_NEEDS_BYTES;
	buf_init(&key->text, 8 * TEXT_MAX);
	if (text.len > TEXT_MAX)
		args->failed = true;
	else
		imap_search_fold(text, &key->text);
	if (key->field == NULL)
		imap_text_key_make(&key->index_key, buf_slice(&key->text));
}

static void take_field(struct imapd_args *args, struct imapd_key *key)
{
	struct slice field = imapd_args_astring(args);

	imapd_args_space(args);
	if (field.len == 0 || field.len > FIELD_MAX)
		args->failed = true;
	else
		key->field = slice_dup(field);
	take_text(args, key);
}

static void take_keyword(struct reading *reading, struct imapd_key *key)
{
	struct slice atom = imapd_args_flag(reading->args);
	char *name = slice_dup(atom);

	if (slice_is_nocase(atom, "$Forwarded"))
		key->flags = FOLDER_FORWARDED;
	else
		key->flags = folder_keyword(reading->imapd->view.folder, name, false);
	if (key->flags == 0)
		key->kind = IMAPD_KEY_NONE;
	free(name);
}

/* ["/flags/\\Seen" all] 5 */
static void take_modseq(struct reading *reading, struct imapd_key *key)
{
	struct imapd_args *args = reading->args;

	reading->with_modseq = true;
	if (imapd_args_peek(args) == '"') {
		imapd_args_string(args);
		imapd_args_space(args);
		imapd_args_atom(args);
		imapd_args_space(args);
	}
	key->number = (int64_t)imapd_args_number(args, INT64_MAX);
}

static void take_set(struct reading *reading, struct imapd_key *key, bool uid)
{
	struct imapd_set set;

	if (!imapd_set_read(imapd_args_set(reading->args), &set)) {
		reading->args->failed = true;
		return;
	}
	key->marks = imapd_set_marks(reading->imapd, &set, uid);
	reading->args->failed = key->marks == NULL;
	imapd_set_clear(&set);
}

static void take_children(struct reading *reading, struct imapd_key *key, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct imapd_key *child;

		if (i > 0)
			imapd_args_space(reading->args);
		child = read_key(reading);
		if (child == NULL) {
			reading->args->failed = true;
			return;
		}
		add_child(key, child);
	}
}

static void take_argument(struct reading *reading, struct imapd_key *key, enum argument argument)
{
	struct imapd_args *args = reading->args;

	if (argument != NO_ARGUMENT)
		imapd_args_space(args);
	switch (argument) {
	case NO_ARGUMENT:
		break;
	case DATE:
		key->number = imapd_args_date(args);
		break;
	case NUMBER:
		key->number = (int64_t)imapd_args_number(args, INT64_MAX);
		break;
	case TEXT:
		take_text(args, key);
		break;
	case FIELD:
		take_field(args, key);
		break;
	case KEYWORD:
		take_keyword(reading, key);
		break;
	case MODSEQ:
		take_modseq(reading, key);
		break;
	case OBJECT:
		buf_init(&key->text, TEXT_MAX);
		buf_append_slice(&key->text, imapd_args_atom(args));
		break;
	case UIDS:
		take_set(reading, key, true);
		break;
	case ONE_KEY:
		take_children(reading, key, 1);
		break;
	case TWO_KEYS:
		take_children(reading, key, 2);
		break;
	}
}

/* --- the tree */

static struct imapd_key *negate(struct reading *reading, struct imapd_key *key)
{
	struct imapd_key *not = key == NULL ? NULL : key_new(reading, IMAPD_KEY_NOT);

	if (not == NULL) {
		imapd_keys_free(key);
		return NULL;
	}
	add_child(not, key);
	return not;
}

/* NEW is RECENT and UNSEEN. */
static struct imapd_key *make_new(struct reading *reading)
{
	struct imapd_key *both = key_new(reading, IMAPD_KEY_AND), *recent = key_new(reading, IMAPD_KEY_RECENT);
	struct imapd_key *seen = key_new(reading, IMAPD_KEY_FLAGS), *unseen;

	if (seen != NULL)
		seen->flags = FOLDER_SEEN;
	unseen = negate(reading, seen);
	if (both == NULL || recent == NULL || unseen == NULL) {
		imapd_keys_free(both);
		imapd_keys_free(recent);
		imapd_keys_free(unseen);
		return NULL;
	}
	add_child(both, recent);
	add_child(both, unseen);
	return both;
}

static struct imapd_key *read_list(struct reading *reading, char end)
{
	struct imapd_key *all = key_new(reading, IMAPD_KEY_AND);

	do {
		struct imapd_key *key = all == NULL ? NULL : read_key(reading);

		if (key == NULL) {
			imapd_keys_free(all);
			return NULL;
		}
		add_child(all, key);
	} while (imapd_args_accept(reading->args, ' '));
	if (end != '\0')
		imapd_args_expect(reading->args, end);
	return all;
}

static struct imapd_key *read_named(struct reading *reading)
{
	struct imapd_key *key;
	size_t i = 0;

	if (imapd_args_word(reading->args, "NEW"))
		return make_new(reading);
	while (i < ARRAY_LEN(known) && !imapd_args_word(reading->args, known[i].name))
		i++;
	key = i == ARRAY_LEN(known) ? NULL : key_new(reading, known[i].kind);
	if (key == NULL)
		return NULL;
	key->flags = known[i].flags;
	key->cost = known[i].cost;
	key->field = known[i].field != NULL ? xstrdup(known[i].field) : NULL;
	take_argument(reading, key, known[i].argument);
	if (reading->args->failed || ((key->kind == IMAPD_KEY_NOT || key->kind == IMAPD_KEY_OR) && key->child == NULL)) {
		imapd_keys_free(key);
		return NULL;
	}
	return known[i].is_not ? negate(reading, key) : key;
}

static struct imapd_key *read_key(struct reading *reading)
{
	char next = imapd_args_peek(reading->args);
	struct imapd_key *key;

	if (reading->args->failed || reading->depth == IMAPD_DEPTH_MAX)
		return NULL;
	reading->depth++;
	if (imapd_args_accept(reading->args, '(')) {
		key = read_list(reading, ')');
	} else if ((next >= '0' && next <= '9') || next == '*' || next == '$') {
		key = key_new(reading, IMAPD_KEY_SET);
		if (key != NULL)
			take_set(reading, key, false);
	} else {
		key = read_named(reading);
	}
	reading->depth--;
	if (key != NULL && reading->args->failed) {
		imapd_keys_free(key);
		return NULL;
	}
	return key;
}

enum imapd_reply imapd_keys_read(struct imapd *imapd, struct imapd_args *args, struct imapd_key **keys, bool *with_modseq)
{
	struct reading reading = {.imapd = imapd, .args = args};

	*keys = read_list(&reading, '\0');
	*with_modseq = reading.with_modseq;
	if (*keys != NULL && imapd_args_done(args))
		return IMAPD_NONE;
	imapd_keys_free(*keys);
	*keys = NULL;
	return IMAPD_SYNTAX;
}
