#include "spool/origin.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>

static const char *const words[] = {
    [ORIGIN_UNKNOWN] = NULL, [ORIGIN_SMTP] = "smtp", [ORIGIN_ACCOUNT] = "account", [ORIGIN_QUARANTINE] = "quarantine",
    [ORIGIN_SCANNED] = "scanned", [ORIGIN_GATEWAY] = "gateway"};

static void set(struct origin *origin, enum origin_kind kind, const char *client, const char *name)
{
	origin_clear(origin);
	*origin = (struct origin){
	    .kind = kind, .client = client == NULL ? NULL : xstrdup(client), .name = name == NULL ? NULL : xstrdup(name)};
}

void origin_set_smtp(struct origin *origin, const char *client, const char *user)
{
	set(origin, ORIGIN_SMTP, client, user);
}

void origin_set_account(struct origin *origin, const char *account)
{
	set(origin, ORIGIN_ACCOUNT, NULL, account);
}

void origin_set_quarantine(struct origin *origin, const char *id)
{
	set(origin, ORIGIN_QUARANTINE, NULL, id);
}

void origin_set_scanned(struct origin *origin, const char *id)
{
	set(origin, ORIGIN_SCANNED, NULL, id);
}

void origin_set_gateway(struct origin *origin)
{
	set(origin, ORIGIN_GATEWAY, NULL, NULL);
}

void origin_clear(struct origin *origin)
{
	free(origin->client);
	free(origin->name);
	*origin = (struct origin){0};
}

char *origin_text(const struct origin *origin)
{
	switch (origin->kind) {
	case ORIGIN_SMTP:
		return origin->name == NULL ? xasprintf("%s %s", words[ORIGIN_SMTP], origin->client)
					    : xasprintf("%s %s %s", words[ORIGIN_SMTP], origin->client, origin->name);
	case ORIGIN_ACCOUNT:
	case ORIGIN_QUARANTINE:
	case ORIGIN_SCANNED:
		return xasprintf("%s %s", words[origin->kind], origin->name);
	case ORIGIN_GATEWAY:
		return xstrdup(words[ORIGIN_GATEWAY]);
	case ORIGIN_UNKNOWN:
		break;
	}
	return xstrdup(origin->name == NULL ? "" : origin->name);
}

/* The kind, with the text after its word in *rest. */
static enum origin_kind kind_of(struct slice text, struct slice *rest)
{
	struct slice word;

	*rest = text;
	word = slice_cut(rest, ' ');
	if (slice_is(word, words[ORIGIN_GATEWAY]) && rest->ptr == NULL)
		return ORIGIN_GATEWAY;
	for (enum origin_kind kind = ORIGIN_SMTP; kind <= ORIGIN_SCANNED; kind++)
		if (slice_is(word, words[kind]) && rest->ptr != NULL)
			return kind;
	return ORIGIN_UNKNOWN;
}

enum origin_kind origin_kind(const char *text)
{
	struct slice rest;

	return kind_of(slice_of(text), &rest);
}

void origin_parse(const char *text, struct origin *origin)
{
	struct slice rest, client;

	*origin = (struct origin){.kind = kind_of(slice_of(text), &rest)};
	if (origin->kind == ORIGIN_SMTP) {
		client = slice_cut(&rest, ' ');
		origin->client = slice_dup(client);
		origin->name = rest.ptr == NULL ? NULL : slice_dup(rest);
	} else if (origin->kind == ORIGIN_ACCOUNT || origin->kind == ORIGIN_QUARANTINE || origin->kind == ORIGIN_SCANNED) {
		origin->name = slice_dup(rest);
	} else if (origin->kind == ORIGIN_UNKNOWN && text[0] != '\0') {
		origin->name = xstrdup(text);
	}
}
