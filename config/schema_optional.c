/* The keys of sections that only some offices need: [scanner], [filter], [senders], [line NAME]. */
#include "base/i18n.h"
#include "config/schema_rows.h"

const struct schema_key scanner_keys[SCHEMA_SCANNER_KEYS] = {
    {"url", SCANNER(conf_scanner, url), NULL, N_("required"), ONE_OF("clamd", "spamd", "rspamd"),
	N_("The scanner: clamd:///run/clamav/clamd.ctl, clamd://host:3310, spamd://host:783 or rspamd://host:11333.")},
    {"on", WORDS(conf_scanner, on), "fetched, local, outgoing", NULL, ONE_OF("fetched", "local", "outgoing"),
	N_("The mail that it scans: fetched, local (from the LAN to mailboxes here), outgoing (from the LAN to external addresses).")},
    {"timeout", SECONDS(conf_scanner, timeout), "30s", NULL, RANGE(1, 600),
	N_("Give up on a scanner that has not answered for a message after this time.")},
    {"max_size", SIZE(conf_scanner, max_size), "25M", NULL, RANGE(0, 2 * GIGA),
	N_("Larger messages are not scanned by it; 0: no limit.")},
    {"when_away", WORD(conf_scanner, when_away, conf_when_away), "deliver", NULL, ONE_OF("deliver", "wait"),
	N_("What becomes of a message that it cannot scan. deliver: it is delivered, marked as not scanned, and scanned later. wait: "
	   "fetched mail stays with the provider, the LAN server refuses mail for now (451).")},
    {"needs_line", FLAG(conf_scanner, needs_line), "no", NULL, ANY,
	N_("yes: it asks the internet (DNS lists), so it is asked only while the line is up (connect_command). Mail that comes from the LAN in between "
	   "is scanned in the next session, as when it is away.")},
    {"learn_url", SCANNER(conf_scanner, learn_url), "", N_("spamd: as url; rspamd: the port after that of url"), ONE_OF("spamd", "rspamd"), N_("Where a scanner for spam learns: of rspamd its controller, rspamd://127.0.0.1:11334.")},
};

const struct schema_key filter_keys[SCHEMA_FILTER_KEYS] = {
    {"virus", WORD(conf_filter, virus, conf_virus), "quarantine", NULL, ONE_OF("quarantine", "reject", "tag"),
	N_("What becomes of a message with a virus. quarantine: it is kept there. reject: the LAN server refuses it; fetched mail goes to "
	   "quarantine. tag: it is delivered with a header line.")},
    {"spam_junk", SCORE(conf_filter, spam_junk), "5", NULL, {.max = 1000000}, N_("A fetched message with this score or more is delivered to the folder Junk; 0: never.")},
    {"spam_quarantine", SCORE(conf_filter, spam_quarantine), "15", NULL, {.max = 1000000}, N_("A fetched message with this score or more goes to quarantine; 0: never.")},
    {"attachments_forbidden", PATTERNS(conf_filter, attachments_forbidden), "", N_("none"), RANGE(VALUE_PATTERNS_AND_TYPES, INT64_MAX),
	N_("Attachments that nobody gets: patterns for names, also of files in archives (*.exe), and for real types (application/x-dosexec).")},
    {"attachments_kinds", WORDS(conf_filter, attachments_kinds), "", N_("none"), ONE_OF("encrypted", "macros", "program", "unreadable"),
	N_("The same by kind. encrypted: archives and documents with a password. macros: Office documents with macros. program: programs, "
	   "whatever their names. unreadable: what cannot be looked through completely.")},
    {"attachments_on", WORDS(conf_filter, attachments_on), "fetched, local, outgoing", NULL, ONE_OF("fetched", "local", "outgoing"),
	N_("The mail whose attachments are looked at, as for a scanner.")},
    {"attachments", WORD(conf_filter, attachments, conf_virus), "quarantine", NULL, ONE_OF("quarantine", "reject", "tag", "strip"),
	N_("What becomes of a message with such an attachment, as for a virus. strip: it is delivered without the attachment, with a text in its "
	   "place; the whole message stays in quarantine. Mail that leaves the office is refused then, so that its sender knows.")},
    {"expire", DURATION(conf_filter, expire), "30d", NULL, TIME(0, 3650 * DAY, 'd'), N_("Messages in the quarantine older than this are removed; 0: never.")},
    {"daily_list", FLAG(conf_filter, daily_list), "yes", NULL, ANY,
	N_("yes: each user gets a list of the messages that were kept back from them, once a day; a user for whom nothing was kept gets none.")},
    {"daily_list_at", TIMES(conf_filter, daily_list_at), "08:00", NULL, ANY, N_("The time of day for these lists: they are sent with the first session after it.")},
    {"user_release", WORDS(conf_filter, user_release), "spam", NULL, ONE_OF("spam", "attachments"),
	N_("What users may release themselves, by a reply to this list: spam, attachments. Never a virus.")},
    {"learn", FLAG(conf_filter, learn), "yes", NULL, ANY, N_("yes: scanners for spam learn from messages that users move to the folder Junk and out of it, or send as attachments to spam@ and ham@ the local domain.")},
};

const struct schema_key senders_keys[SCHEMA_SENDERS_KEYS] = {
    {"allow", SENDERS(conf_senders, allow), "", N_("nobody"), ANY, N_("Addresses and domains whose mail is never spam, whatever its score; viruses are looked for as in other mail.")},
    {"deny", SENDERS(conf_senders, deny), "", N_("nobody"), ANY, N_("Addresses and domains whose fetched mail goes to the folder Junk, whatever its score.")},
    {"friends", DURATION(conf_senders, friends), "180d", NULL, TIME(0, 3650 * DAY, 'd'),
	N_("For this long after a user has written to an address, mail from there to this user is not spam; 0: never. A message whose sender is forged by SPF, DKIM or DMARC does not count.")},
};

const struct schema_key way_keys[SCHEMA_WAY_KEYS] = {
    {"order", INTEGER(conf_way, order), "0", NULL, RANGE(0, 1000),
	N_("The line with the smallest number is tried first, then the next one; lines with the same number in the order of the file.")},
    {"connect_command", COMMAND(conf_way, connect_command), "", N_("always connected"), ANY,
	N_("As in [line]. If it fails, or there is no route within route_timeout, the next line is tried.")},
    {"disconnect_command", COMMAND(conf_way, disconnect_command), "", N_("none"), ANY, N_("As in [line].")},
    {"proxy", URL(conf_way, proxy), "", N_("none"), ONE_OF("socks5h", "socks5", "socks4a", "socks4", "http", "https"),
	N_("The proxy for all connections over this line.")},
    {"hours", HOURS(conf_way, hours_from), "", N_("all day"), ANY,
	N_("The hours in which sessions may begin to use this line; they may cross midnight.")},
    {"price_per_mb", PRICE(conf_way, price_per_mb), "0", NULL, RANGE(0, 1000000), N_("What a megabyte on this line costs, as in [line].")},
    {"price_per_minute", PRICE(conf_way, price_per_minute), "0", NULL, RANGE(0, 1000000), N_("What a minute of a session costs.")},
    {"price_per_session", PRICE(conf_way, price_per_session), "0", NULL, RANGE(0, 1000000), N_("What each session costs.")},
};
