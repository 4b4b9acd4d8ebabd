#include "config/schema.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "config/schema_rows.h"

/* VALUE_WORD writes to an unsigned, VALUE_HOURS, VALUE_QUEUED and VALUE_PIXELS write two consecutive numbers. */
_Static_assert(sizeof(enum conf_tls) == sizeof(unsigned) &&
		   sizeof(enum conf_auth) == sizeof(unsigned),
    "enums are unsigned");
_Static_assert(offsetof(struct conf_schedule, hours_to) ==
		   offsetof(struct conf_schedule, hours_from) + sizeof(int64_t),
    "hours_to follows hours_from");
_Static_assert(offsetof(struct conf_schedule, when_queued_for) ==
		   offsetof(struct conf_schedule, when_queued) + sizeof(int64_t),
    "when_queued_for follows when_queued");
_Static_assert(offsetof(struct conf_limits, picture_height) == offsetof(struct conf_limits, picture_width) + sizeof(int64_t),
    "picture_height follows picture_width");

static const struct schema_key gateway_keys[] = {
    {"hostname", HOST(conf_gateway, hostname), "", N_("the host name of this computer"), ANY,
	N_("The name that the gateway uses in its greetings, in EHLO and in Received lines.")},
    {"local_domain", HOST(conf_gateway, local_domain), "local", NULL, ANY, N_("Addresses in this domain and names without a domain are local.")},
    {"relay_unknown", FLAG(conf_gateway, relay_unknown), "no", NULL, ANY,
	N_("yes: mail for unknown names in local_domain is sent to the smarthost (split domain). "
	   "no: such mail is refused.")},
    {"spool", PATH(conf_gateway, spool), "/var/lib/lanpost", NULL, ANY, N_("The folder with the mailboxes, the queue and the state of the gateway.")},
    {"postmaster", USER(conf_gateway, postmaster), "", N_("nobody"), ANY,
	N_("The user who also gets the mail for postmaster. The built-in mailbox postmaster always exists.")},
    {"boss", USER(conf_gateway, boss), "", N_("no copies"), ANY,
	N_("The user who gets a copy of every message that passes through the SMTP server; any user "
	   "but daemon.")},
    {"daemon_users", USERS(conf_gateway, daemon_users), "", N_("all"), ANY, N_("The users who may send commands to the gateway by mail to daemon.")},
    {"daemon_limit", INTEGER(conf_gateway, daemon_limit), "30", NULL, RANGE(0, 10000),
	N_("How many sessions per hour mail to daemon may start; further requests wait. 0: no limit.")},
    {"boss_incoming", FLAG(conf_gateway, boss_incoming), "no", NULL, ANY, N_("yes: the boss also gets a copy of every fetched message.")},
    {"digest", TIMES(conf_gateway, digest), "", N_("none"), ANY,
	N_("The times of day at which postmaster gets a daily digest. It is sent with the first "
	   "session after that time. Example: 08:00.")},
    {"bounce_copies", WORD(conf_gateway, bounce_copies, conf_bounce_copies), "failed", NULL,
	ONE_OF("none", "serious", "failed", "all"),
	N_("Which bounces postmaster gets a copy of. none: no copies. serious: all except those "
	   "about addresses that do not exist. failed: all. all: delay warnings as well.")},
    {"bounce_size", SIZE(conf_gateway, bounce_size), "50K", NULL, RANGE(0, 10 * MEGA),
	N_("A bounce contains the whole message up to this size, and only its header above it.")},
    {"language", WORD(conf_gateway, language, conf_language), "", N_("the language of the system"),
	ONE_OF("en", "ru"), N_("The language of reports, bounces and error texts.")},
};

