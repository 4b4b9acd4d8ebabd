/*
 * Which keys leave the supervisor, and for which process. An attacker who takes over the LAN server has everything that it
 * has: so it gets nothing of accounts, rules and the line, of smarthosts only their senders, and no secret.
 */
#include "config/schema.h"

#include "base/alloc.h"

/* "*": all keys of the section except secrets. */
static const struct {
	const char *section, *key;
	unsigned seen_by;
} seen[] = {
    {"gateway", "hostname", SCHEMA_FOR_LAN},
    {"gateway", "local_domain", SCHEMA_FOR_LAN},
    {"gateway", "relay_unknown", SCHEMA_FOR_LAN},
    {"gateway", "spool", SCHEMA_FOR_LAN},
    {"gateway", "postmaster", SCHEMA_FOR_LAN},
    {"gateway", "boss", SCHEMA_FOR_LAN},
    {"gateway", "daemon_users", SCHEMA_FOR_LAN},
    {"gateway", "bounce_copies", SCHEMA_FOR_LAN},
    {"gateway", "bounce_size", SCHEMA_FOR_LAN},
    {"gateway", "language", SCHEMA_FOR_LAN},
    {"lan", "*", SCHEMA_FOR_LAN},
    {"schedule", "urgent_users", SCHEMA_FOR_LAN},
    {"schedule", "fetch_on_login", SCHEMA_FOR_LAN},
    {"limits", "max_message_size", SCHEMA_FOR_LAN},
    {"limits", "max_outgoing_size", SCHEMA_FOR_LAN},
    {"limits", "user_daily_messages", SCHEMA_FOR_LAN},
    {"limits", "user_daily_bytes", SCHEMA_FOR_LAN},
    {"limits", "forbidden_attachments", SCHEMA_FOR_LAN},
    {"limits", "mailbox_quota", SCHEMA_FOR_LAN},
    {"log", "level", SCHEMA_FOR_LAN},
    {"log", "file", SCHEMA_FOR_LAN},
    {"log", "max_size", SCHEMA_FOR_LAN},
    {"log", "syslog", SCHEMA_FOR_LAN},
    {"user", "allow_weak_auth", SCHEMA_FOR_LAN},
    {"user", "external_alias", SCHEMA_FOR_LAN},
    {"user", "aliases", SCHEMA_FOR_LAN},
    {"user", "forward", SCHEMA_FOR_LAN},
    {"user", "keep", SCHEMA_FOR_LAN},
    {"user", "outside", SCHEMA_FOR_LAN},
    {"user", "save_sent", SCHEMA_FOR_LAN},
    {"user", "language", SCHEMA_FOR_LAN},
    {"user", "expire", SCHEMA_FOR_LAN},
    {"group", "*", SCHEMA_FOR_LAN},
    {"scanner", "*", SCHEMA_FOR_LAN},
    {"filter", "virus", SCHEMA_FOR_LAN},
    {"filter", "spam_junk", SCHEMA_FOR_LAN},
    {"filter", "spam_quarantine", SCHEMA_FOR_LAN},
    {"filter", "attachments_forbidden", SCHEMA_FOR_LAN},
    {"filter", "attachments_kinds", SCHEMA_FOR_LAN},
    {"filter", "attachments_on", SCHEMA_FOR_LAN},
    {"filter", "attachments", SCHEMA_FOR_LAN},
    {"filter", "expire", SCHEMA_FOR_LAN},
    {"senders", "friends", SCHEMA_FOR_LAN},
    {"mailbox", "members", SCHEMA_FOR_LAN},
    {"mailbox", "aliases", SCHEMA_FOR_LAN},
    {"mailbox", "external_alias", SCHEMA_FOR_LAN},
    {"mailbox", "quota", SCHEMA_FOR_LAN},
    {"smarthost", "senders", SCHEMA_FOR_LAN},
    {"smarthost", "default_sender", SCHEMA_FOR_LAN},
    {"smarthost", "fallback", SCHEMA_FOR_LAN},
};

unsigned schema_seen_by(const struct schema_section *section, const struct schema_key *key)
{
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		if (strcmp(seen[i].section, section->kind) == 0 &&
		    (strcmp(seen[i].key, key->name) == 0 || (strcmp(seen[i].key, "*") == 0 && !value_is_secret(key->type))))
			return seen[i].seen_by;
	return 0;
}
