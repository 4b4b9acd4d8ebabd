/* The sender address of an outgoing message. */
#include "gateway/outbound/outbound_priv.h"

#include "base/i18n.h"
#include "mail/bounce.h"
#include "mail/route.h"

/* A report about another message never gets a sender: its bounce would come back to us, and be sent on again. */
static bool may_go_in_our_name(const struct sending *sending)
{
	struct addr ours;

	return sending->envelope.sender[0] == '\0' && !bounce_is_one(sending->message) &&
	       route_smarthost_address(sending->out->job->conf, sending->connection->host->settings, &ours);
}

static bool find_sender(struct sending *sending, struct addr *outside)
{
	const struct conf *conf = sending->out->job->conf;
	struct addr sender;

	*outside = (struct addr){"", ""};
	if (sending->envelope.sender[0] == '\0') {
		sending->in_our_name = may_go_in_our_name(sending) &&
				       (sending->entry->in_our_name || outbound_host_refuses_null(sending->connection->host));
		return !sending->in_our_name || route_smarthost_address(conf, sending->connection->host->settings, outside);
	}
	if (!addr_parse(slice_of(sending->envelope.sender), &sender))
		return false;
	if (route_outside_sender(conf, &sender, outside))
		return true;
	*outside = (struct addr){"", ""};
	return route_is_postmaster(conf, &sender); /* without a sender, rather than with one that external servers cannot reach */
}

bool outbound_sending_name(struct sending *sending)
{
	struct smtp_transaction *transaction = &sending->transaction;
	struct addr outside;

	if (!find_sender(sending, &outside))
		return false;
	if (outside.local[0] != '\0')
		addr_text(sending->sender, sizeof(sending->sender), &outside);
	transaction->sender = sending->sender;
	transaction->ret = sending->envelope.ret;
	transaction->envid = sending->envelope.envid;
	return true;
}

/* Postfix replies it to each recipient, others to MAIL, some to the message. */
static bool is_about_sender(const struct smtp_transaction *transaction, const struct smtp_reply *reply)
{
	if (!smtp_reply_is_permanent(reply))
		return false;
	return !transaction->mail_accepted || strstr(reply->text, "5.1.7") != NULL || strstr(reply->text, "5.1.8") != NULL ||
	       strcasestr(reply->text, "sender") != NULL;
}

bool outbound_sending_wants_name(const struct sending *sending)
{
	const struct smtp_transaction *transaction = &sending->transaction;

	if (sending->sender[0] != '\0' || sending->is_refused || sending->entry->in_our_name || transaction->sent == 0)
		return false;
	for (size_t i = 0; i < transaction->count; i++)
		if (!is_about_sender(transaction, &transaction->recipients[i].reply))
			return false;
	return may_go_in_our_name(sending);
}