static const struct schema_key lan_keys[] = {
    {"listen", LISTEN(conf_lan, listen), "0.0.0.0, ::", NULL, ANY, N_("The addresses of this computer on which the servers listen.")},
    {"smtp_port", INTEGER(conf_lan, smtp_port), "25", NULL, RANGE(0, 65535), N_("SMTP; 0 turns it off.")},
    {"submission_port", INTEGER(conf_lan, submission_port), "587", NULL, RANGE(0, 65535), N_("SMTP for mail programs (submission); 0 turns it off.")},
    {"smtps_port", INTEGER(conf_lan, smtps_port), "465", NULL, RANGE(0, 65535), N_("SMTP inside TLS; 0 turns it off.")},
    {"pop3_port", INTEGER(conf_lan, pop3_port), "110", NULL, RANGE(0, 65535), N_("POP3; 0 turns it off.")},
    {"pop3s_port", INTEGER(conf_lan, pop3s_port), "995", NULL, RANGE(0, 65535), N_("POP3 inside TLS; 0 turns it off.")},
    {"imap_port", INTEGER(conf_lan, imap_port), "143", NULL, RANGE(0, 65535), N_("IMAP; 0 turns it off.")},
    {"imaps_port", INTEGER(conf_lan, imaps_port), "993", NULL, RANGE(0, 65535), N_("IMAP inside TLS; 0 turns it off.")},
    {"timeout", SECONDS(conf_lan, timeout), "60s", NULL, RANGE(1, DAY), N_("Disconnect a client that sends nothing for this long.")},
    {"max_sessions", INTEGER(conf_lan, max_sessions), "1000", NULL, RANGE(1, 10000), N_("The largest number of clients at the same time.")},
    {"max_sessions_per_ip", INTEGER(conf_lan, max_sessions_per_ip), "50", NULL, RANGE(1, 10000), N_("The largest number of clients from one address at the same time.")},
    {"max_sessions_per_network", INTEGER(conf_lan, max_sessions_per_network), "0", NULL, RANGE(0, 10000),
	N_("The largest number of clients from one IPv6 network (/64) at the same time; 0: half of max_sessions. One computer can choose any number of addresses of its network.")},
    {"require_auth", FLAG(conf_lan, require_auth), "no", NULL, ANY,
	N_("SMTP: yes requires a login; no relies on the address filter (allow, deny).")},
    {"check_from", FLAG(conf_lan, check_from), "no", NULL, ANY,
	N_("SMTP: yes: users who have logged in may use only their own name, aliases and external "
	   "alias as the sender, in the envelope and in From. no: any sender, as in Office Mail "
	   "Server.")},
    {"suggest_names", FLAG(conf_lan, suggest_names), "no", NULL, ANY,
	N_("SMTP: yes: the refusal of an unknown name suggests the nearest one to every client; no: "
	   "only to users who have logged in.")},
    {"smtp_tls_required", FLAG(conf_lan, smtp_tls_required), "no", NULL, ANY,
	N_("yes: clients on smtp_port must use STARTTLS before they send mail.")},
    {"submission_tls_required", FLAG(conf_lan, submission_tls_required), "no", NULL, ANY, N_("The same on submission_port.")},
    {"pop3_tls_required", FLAG(conf_lan, pop3_tls_required), "no", NULL, ANY,
	N_("The same on pop3_port: no login without STLS.")},
    {"imap_tls_required", FLAG(conf_lan, imap_tls_required), "no", NULL, ANY,
	N_("The same on imap_port: no login without STARTTLS.")},
    {"search_index", FLAG(conf_lan, search_index), "yes", NULL, ANY,
	N_("IMAP: yes: the gateway builds an index of message texts in idle time, so that searches in texts are fast. It is the file lanpost-search "
	   "of each folder, and can be deleted at any time. no: a search reads all messages.")},
    {"allow_empty_password", FLAG(conf_lan, allow_empty_password), "yes", NULL, ANY,
	N_("yes: users with an empty password may log in, but only from the addresses in `allow`, "
	   "as in Office Mail Server.")},
    {"pop3_login_delay", SECONDS(conf_lan, pop3_login_delay), "0", NULL, RANGE(0, HOUR),
	N_("The shortest time between two POP3 logins to the same mailbox; 0: no limit.")},
    {"tls_cert", PATH(conf_lan, tls_cert), "", N_("a self-signed one for the names and LAN addresses of this computer"), ANY,
	N_("The certificate (chain) that the servers present to mail programs, PEM.")},
    {"tls_key", PATH(conf_lan, tls_key), "", N_("the key of the self-signed certificate"), ANY,
	N_("The private key of tls_cert, PEM.")},
    {"allow", NETS(conf_lan, allow),
	"127.0.0.0/8, 10.0.0.0/8, 169.254.0.0/16, 192.168.0.0/16, 172.16.0.0/12, ::1/128, fe80::/10, fc00::/7",
	NULL, ANY, N_("The addresses that may connect. An address that matches no entry has no access.")},
    {"deny", NETS(conf_lan, deny), "", N_("nobody"), ANY,
	N_("The addresses that may not connect, even if `allow` permits them.")},
};

static const struct schema_key limits_keys[] = {
    {"max_message_size", SIZE(conf_limits, max_message_size), "50M", NULL, RANGE(1, 2 * GIGA),
	N_("The largest message that the SMTP server accepts.")},
    {"max_outgoing_size", SIZE(conf_limits, max_outgoing_size), "0", NULL, RANGE(0, 2 * GIGA),
	N_("The largest message that may be sent outside the office; 0: no limit. The size before shrink_pictures counts.")},
    {"shrink_pictures", PIXELS(conf_limits, picture_width), "", N_("photos are sent unchanged"), RANGE(100, 5000),
	N_("Larger photos (JPEG) in outgoing mail are made this small on their way to the smarthost, also upright: 1600x1200 and 1200x1600 are the "
	   "same. Copies in the office stay as they were written, and so does signed or encrypted mail.")},
    {"user_daily_messages", INTEGER(conf_limits, user_daily_messages), "0", NULL,
	RANGE(0, 1000000), N_("How many messages a user may send per day through the SMTP server; "
	    "0: no limit. Mail sent in the user's name without a login is counted separately.")},
    {"user_daily_bytes", SIZE(conf_limits, user_daily_bytes), "0", NULL,
	RANGE(0, 1024 * GIGA), N_("How many bytes a user may send per day through the SMTP server; "
	    "0: no limit. Mail sent in the user's name without a login is counted separately.")},
    {"forbidden_attachments", PATTERNS(conf_limits, forbidden_attachments), "", N_("none"), ANY,
	N_("Mail with attachments that match these patterns may not be sent outside the office.")},
    {"mailbox_quota", SIZE(conf_limits, mailbox_quota), "0", NULL, RANGE(0, 1024 * GIGA),
	N_("The largest size of a mailbox: the SMTP server refuses a message that would exceed it; "
	   "0: no limit. Fetched mail is always delivered.")},
};

