#include "message/refusal.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/phrase.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

void refusal_status(const char *reply, char *out, size_t size)
{
	struct slice rest = slice_of(reply), code;
	unsigned class, subject, detail;

	slice_cut(&rest, ' ');
	code = slice_cut(&rest, ' ');
	if (code.len > 0 && code.len < 12 && sscanf(code.ptr, "%1u.%3u.%3u", &class, &subject, &detail) == 3 &&
	    (class == 2 || class == 4 || class == 5))
		snprintf(out, size, "%u.%u.%u", class, subject, detail);
	else
		snprintf(out, size, "%c.0.0", reply[0] == '2' || reply[0] == '4' ? reply[0] : '5');
}

/* --- what is known */

static const char no_such_user[] =
    N_("There is no such mailbox at the recipient's provider. Check the address for a typing mistake.");
static const char no_such_domain[] =
    N_("The domain of the address (the part after @) does not exist, or does not accept mail. Check "
       "it for a typing mistake.");
static const char bad_address[] = N_("The address is not a valid mail address. Check it for a typing mistake.");
static const char bad_sender[] =
    N_("The provider does not accept mail from your address. Your administrator can correct "
       "external_alias or the login of the smarthost.");
static const char disabled[] = N_("The recipient's mailbox exists, but does not accept mail now. "
    "Reach the recipient some other way.");
static const char full[] = N_("The recipient's mailbox is full. Reach the recipient some other way, "
    "and send the message again later.");
static const char too_large[] =
    N_("The message is too large for the recipient's server. Send smaller attachments, several "
       "messages, or a link.");
static const char unreachable[] =
    N_("The provider could not reach the recipient's server in the time that it keeps trying. Check "
       "the address, or send the message again tomorrow.");
static const char loop[] = N_("The message was forwarded between servers in a loop. The recipient's "
    "administrator must correct the forwarding.");
static const char expired[] = N_("The gateway tried to send the message until its delivery time "
    "expired. Send it again, or reach the recipient some other way.");
static const char content[] = N_("The recipient's server does not accept messages of this kind. "
    "Send it as plain text, or send the attachment in another format.");
static const char policy[] =
    N_("The recipient's server refused this message as spam, or does not accept mail from here. Ask "
       "the recipient to allow your address; your administrator can ask the provider.");
static const char listed[] =
    N_("The server that sent the message is on a list of senders of spam. Your administrator can "
       "ask the provider to have it removed.");
static const char unsigned_domain[] =
    N_("The recipient's server requires proof that mail of your domain comes from your provider "
       "(SPF, DKIM or DMARC). Your administrator can set it up.");
static const char login[] = N_("The provider requires a login, or refused it. Your administrator "
    "can correct user and password of the smarthost.");
static const char too_many[] = N_("Too much was sent in a short time. Send the message again in an hour.");
static const char greylisted[] = N_("The recipient's server makes unknown senders wait a few "
    "minutes (greylisting). You do not need to do anything.");
static const char relay[] =
    N_("The smarthost does not relay mail to this recipient. Your administrator can correct the "
       "smarthost or its login.");
static const char virus[] = N_("The recipient's server found a virus or a forbidden attachment in "
    "the message.");

struct known {
	const char *text;    /* a text of the reply, lower case; NULL: any */
	const char *status; /* "x.1.1", or NULL: any */
	const char *meaning;
};

/* The first match counts; texts first, since many servers send 5.7.1 or no status for any reason. */
static const struct known known[] = {
    {"greylist", NULL, greylisted},
    {"graylist", NULL, greylisted},
    {"spamhaus", NULL, listed},
    {"blacklist", NULL, listed},
    {"blocklist", NULL, listed},
    {"blocked using", NULL, listed},
    {"dmarc", NULL, unsigned_domain},
    {"spf", NULL, unsigned_domain},
    {"dkim", NULL, unsigned_domain},
    {"virus", NULL, virus},
    {"relay", NULL, relay},
    {"too many", NULL, too_many},
    {"rate limit", NULL, too_many},
    {"user unknown", NULL, no_such_user},
    {"unknown user", NULL, no_such_user},
    {"no such user", NULL, no_such_user},
    {"no such mailbox", NULL, no_such_user},
    {"does not exist", NULL, no_such_user},
    {"invalid mailbox", NULL, no_such_user},
    {"over quota", NULL, full},
    {"mailbox full", NULL, full},
    {"mailbox is full", NULL, full},
    {"spam", NULL, policy},
    {"authentication required", NULL, login},
    {NULL, "x.1.1", no_such_user},
    {NULL, "x.1.6", no_such_user},
    {NULL, "x.1.2", no_such_domain},
    {NULL, "x.1.10", no_such_domain},
    {NULL, "x.1.3", bad_address},
    {NULL, "x.1.7", bad_sender},
    {NULL, "x.1.8", bad_sender},
    {NULL, "x.2.1", disabled},
    {NULL, "x.2.2", full},
    {NULL, "x.2.3", too_large},
    {NULL, "x.3.4", too_large},
    {NULL, "x.4.1", unreachable},
    {NULL, "x.4.4", unreachable},
    {NULL, "x.4.6", loop},
    {NULL, "x.4.7", expired},
    {NULL, "x.5.3", too_many},
    {NULL, "x.6.", content},
    {NULL, "x.7.0", policy},
    {NULL, "x.7.1", policy},
    {NULL, "x.7.8", login},
    {NULL, "x.7.9", login},
    {NULL, "x.7.26", unsigned_domain},
    {NULL, "x.7.", policy},
};

/* "x.6." matches all that begin with it. */
static bool has_status(const char *status, const char *wanted)
{
	size_t len = strlen(wanted);

	if (wanted[len - 1] == '.')
		return strncmp(status + 1, wanted + 1, len - 1) == 0;
	return strcmp(status + 1, wanted + 1) == 0;
}

/* The gateway's own replies have the right status, and may quote a server's text that means something else: "delivery time
 * expired; last error: greylisted". */
static const char *meaning_of(const char *said)
{
	const char *reply = PHRASE_EN(said);
	bool is_ours = phrase_is(said);
	char status[16];

	refusal_status(reply, status, sizeof(status));
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		const struct known *fact = &known[i];

		if (fact->text != NULL ? !is_ours && strcasestr(reply, fact->text) != NULL : has_status(status, fact->status))
			return fact->meaning;
	}
	if (strncmp(reply, "552", 3) == 0)
		return too_large;
	return NULL;
}

bool refusal_is_about_address(const char *reply)
{
	const char *meaning = meaning_of(reply);

	return meaning == no_such_user || meaning == no_such_domain || meaning == bad_address;
}

const char *refusal_explain(const char *reply)
{
	return meaning_of(reply);
}
