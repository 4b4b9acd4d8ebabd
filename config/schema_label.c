/* Labels of the keys of the configuration, in the order of forms. */
#include "base/alloc.h"
#include "base/i18n.h"
#include "config/schema.h"

/* Labels of keys, in the order of a form. Everyday keys come first, the others after "more". kind "": every section
 * that has such a key. A label has at most 32 columns in each language. */
static const struct {
	const char *kind, *key, *label; /* N_() */
	bool is_everyday;
} labels[] = {
    {"gateway", "hostname", N_("Name of this computer"), true},
    {"gateway", "local_domain", N_("Mail domain of the office"), true},
    {"gateway", "postmaster", N_("Also gets postmaster's mail"), true},
    {"gateway", "boss", N_("Gets copies of all mail"), true},
    {"gateway", "language", N_("Language"), true},
    {"gateway", "digest", N_("Daily digest at"), true},
    {"gateway", "relay_unknown", N_("Relay unknown local names"), false},
    {"gateway", "spool", N_("Folder of the mail"), false},
    {"gateway", "daemon_users", N_("May send commands by mail"), false},
    {"gateway", "daemon_limit", N_("Sessions by mail per hour"), false},
    {"gateway", "boss_incoming", N_("Copies of fetched mail as well"), false},
    {"gateway", "bounce_copies", N_("Copies of bounces"), false},
    {"gateway", "bounce_size", N_("Bounces return messages up to"), false},
    {"lan", "listen", N_("Listen on addresses"), true},
    {"lan", "allow", N_("May connect"), true},
    {"lan", "deny", N_("May not connect"), true},
    {"lan", "require_auth", N_("SMTP requires a login"), true},
    {"lan", "check_from", N_("Users send only as themselves"), true},
    {"lan", "smtp_port", N_("SMTP port"), false},
    {"lan", "submission_port", N_("Submission port"), false},
    {"lan", "smtps_port", N_("SMTP port with TLS"), false},
    {"lan", "pop3_port", N_("POP3 port"), false},
    {"lan", "pop3s_port", N_("POP3 port with TLS"), false},
    {"lan", "imap_port", N_("IMAP port"), false},
    {"lan", "imaps_port", N_("IMAP port with TLS"), false},
    {"lan", "timeout", N_("Disconnect silent clients after"), false},
    {"lan", "max_sessions", N_("Clients at the same time"), false},
    {"lan", "max_sessions_per_ip", N_("Clients of one address"), false},
    {"lan", "max_sessions_per_network", N_("Clients of one IPv6 network"), false},
    {"lan", "suggest_names", N_("Suggest names to every client"), false},
    {"lan", "smtp_tls_required", N_("SMTP only with TLS"), false},
    {"lan", "submission_tls_required", N_("Submission only with TLS"), false},
    {"lan", "pop3_tls_required", N_("POP3 only with TLS"), false},
    {"lan", "imap_tls_required", N_("IMAP only with TLS"), false},
    {"lan", "search_index", N_("Index of message texts"), false},
    {"lan", "allow_empty_password", N_("Empty passwords may log in"), false},
    {"lan", "pop3_login_delay", N_("Pause between POP3 logins"), false},
    {"lan", "tls_cert", N_("Certificate file"), false},
    {"lan", "tls_key", N_("Key file of the certificate"), false},
    {"limits", "max_message_size", N_("Largest message"), true},
    {"limits", "max_outgoing_size", N_("Largest outgoing message"), true},
    {"limits", "mailbox_quota", N_("Size of a mailbox"), true},
    {"limits", "user_daily_messages", N_("Messages per user and day"), false},
    {"limits", "user_daily_bytes", N_("Bytes per user and day"), false},
    {"limits", "forbidden_attachments", N_("Forbidden attachments"), false},
    {"schedule", "every", N_("Time between sessions"), true},
    {"schedule", "at", N_("Also at"), true},
    {"schedule", "days", N_("On these days"), true},
    {"schedule", "hours", N_("In these hours"), true},
    {"schedule", "on_start", N_("At start as well"), true},
    {"schedule", "holidays", N_("Holidays"), false},
    {"schedule", "when_queued", N_("When this much waits"), false},
    {"schedule", "urgent_users", N_("May send urgent mail"), false},
    {"schedule", "urgent_limit", N_("Urgent sessions per hour"), false},
    {"line", "connect_command", N_("Command to connect"), true},
    {"line", "disconnect_command", N_("Command to disconnect"), true},
    {"line", "proxy", N_("Proxy"), true},
    {"line", "command_timeout", N_("Time limit of each command"), false},
    {"line", "while_up", N_("Command while connected"), true},
    {"line", "while_up_timeout", N_("Its time limit"), false},
    {"line", "while_up_every", N_("Run it every"), false},
    {"line", "route_timeout", N_("Wait for the connection"), false},
    {"line", "session_timeout", N_("Longest session"), false},
    {"line", "max_minutes", N_("Online time per session"), false},
    {"line", "max_bytes_per_session", N_("Bytes per session"), false},
    {"line", "max_bytes_per_day", N_("Bytes per day"), false},
    {"line", "max_bytes_per_month", N_("Bytes per month"), false},
    {"line", "max_rate", N_("Bytes per second"), false},
    {"line", "price_per_mb", N_("Price of a megabyte"), false},
    {"line", "price_per_minute", N_("Price of a minute"), false},
    {"line", "price_per_session", N_("Price of a session"), false},
    {"line", "max_per_server", N_("Connections to one server"), false},
    {"log", "level", N_("How much is logged"), true},
    {"log", "file", N_("Log file"), true},
    {"log", "max_size", N_("Largest log file"), true},
    {"log", "syslog", N_("Log to syslog as well"), false},
    {"log", "journal_days", N_("Days the journal is kept"), false},
    {"sorter", "unsorted_to", N_("Unsorted mail goes to"), true},
    {"sorter", "by_address", N_("Sort by address as well"), true},
    {"sorter", "fold_yo", N_("ё is the same as е"), false},
    {"", "url", N_("Server"), true},
    {"", "user", N_("Login name"), true},
    {"", "password", N_("Password"), true},
    {"", "tls", N_("Encryption"), true},
    {"smarthost", "senders", N_("Senders that use it"), true},
    {"smarthost", "retry", N_("Try again after"), false},
    {"smarthost", "expire", N_("Give up after"), false},
    {"smarthost", "warn_after", N_("Warn the sender of a delay after"), false},
    {"smarthost", "default_sender", N_("Default sender"), true},
    {"smarthost", "fallback", N_("Fallback smarthosts"), false},
    {"smarthost", "max_connections", N_("Connections"), false},
    {"smarthost", "max_messages_per_session", N_("Messages per session"), false},
    {"smarthost", "max_messages_per_hour", N_("Messages per hour"), false},
    {"", "password_command", N_("Command that prints the password"), false},
    {"", "oauth2_token_command", N_("Command that prints a token"), false},
    {"", "auth", N_("Login method"), false},
    {"", "connect_timeout", N_("Time limit for connecting"), false},
    {"", "ca_file", N_("Trusted authorities (file)"), false},
    {"", "pin_sha256", N_("Only this key is accepted"), false},
    {"dkim", "selector", N_("Selector"), true},
    {"dkim", "key_file", N_("Key file"), true},
    {"user", "full_name", N_("Full name"), true},
    {"user", "external_alias", N_("External address"), true},
    {"user", "aliases", N_("Other names"), true},
    {"user", "forward", N_("Forward to"), true},
    {"user", "keep", N_("Keep a copy of forwarded mail"), true},
    {"user", "outside", N_("May send outside the office"), false},
    {"user", "save_sent", N_("Keep copies of sent mail"), false},
    {"user", "priority", N_("Priority"), false},
    {"user", "language", N_("Language"), false},
    {"user", "expire", N_("Remove mail older than"), false},
    {"user", "expire_folders", N_("Remove from folders after"), false},
    {"user", "archive", N_("Archive instead of removing"), false},
    {"user", "allow_weak_auth", N_("CRAM-MD5 and APOP"), false},
    {"user", "scram_sha256", N_("SCRAM verifier"), false},
    {"user", "clear_password", N_("Password in clear"), false},
    {"user", "allow", N_("Never spam"), false},
    {"user", "deny", N_("Always spam"), false},
    {"account", "keep_on_server", N_("Leave mail on the server"), true},
    {"account", "max_size", N_("Largest message to fetch"), true},
    {"account", "give_up_after", N_("Attempts at one message"), false},
    {"account", "deliver_to", N_("Everything goes to"), true},
    {"account", "unsorted_to", N_("Unsorted mail goes to"), false},
    {"account", "enabled", N_("Enabled"), true},
    {"account", "priority", N_("Priority"), false},
    {"account", "every", N_("Fetch every"), false},
    {"account", "timeout", N_("Give up on silence after"), false},
    {"account", "session_timeout", N_("Time limit of fetching"), false},
    {"account", "compress", N_("Compress the connection"), false},
    {"account", "envelope_header", N_("Header with the recipient"), false},
    {"account", "envelope_prefix", N_("Text before the recipient"), false},
    {"account", "trusted_received", N_("Provider's own domains"), false},
    {"account", "folders", N_("Folders to fetch"), false},
    {"account", "folders_to", N_("Mail of folders goes to"), false},
    {"account", "folders_keep", N_("Leave mail in folders"), false},
    {"scanner", "on", N_("Scans this mail"), true},
    {"scanner", "when_away", N_("When it does not answer"), true},
    {"scanner", "needs_line", N_("Needs the internet"), false},
    {"scanner", "timeout", N_("Give up on a message after"), false},
    {"scanner", "max_size", N_("Largest message to scan"), false},
    {"filter", "virus", N_("Mail with a virus"), true},
    {"filter", "spam_junk", N_("Score for the folder Junk"), true},
    {"filter", "spam_quarantine", N_("Score for quarantine"), true},
    {"filter", "attachments_forbidden", N_("Forbidden attachments"), false},
    {"filter", "attachments_kinds", N_("Forbidden kinds of attachments"), false},
    {"filter", "attachments_on", N_("Looks into this mail"), false},
    {"filter", "attachments", N_("Mail with a forbidden attachment"), false},
    {"filter", "expire", N_("Remove from quarantine after"), false},
    {"senders", "allow", N_("Never spam"), true},
    {"senders", "deny", N_("Always spam"), true},
    {"senders", "friends", N_("Written to: not spam for"), false},
    {"group", "members", N_("Members"), true},
    {"mailbox", "members", N_("Members"), true},
    {"mailbox", "external_alias", N_("External address"), true},
    {"mailbox", "aliases", N_("Other names"), true},
    {"mailbox", "quota", N_("Largest size"), false},
    {"mailbox", "expire", N_("Remove mail older than"), false},
    {"mailbox", "expire_folders", N_("Remove from folders after"), false},
    {"mailbox", "archive", N_("Archive instead of removing"), false},
    {"rule", "when", N_("Condition"), true},
    {"rule", "deliver", N_("Deliver to"), true},
    {"rule", "copy", N_("Copy to"), false},
    {"rule", "forward", N_("Forward to"), true},
    {"rule", "redirect", N_("Redirect to"), false},
    {"rule", "drop", N_("Discard"), false},
    {"rule", "reject_to", N_("Reject to (for review)"), false},
    {"rule", "tag", N_("Add a header"), false},
    {"rule", "subject_prefix", N_("Before the subject"), false},
    {"rule", "reply", N_("Reply with"), false},
    {"rule", "reply_days", N_("Days between replies"), false},
    {"rule", "stop", N_("Stop after this rule"), true},
};

/* The index in the table; its length if the key is not in it. */
static size_t find(const struct schema_section *section, const struct schema_key *key)
{
	size_t at = 0;

	while (at < ARRAY_LEN(labels) && (strcmp(labels[at].key, key->name) != 0 ||
					     (labels[at].kind[0] != '\0' && strcmp(labels[at].kind, section->kind) != 0)))
		at++;
	return at;
}

const char *schema_label(const struct schema_section *section, const struct schema_key *key)
{
	size_t at = find(section, key);

	return at == ARRAY_LEN(labels) ? key->name : _(labels[at].label);
}

size_t schema_order(const struct schema_section *section, const struct schema_key *key)
{
	return find(section, key);
}

bool schema_is_everyday(const struct schema_section *section, const struct schema_key *key)
{
	size_t at = find(section, key);

	return at < ARRAY_LEN(labels) && labels[at].is_everyday;
}