static const struct schema_key schedule_keys[] = {
    {"every", DURATION(conf_schedule, every), "15m", NULL, TIME(0, 30 * DAY, 'm'),
	N_("The time between two communication sessions; 0: none by interval.")},
    {"at", TIMES(conf_schedule, at), "", N_("none"), ANY, N_("Additional sessions at these times of day.")},
    {"days", DAYS(conf_schedule, days), "", N_("every day"), ANY, N_("The days on which scheduled sessions start.")},
    {"hours", HOURS(conf_schedule, hours_from), "", N_("all day"), ANY,
	N_("The hours in which `every` applies; they may cross midnight.")},
    {"holidays", DATES(conf_schedule, holidays), "", N_("none"), ANY,
	N_("Days without scheduled sessions: 2026-12-31, or 01-01 for every year.")},
    {"when_queued", QUEUED(conf_schedule, when_queued), "", N_("never"), ANY,
	N_("Start a session when this many new messages are in the queue, or when one has waited "
	   "this long; only within `days` and `hours`, and not on `holidays`.")},
    {"on_start", FLAG(conf_schedule, on_start), "yes", NULL, ANY, N_("yes: start a session when the gateway starts.")},
    {"urgent_users", USERS(conf_schedule, urgent_users), "", N_("nobody"), ANY,
	N_("The users whose outgoing message starts a session at once, and is sent first, if they mark it as urgent (Priority: urgent, "
	   "X-Priority: 1 or Importance: high).")},
    {"urgent_limit", INTEGER(conf_schedule, urgent_limit), "4", NULL, RANGE(1, 1000),
	N_("How many sessions per hour urgent messages may start; further ones wait.")},
    {"fetch_on_login", FLAG(conf_schedule, fetch_on_login), "no", NULL, ANY,
	N_("yes: a login of a user by POP3 or IMAP starts a session that fetches this user's accounts, within `days` and `hours`, and not on "
	   "`holidays`. An account with `deliver_to` is of these users; else, if `user` is the address of one, of that user, and of those in "
	   "`unsorted_to`; else of everybody.")},
    {"fetch_on_login_rest", DURATION(conf_schedule, fetch_on_login_rest), "10m", NULL, TIME(1, DAY, 'm'),
	N_("After a session has fetched an account, logins do not fetch it again for this long.")},
};

static const struct schema_key line_keys[] = {
    {"connect_command", COMMAND(conf_line, connect_command), "", N_("always connected"), ANY,
	N_("The command to run before a session, for dial-up or a modem. A non-zero exit code ends "
	   "the session. lanpostd(8) lists the environment variables of commands. A program that needs "
	   "the rights of its file (sudo, a setuid wrapper of pppd) does not get them.")},
    {"disconnect_command", COMMAND(conf_line, disconnect_command), "", N_("none"), ANY,
	N_("The command to run after a session.")},
    {"command_timeout", SECONDS(conf_line, command_timeout), "180s", NULL, RANGE(1, HOUR), N_("Time limit of each command.")},
    {"while_up", COMMAND(conf_line, while_up), "", N_("none"), ANY,
	N_("A command that needs the internet, such as `freshclam --quiet`: it runs while the line is up, when the mail of a session is done. "
	   "Its failure is reported to postmaster; the session does not fail because of it.")},
    {"while_up_timeout", SECONDS(conf_line, while_up_timeout), "600s", NULL, RANGE(1, DAY), N_("Time limit of while_up.")},
    {"while_up_every", DURATION(conf_line, while_up_every), "0", NULL, TIME(0, 30 * DAY, 'h'),
	N_("while_up runs again when this time has passed; 0: in each session.")},
    {"route_timeout", SECONDS(conf_line, route_timeout), "30s", NULL, RANGE(0, HOUR),
	N_("How long a session waits for a route to the first server after connect_command; 0: it "
	   "does not wait.")},
    {"session_timeout", DURATION(conf_line, session_timeout), "1h", NULL, TIME(0, 7 * DAY, 'h'),
	N_("Time limit of a session. A session that exceeds it is stopped and reported to "
	   "postmaster; 0: no limit.")},
    {"max_minutes", MINUTES(conf_line, max_seconds), "0", NULL, RANGE(0, DAY),
	N_("A session ends normally after this time; the rest is left for the next one; 0: no limit.")},
    {"max_bytes_per_session", SIZE(conf_line, max_bytes_per_session), "0", NULL, RANGE(0, 1024 * GIGA),
	N_("A session stops fetching after this many bytes, in both directions (for metered lines); mail is still sent, and counts. 0: no limit.")},
    {"max_bytes_per_day", SIZE(conf_line, max_bytes_per_day), "0", NULL, RANGE(0, 1024 * GIGA),
	N_("When the line has carried this many bytes on one day, in both directions, nothing more is fetched until the next day; mail is "
	   "still sent, and counts. 0: no limit.")},
    {"max_bytes_per_month", SIZE(conf_line, max_bytes_per_month), "0", NULL, RANGE(0, 1024 * GIGA),
	N_("The same for a calendar month.")},
    {"max_received_per_session", SIZE(conf_line, max_received_per_session), "0", NULL, RANGE(0, 1024 * GIGA),
	N_("A session stops fetching after this many received bytes; 0: no limit.")},
    {"max_received_per_day", SIZE(conf_line, max_received_per_day), "0", NULL, RANGE(0, 1024 * GIGA),
	N_("When the line has received this many bytes on one day, nothing more is fetched until the next day; 0: no limit.")},
    {"max_received_per_month", SIZE(conf_line, max_received_per_month), "0", NULL, RANGE(0, 1024 * GIGA), N_("The same for a calendar month.")},
    {"max_sent_per_session", SIZE(conf_line, max_sent_per_session), "0", NULL, RANGE(0, 1024 * GIGA),
	N_("A session begins to send no further message after this many sent bytes; 0: no limit.")},
    {"max_sent_per_day", SIZE(conf_line, max_sent_per_day), "0", NULL, RANGE(0, 1024 * GIGA),
	N_("When the line has sent this many bytes on one day, mail waits in the queue until the next day, urgent mail too; 0: no limit.")},
    {"max_sent_per_month", SIZE(conf_line, max_sent_per_month), "0", NULL, RANGE(0, 1024 * GIGA), N_("The same for a calendar month.")},
    {"max_rate", SIZE(conf_line, max_rate), "0", NULL, RANGE(0, GIGA),
	N_("How many bytes per second a session receives at most, so that others can use the line; 0: no limit.")},
    {"price_per_mb", PRICE(conf_line, price_per_mb), "0", NULL, RANGE(0, 1000000),
	N_("What a megabyte on the line costs, in any currency, for `lanpost session --plan` and the reports.")},
    {"price_per_minute", PRICE(conf_line, price_per_minute), "0", NULL, RANGE(0, 1000000),
	N_("What a minute of a session costs.")},
    {"price_per_session", PRICE(conf_line, price_per_session), "0", NULL, RANGE(0, 1000000), N_("What each session costs.")},
    {"proxy", URL(conf_line, proxy), "", N_("none"),
	ONE_OF("socks5h", "socks5", "socks4a", "socks4", "http", "https"),
	N_("The proxy for connections to all external servers.")},
    {"max_per_server", INTEGER(conf_line, max_per_server), "4", NULL, RANGE(0, 1000),
	N_("How many accounts on one server are fetched at the same time; 0: all.")},
    {"permanent", FLAG(conf_line, permanent), "no", NULL, ANY,
	N_("yes: the line is always up. The gateway waits at the IMAP providers (IDLE, NOTIFY) and fetches new mail within seconds, at any hour; the schedule goes on as before.")},
};

static const struct schema_key log_keys[] = {
    {"level", WORD(conf_log, level, conf_log_level), "info", NULL,
	ONE_OF("error", "warn", "info", "debug"), N_("The level of detail of the log.")},
    {"file", PATH(conf_log, file), "", N_("none"), ANY, N_("The log file, in addition to standard error.")},
    {"max_size", SIZE(conf_log, max_size), "100K", NULL, RANGE(0, GIGA),
	N_("At this size the log file is renamed to FILE.1 and a new one is started; 0: no log file.")},
    {"syslog", FLAG(conf_log, syslog), "no", NULL, ANY, N_("yes: log to syslog as well.")},
    {"journal_days", INTEGER(conf_log, journal_days), "90", NULL, RANGE(1, 3650),
	N_("How many days the journal of `lanpost trace` is kept.")},
};

static const struct schema_key sorter_keys[] = {
    {"by_address", FLAG(conf_sorter, by_address), "yes", NULL, ANY,
	N_("yes: local users whose name, alias or external alias is among the recipients in the "
	   "header get the message without a rule.")},
    {"fold_yo", FLAG(conf_sorter, fold_yo), "no", NULL, ANY, N_("yes: rules treat е and ё as the same letter.")},
    {"unsorted_to", USERS(conf_sorter, unsorted_to), "postmaster", NULL, ANY,
	N_("The users who get mail that matches neither a rule nor an address.")},
};

/* The keys that accounts and smarthosts share. */
#define REMOTE(owner, ...)                                                                         \
	{"url", URL(owner, remote.url), NULL, N_("required"), ONE_OF(__VA_ARGS__),                 \
	    N_("The server, as scheme://host:port.")},                                             \
	{"tls", WORD(owner, remote.tls, conf_tls), "required", NULL,                               \
	    ONE_OF("required", "opportunistic", "none"),                                           \
	    N_("Encryption for a url without s. required: always. opportunistic: if the server "   \
	       "offers it; the certificate is not checked. none: never. With ca_file or pin_sha256 " \
	       "encryption is always required.")},                                                 \
	{"user", TEXT(owner, remote.user), "", N_("no login"), ANY,                                \
	    N_("The login name.")},                                                                \
	{"password", SECRET(owner, remote.password), "", N_("none"), ANY, N_("The password.")},    \
	{"password_command", COMMAND(owner, remote.password_command), "", N_("none"), ANY,         \
	    N_("A command that prints the password in its first line; replaces password. "         \
	       "lanpostd(8) lists the environment variables of commands.")},                       \
	{"oauth2_token_command", COMMAND(owner, remote.oauth2_token_command), "", N_("none"), ANY, \
	    N_("A command that prints an OAuth 2.0 access token in its first line; replaces "      \
	       "password.")},                                                                      \
	{"auth", WORD(owner, remote.auth, conf_auth), "auto", NULL,                                \
	    ONE_OF("auto", "plain", "login", "cram-md5", "apop", "scram-sha-1", "scram-sha-256",   \
		"xoauth2", "oauthbearer", "user", "login-command", "digest-md5"),                  \
	    N_("The login method. auto: the methods that the server offers, strongest first; up to " \
	       "three are tried. user: USER and PASS of POP3. login-command: LOGIN of IMAP. login: " \
	       "AUTH LOGIN, or LOGIN of IMAP. apop: POP3 only. xoauth2 and oauthbearer need "      \
	       "oauth2 or oauth2_token_command.")},                                                \
	{"oauth2", WORD(owner, remote.oauth2, conf_oauth2), "none", NULL,                          \
	    ONE_OF("none", "microsoft", "google", "own"),                                          \
	    N_("The provider where `lanpost account login` or `lanpost smarthost login` signs in (OAuth 2.0, RFC 8628); replaces password. own: the " \
	       "provider of oauth2_device_url and oauth2_token_url. A smarthost with the same user and the same settings oauth2 as an account " \
	       "uses the sign-in of the account.")},                                               \
	{"oauth2_client_id", TEXT(owner, remote.oauth2_client_id), "", N_("none; oauth2 needs one"), ANY, \
	    N_("The application that is registered at the provider.")},                            \
	{"oauth2_client_secret", SECRET(owner, remote.oauth2_client_secret), "", N_("none"), ANY,  \
	    N_("The secret of the application, if the provider has issued one.")},                 \
	{"oauth2_client_secret_command", COMMAND(owner, remote.oauth2_client_secret_command), "", N_("none"), ANY, \
	    N_("A command that prints this secret in its first line; replaces oauth2_client_secret.")}, \
	{"oauth2_device_url", TEXT(owner, remote.oauth2_device_url), "", N_("that of the provider"), ANY, \
	    N_("Where a sign-in begins (https).")},                                                \
	{"oauth2_token_url", TEXT(owner, remote.oauth2_token_url), "", N_("that of the provider"), ANY, \
	    N_("Where tokens are issued (https).")},                                               \
	{"oauth2_scope", TEXT(owner, remote.oauth2_scope), "", N_("mail, as the provider names it"), ANY, \
	    N_("What the sign-in is for, separated by blanks.")},                                  \
	{"connect_timeout", SECONDS(owner, remote.connect_timeout), "30s", NULL, RANGE(1, 600),    \
	    N_("Time limit for connecting to the server.")},                                       \
	{"ca_file", PATH(owner, remote.ca_file), "", N_("the authorities of the system"), ANY,     \
	    N_("The trusted certificate authorities, PEM.")},                                      \
	{"pin_sha256", PIN(owner, remote.pin_sha256), "", N_("none"), ANY,                         \
	    N_("The only public key that is accepted for this server.")}

static const struct schema_key smarthost_keys[] = {
    REMOTE(conf_smarthost, "smtps", "smtp"),
    {"senders", SENDERS(conf_smarthost, senders), "", N_("all senders without another smarthost"), ANY,
	N_("The senders whose mail is sent through this smarthost.")},
    {"retry", DURATIONS(conf_smarthost, retry), "5m, 15m, 1h, 4h", NULL, TIME(1, 30 * DAY, 'm'),
	N_("The time to wait after the first, second, ... failure; the last one is repeated.")},
    {"expire", DURATION(conf_smarthost, expire), "5d", NULL, TIME(1, 365 * DAY, 'd'),
	N_("A message that could not be sent for this long is returned to its sender.")},
    {"warn_after", DURATION(conf_smarthost, warn_after), "4h", NULL, TIME(0, 365 * DAY, 'h'),
	N_("The sender gets a delay warning when a message has waited this long; 0: never. As for "
	   "expire, only the time in which the smarthost was reachable counts.")},
    {"default_sender", ADDRESS(conf_smarthost, default_sender), "", N_("`user`, if it is an address"), ANY,
	N_("Replaces the LAN address of users without external_alias in outgoing mail.")},
    {"fallback", NAMES(conf_smarthost, fallback), "", N_("none; mail waits"), ANY,
	N_("The smarthosts to try, in this order, when this one cannot be reached.")},
    {"max_connections", INTEGER(conf_smarthost, max_connections), "20", NULL, RANGE(1, 100),
	N_("How many connections may be open at the same time; more than one is used only when many "
	   "messages wait.")},
    {"max_messages_per_session", INTEGER(conf_smarthost, max_messages_per_session), "0", NULL, RANGE(0, 1000000),
	N_("How many messages are sent per session, for providers with such a limit; the rest waits "
	   "for the next session. 0: no limit.")},
    {"max_messages_per_hour", INTEGER(conf_smarthost, max_messages_per_hour), "0", NULL, RANGE(0, 1000000),
	N_("How many messages are sent per hour. 0: no limit.")},
};

static const struct schema_key dkim_keys[] = {
    {"selector", HOST(conf_dkim, selector), NULL, N_("required"), ANY,
	N_("The selector: the public key is in DNS as SELECTOR._domainkey.DOMAIN; `lanpost dkim "
	   "DOMAIN` prints the record.")},
    {"key_file", PATH(conf_dkim, key_file), NULL, N_("required"), ANY,
	N_("The private key, RSA or Ed25519, PEM; `lanpost dkim DOMAIN --new rsa` (or ed25519) creates one.")},
};

static const struct schema_key user_keys[] = {
    {"password", HASH(conf_user, password), "", N_("no password"), ANY,
	N_("The password hash, set with `lanpost user passwd NAME`. It may be empty on a trusted LAN.")},
    {"scram_sha256", SCRAM(conf_user, scram_sha256), "", N_("no SCRAM login"), ANY,
	N_("Keys for SCRAM-SHA-256, written with `password` by `lanpost user passwd NAME`.")},
    {"allow_weak_auth", FLAG(conf_user, allow_weak_auth), "no", NULL, ANY,
	N_("yes: old mail programs of this user may log in with APOP and CRAM-MD5, which need "
	   "clear_password.")},
    {"clear_password", SECRET(conf_user, clear_password), "", N_("none"), ANY,
	N_("The password in clear text, used only for allow_weak_auth; `lanpost user passwd NAME` writes it.")},
    {"full_name", TEXT(conf_user, full_name), "", NULL, ANY, N_("The full name, as people see it.")},
    {"external_alias", ADDRESS(conf_user, external_alias), "", N_("none"), ANY,
	N_("Replaces the LAN address of the user in outgoing mail; mail to this address belongs to the user.")},
    {"aliases", NAMES(conf_user, aliases), "", N_("none"), ANY, N_("Other names of this user.")},
    {"forward", NAME(conf_user, forward), "", N_("nowhere"), ANY,
	N_("The addresses to which all mail of this user is forwarded.")},
    {"keep", FLAG(conf_user, keep), "yes", NULL, ANY, N_("With `forward`: yes keeps a copy in the mailbox.")},
    {"outside", FLAG(conf_user, outside), "yes", NULL, ANY, N_("no: this user may send mail only within the office.")},
    {"priority", WORD(conf_user, priority, conf_priority), "normal", NULL, ONE_OF("low", "normal", "high"),
	N_("Mail of users with a higher priority is sent first; mail to them is fetched first.")},
    {"save_sent", FLAG(conf_user, save_sent), "no", NULL, ANY,
	N_("yes: the gateway keeps a copy of each message that this user sends in their folder Sent. For mail "
	   "programs that save none, or on a slow link would send each message twice. A program that saves "
	   "the message itself makes no second copy.")},
    {"language", WORD(conf_user, language, conf_language), "", N_("as in [gateway]"), ONE_OF("en", "ru"),
	N_("The language of reports and bounces to this user.")},
    {"expire", DURATION(conf_user, expire), "0", NULL, TIME(0, 3650 * DAY, 'd'),
	N_("Messages that arrived or were moved to the Inbox longer ago than this are removed; 0: never.")},
    {"expire_folders", FOLDER_AGES(conf_user, expire_folders), "", N_("never"), TIME(0, 3650 * DAY, 'd'),
	N_("The same for other folders and the folders below them, such as Trash 30d, Junk 14d. Trash, Junk, Sent, Drafts and Archive "
	   "also mean the folder that has this use under another name. Trash/Keep 0 exempts a folder.")},
    {"archive", FLAG(conf_user, archive), "no", NULL, ANY,
	N_("yes: what `expire` and `expire_folders` would remove is moved to one Maildir folder per month under `archive` "
	   "in the spool.")},
    {"allow", SENDERS(conf_user, allow), "", N_("nobody"), ANY, N_("Like `allow` of [senders], for this user alone. The lists of the user count before those of [senders].")},
    {"deny", SENDERS(conf_user, deny), "", N_("nobody"), ANY, N_("Like `deny` of [senders], for this user alone.")},
};

static const struct schema_key account_keys[] = {
    REMOTE(conf_account, "pop3s", "pop3", "imaps", "imap"),
    {"keep_on_server", KEEP(conf_account, keep_days), "no", NULL, RANGE(1, 3650),
	N_("Whether fetched messages stay on the server, and for how many days.")},
    {"max_size", SIZES(conf_account, max_size), "0", NULL, RANGE(0, 2 * GIGA),
	N_("Larger messages stay on the server, and a stub is delivered instead, even if the server lists them as smaller; 0: no limit. "
	   "Other limits for some hours may follow: 200K, unlimited 20:00-07:00.")},
    {"give_up_after", INTEGER(conf_account, give_up_after), "6", NULL, RANGE(0, 1000),
	N_("When the connection has been lost in the same message this many times, a stub is delivered instead. By IMAP the next "
	   "connection continues the message, and only an attempt that brings nothing counts; POP3 begins again each time. 0: never.")},
    {"deliver_to", USERS(conf_account, deliver_to), "", N_("sort by rules and addresses"), ANY,
	N_("Skip sorting and deliver everything to these users.")},
    {"unsorted_to", USERS(conf_account, unsorted_to), "", N_("as in [sorter]"), ANY,
	N_("The users who get mail that sorting cannot assign.")},
    {"priority", WORD(conf_account, priority, conf_priority), "normal", NULL, ONE_OF("low", "normal", "high"),
	N_("Accounts with a higher priority are fetched first; the others wait until they are done.")},
    {"enabled", FLAG(conf_account, enabled), "yes", NULL, ANY, N_("no: the account is disabled.")},
    {"every", INTERVAL(conf_account, every), "", N_("as in [schedule]"), TIME(0, 30 * DAY, 'm'),
	N_("Fetch this account at its own interval.")},
    {"timeout", SECONDS(conf_account, timeout), "60s", NULL, RANGE(1, HOUR),
	N_("Give up on a server that is silent for this long.")},
    {"session_timeout", DURATION(conf_account, session_timeout), "0", NULL, TIME(0, DAY, 'm'),
	N_("Time limit for fetching; the rest comes with the next session. 0: no limit.")},
    {"compress", FLAG(conf_account, compress), "yes", NULL, ANY,
	N_("yes: IMAP connections are compressed (COMPRESS=DEFLATE) if the server offers it. no: they are not.")},
    {"envelope_header", TEXT(conf_account, envelope_header), "", N_("the mailbox of one person"), ANY,
	N_("For a mailbox that collects the mail of a whole domain: the header field in which the "
	   "provider records the recipient, such as Delivered-To, or auto.")},
    {"envelope_prefix", TEXT(conf_account, envelope_prefix), "", N_("none"), ANY,
	N_("The text that the provider puts before the recipient in that field, such as mbox-user-.")},
    {"trusted_received", DOMAINS(conf_account, trusted_received), "", N_("found by url"), ANY,
	N_("The domains of the provider's own servers. The last server outside them that the Received lines name is the one that "
	   "scanners judge.")},
    {"attachments", WORD(conf_account, attachments, conf_attachments), "now", NULL, ONE_OF("now", "later"),
	N_("later: of a message with large attachments only the texts and the small parts are fetched from an IMAP server; a short text with name, type and size takes the place of each large part. The whole message comes when it is asked for, as for a stub.")},
    {"attachments_above", SIZE(conf_account, attachments_above), "50K", NULL, RANGE(1024, GIGA), N_("With attachments = later: parts up to this size, as they are in the message, come at once.")},
    {"attachments_types", PATTERNS(conf_account, attachments_types), "", N_("by size only"), RANGE(VALUE_PATTERNS_AND_TYPES, INT64_MAX),
	N_("With attachments = later: parts with such a type or file name stay on the server at any size: video/*, *.zip.")},
    {"duplicates", WORD(conf_account, duplicates, conf_duplicates), "deliver", NULL, ONE_OF("deliver", "drop"),
	N_("drop: what has come through another account with duplicates = drop is not delivered again to the same mailbox or folder, nor forwarded or answered again. Such accounts are fetched one after the other.")},
    {"idle", FLAG(conf_account, idle), "yes", NULL, ANY, N_("yes: on a permanent line the gateway waits for new mail of this IMAP account. no: it is fetched by the schedule only.")},
    {"folders", FOLDERS(conf_account, folders), "INBOX", NULL, ANY,
	N_("The folders that are fetched from an IMAP server, INBOX first. The levels of a name are separated by /; * is any text. New folders that match are found in each session.")},
    {"folders_to", FOLDER_TARGETS(conf_account, folders_to), "", N_("as the mail of INBOX"), ANY,
	N_("Where the mail of a folder goes: Orders -> ivan/Orders skips sorting and delivers it to ivan's folder Orders. A * instead of the user means the users whom sorting finds: Spam -> */Junk. The first name that fits a folder counts.")},
    {"folders_keep", FOLDER_KEEPS(conf_account, folders_keep), "", N_("as keep_on_server"), RANGE(1, 3650),
	N_("keep_on_server for the messages of a folder: Spam no, \"Clients/*\" 30d. The first name that fits a folder counts.")},
};

static const struct schema_key rule_keys[] = {
    {"when", CONDITION(conf_rule, when), "", N_("required"), ANY,
	N_("The condition; see lanpost-rules(5). Put it in single quotes as a whole if it contains ; or #.")},
    {"deliver", MAILBOXES(conf_rule, deliver), "", N_("none"), ANY,
	N_("The users and groups who get the message. ivan/Invoices is a folder of ivan, which is created when it is missing; "
	   "only IMAP shows folders.")},
    {"copy", MAILBOXES(conf_rule, copy), "", N_("none"), ANY,
	N_("The users and groups who get a copy. Sorting goes on as if the message had no recipient yet.")},
    {"forward", ADDRESSES(conf_rule, forward), "", N_("none"), ANY,
	N_("The external addresses to which the message is forwarded with the office as the sender: "
	   "bounces come to postmaster.")},
    {"redirect", ADDRESSES(conf_rule, redirect), "", N_("none"), ANY,
	N_("Like forward, but the original sender stays, unless the smarthost accepts only the "
	   "address of its login as the sender.")},
    {"drop", FLAG(conf_rule, drop), "no", NULL, ANY, N_("yes: discard the message; no further rules apply.")},
    {"reject_to", USERS(conf_rule, reject_to), "", N_("none"), ANY,
	N_("Only these users get the message, for review; no further rules apply.")},
    {"tag", TEXT(conf_rule, tag), "", N_("none"), ANY,
	N_("A header line to add to the message, such as X-Category: bank; a word without a colon "
	   "is added as X-Lanpost-Tag.")},
    {"subject_prefix", TEXT(conf_rule, subject_prefix), "", N_("none"), ANY,
	N_("Text to put before the subject, such as [bank].")},
    {"reply", TEXT(conf_rule, reply), "", N_("none"), ANY,
	N_("The text of a reply to the sender; \\n begins a new line. Mailing lists, programs and "
	   "the null sender never get a reply.")},
    {"reply_days", INTEGER(conf_rule, reply_days), "7", NULL, RANGE(1, 60),
	N_("The same sender gets this reply once in this number of days.")},
    {"stop", FLAG(conf_rule, stop), "no", NULL, ANY, N_("yes: no further rules apply.")},
    {"on", WORD(conf_rule, on, conf_rule_on), "fetched", NULL, ONE_OF("fetched", "listed"),
	N_("listed: the rule sees the header and the size of a new message on the server, before it is fetched. Its actions are fetch, stub, leave, "
	   "delete and priority; the first rule with one of the first four decides.")},
    {"fetch", FLAG(conf_rule, fetch), "no", NULL, ANY, N_("yes: fetch the message, whatever its size.")},
    {"stub", FLAG(conf_rule, stub), "no", NULL, ANY, N_("yes: leave the message on the server and deliver a stub, whatever its size.")},
    {"leave", FLAG(conf_rule, leave), "no", NULL, ANY, N_("yes: leave the message on the server. Nobody gets it.")},
    {"delete", FLAG(conf_rule, remove), "no", NULL, ANY, N_("yes: delete the message on the server. Nobody gets it, and it cannot be restored.")},
    {"priority", WORD(conf_rule, priority, conf_priority), "normal", NULL, ONE_OF("low", "normal", "high"),
	N_("Messages with a higher priority are fetched first.")},
};

static const struct schema_key group_keys[] = {
    {"members", USERS(conf_group, members), "", N_("required"), ANY, N_("The users of this group. Its name may be used wherever users are listed.")},
};

static const struct schema_key mailbox_keys[] = {
    {"members", MEMBERS(conf_shared, members), "", N_("required"), ANY,
	N_("The users and groups who see this mailbox in IMAP. maria:read may only read; the others also change and file its "
	   "messages and may send with its address.")},
    {"aliases", NAMES(conf_shared, aliases), "", N_("none"), ANY, N_("Other names of this mailbox.")},
    {"external_alias", ADDRESS(conf_shared, external_alias), "", N_("none"), ANY, N_("Replaces the LAN address of the mailbox in outgoing mail; mail to this address belongs to the mailbox.")},
    {"quota", SIZE(conf_shared, quota), "0", NULL, RANGE(0, 1024 * GIGA), N_("How large the mailbox may become; 0: as mailbox_quota in [limits].")},
    {"expire", DURATION(conf_shared, expire), "0", NULL, TIME(0, 3650 * DAY, 'd'),
	N_("Messages that arrived or were moved to the mailbox longer ago than this are removed; 0: never.")},
    {"expire_folders", FOLDER_AGES(conf_shared, expire_folders), "", N_("never"), TIME(0, 3650 * DAY, 'd'), N_("The same for its folders and the folders below them, such as Done 365d.")},
    {"archive", FLAG(conf_shared, archive), "no", NULL, ANY,
	N_("yes: what `expire` and `expire_folders` would remove is moved to one Maildir folder per month under `archive` in the spool.")},
};

#define SINGLE(name, help)                                                                                                                         \
	{                                                                                                                                          \
		#name, NULL, sizeof(struct conf_##name), offsetof(struct conf, name), 0, 0, name##_keys, ARRAY_LEN(name##_keys), help               \
	}
#define NAMED_AS(kind, name, example, help)                                                                                                       \
	{                                                                                                                                          \
		#kind, example, sizeof(struct conf_##name), offsetof(struct conf, name##s), offsetof(struct conf, name##_count),                    \
		    offsetof(struct conf_##name, place), kind##_keys, ARRAY_LEN(kind##_keys), help                                                  \
	}
#define NAMED(name, example, help) NAMED_AS(name, name, example, help)
#define NAME_IS_FIRST(type) _Static_assert(offsetof(struct type, name) == 0, "the name comes first")
NAME_IS_FIRST(conf_smarthost);
NAME_IS_FIRST(conf_dkim);
NAME_IS_FIRST(conf_user);
NAME_IS_FIRST(conf_account);
NAME_IS_FIRST(conf_group);
NAME_IS_FIRST(conf_rule);
NAME_IS_FIRST(conf_scanner);
NAME_IS_FIRST(conf_shared);
NAME_IS_FIRST(conf_way);

const struct schema_section schema_sections[] = {
    SINGLE(gateway, N_("The gateway itself.")),
    SINGLE(lan, N_("The servers for mail programs on the LAN.")),
    SINGLE(limits, N_("Limits for users and messages.")),
    SINGLE(schedule, N_("When communication sessions start.")),
    SINGLE(line, N_("How the gateway connects to the internet and disconnects.")),
    SINGLE(log, N_("The log.")),
    NAMED(smarthost, "default", N_("A smarthost: a server that accepts outgoing mail.")),
    NAMED(dkim, "example.ru", N_("A domain of the office: outgoing mail from its addresses is signed (DKIM).")),
    NAMED(user, "ivan", N_("A user with a mailbox.")),
    NAMED(account, "sales", N_("A mailbox at a provider, from which mail is fetched.")),
    SINGLE(sorter, N_("Sorting of fetched mail.")),
    NAMED(group, "sales", N_("Several users under one name, for rules and as an address in local_domain.")),
    NAMED(rule, "invoices", N_("A rule of the sorter. Rules are checked in file order; each one "
        "that matches adds its recipients, until one with stop = yes.")),
    NAMED(scanner, "av", N_("A scanner for viruses or spam; see docs/filter.md.")),
    SINGLE(filter, N_("What follows from the verdicts of scanners.")),
    SINGLE(senders, N_("Senders whose mail is never spam, and those whose mail always is.")),
    NAMED_AS(mailbox, shared, "info", N_("A mailbox that several users share: nobody logs in to it, and IMAP shows it to its members as "
        "Shared/info. Its name is an address in local_domain.")),
    {"line", "gsm", sizeof(struct conf_way), offsetof(struct conf, ways), offsetof(struct conf, way_count), offsetof(struct conf_way, place),
	way_keys, SCHEMA_WAY_KEYS, N_("One of several lines. A session uses the first that comes up; [line] then has only the limits and times, and these keys "
        "are those of each [line NAME].")},
};
const size_t schema_section_count = ARRAY_LEN(schema_sections);
