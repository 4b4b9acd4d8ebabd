/*
 * The configuration as typed structs.
 *
 * A struct conf is built from the files, checked as a whole, and never changed afterwards: a
 * reload builds a new one and replaces the old one. config/schema.c has the table of all keys
 * (name, type, limits, default, help line). Sizes are in bytes, times in seconds. Strings are
 * never NULL (empty: ""), except where noted. Names of users are lower case.
 */
#ifndef LANPOST_CONFIG_CONF_H
#define LANPOST_CONFIG_CONF_H

#include "base/err.h"
#include "base/str.h"
#include "config/conf_remote.h"

#include <netinet/in.h>
#include <sys/types.h>
#include <time.h>

enum conf_language { LANGUAGE_EN, LANGUAGE_RU };
const char *conf_language_code(enum conf_language language); /* as base/i18n.h has it */
enum conf_log_level { CONF_LOG_ERROR, CONF_LOG_WARN, CONF_LOG_INFO, CONF_LOG_DEBUG };

/* An address range in network order; IPv4 as ::ffff:a.b.c.d. */
struct conf_net {
	struct in6_addr first, last;
};
struct conf_nets {
	struct conf_net *items;
	size_t count;
};

/* A list of durations or times of day, in seconds. */
struct conf_numbers {
	int64_t *items;
	size_t count;
};

/* How long messages stay in folders: "Trash 30d". */
struct conf_folder_age {
	char *folder;
	int64_t seconds; /* 0: for ever */
};
struct conf_folder_ages {
	struct conf_folder_age *items;
	size_t count;
};

/* The place of a value: "lanpost.conf:12". Files are named as they were opened. */
struct conf_place {
	const char *file; /* owned by the conf */
	int line;	  /* 0: not in a file (a default) */
};

/* What goes over the line first. */
enum conf_priority { PRIORITY_LOW, PRIORITY_NORMAL, PRIORITY_HIGH };

/* Of which failed mail postmaster gets a report. */
enum conf_bounce_copies { COPIES_NONE, COPIES_SERIOUS, COPIES_FAILED, COPIES_ALL };

struct conf_gateway {
	char *hostname;
	char *local_domain;
	bool relay_unknown;
	char *spool;
	char *postmaster; /* user who also gets postmaster's mail; "" for none */
	char *boss;	  /* user name or "" */
	struct strlist daemon_users; /* none: all */
	int64_t daemon_limit;	     /* sessions an hour; 0: no limit */
	bool boss_incoming; /* also a copy of fetched mail */
	enum conf_bounce_copies bounce_copies;
	int64_t bounce_size; /* bytes of a message up to which a bounce returns it whole */
	struct conf_numbers digest; /* time of day of the daily digest; none: no digest */
	enum conf_language language;
};

/* Forwards from user to user in sequence; the limit protects the stack of a thread. */
#define CONF_FORWARDS_MAX 20
#define CONF_USERS_MAX 1500 /* a message to all of them has a place for each (spool/envelope.h) */

struct conf_lan {
	struct strlist listen;
	int64_t smtp_port, submission_port, smtps_port, pop3_port, pop3s_port, imap_port, imaps_port; /* 0: off */
	int64_t timeout;
	int64_t max_sessions, max_sessions_per_ip, max_sessions_per_network;
	bool require_auth, check_from, suggest_names;
	bool smtp_tls_required, submission_tls_required, pop3_tls_required, imap_tls_required;
	bool allow_empty_password, search_index;
	int64_t pop3_login_delay; /* 0: none */
	char *tls_cert, *tls_key; /* paths, "" for the self-signed certificate */
	struct conf_nets allow, deny;
};

struct conf_limits {
	int64_t max_message_size;
	int64_t max_outgoing_size;  /* 0: none */
	int64_t picture_width, picture_height; /* pixels of outgoing photos; 0: any */
	int64_t user_daily_messages; /* 0: none */
	int64_t user_daily_bytes;    /* 0: none */
	struct strlist forbidden_attachments;
	int64_t mailbox_quota;	     /* 0: none */
};

struct conf_schedule {
	int64_t every;		/* 0: never automatically */
	struct conf_numbers at; /* seconds since midnight, local time */
	unsigned days;		/* bit 0 Sunday ... bit 6 Saturday, as tm_wday */
	int64_t hours_from, hours_to; /* seconds since midnight; equal: all day */
	struct conf_numbers holidays; /* 20261231, or 1231 for every year */
	int64_t when_queued, when_queued_for; /* messages, seconds; 0: never for that */
	bool on_start;
	struct strlist urgent_users; /* none: nobody */
	int64_t urgent_limit;	     /* sessions an hour */
	bool fetch_on_login;
	int64_t fetch_on_login_rest; /* seconds after a session that fetched the account */
};

struct conf_line {
	const char *way; /* the [line NAME] that this process uses (conf_way_use()); NULL: none */
	char *connect_command, *disconnect_command, *proxy;
	bool permanent;		 /* always up */
	int64_t command_timeout; /* of these commands */
	char *while_up; /* run once the mail of a session is done; "": none */
	int64_t while_up_timeout, while_up_every; /* every: 0: in each session */
	int64_t route_timeout;	 /* 0: do not wait for a route */
	int64_t session_timeout; /* 0: none */
	int64_t max_seconds, max_bytes_per_session; /* time limit of a session; 0: none */
	int64_t max_bytes_per_day, max_bytes_per_month; /* 0: none */
	int64_t max_received_per_session, max_received_per_day, max_received_per_month; /* of these, and */
	int64_t max_sent_per_session, max_sent_per_day, max_sent_per_month;
	int64_t max_rate; /* received bytes per second; 0: no limit */
	int64_t price_per_mb, price_per_minute, price_per_session; /* in ten-thousandths; 0: none */
	int64_t max_per_server; /* accounts at one server at the same time; 0: all */
};

/* One of several lines, [line NAME]: a session uses the first that comes up, and its keys replace those of [line]. */
struct conf_way {
	char *name;
	struct conf_place place;
	int64_t order; /* the smallest is tried first */
	char *connect_command, *disconnect_command, *proxy;
	int64_t hours_from, hours_to; /* seconds since midnight; equal: all day */
	int64_t price_per_mb, price_per_minute, price_per_session;
};

struct conf_log {
	enum conf_log_level level;
	char *file;
	int64_t max_size;
	bool syslog;
	int64_t journal_days;
};

/* A limit of size that may be another one in some hours. */
struct conf_sizes {
	int64_t usual; /* bytes; 0: no limit */
	struct conf_size_hours {
		int64_t size;
		int64_t from, to; /* seconds since midnight; they may cross it */
	} *items;
	size_t count;
};

struct conf_smarthost {
	char *name;
	struct conf_place place;
	struct conf_remote remote;
	struct strlist senders;
	struct conf_numbers retry;
	int64_t expire, warn_after;
	char *default_sender; /* the login, if the file gives no address and the login is one; else "" */
	struct strlist fallback;
	int64_t max_connections, max_messages_per_session, max_messages_per_hour;
};

/* A domain whose mail is signed (RFC 6376); its name is the domain. */
struct conf_dkim {
	char *name;
	struct conf_place place;
	char *selector, *key_file;
};

struct conf_user {
	char *name;
	struct conf_place place;
	char *password;	    /* crypt(3) hash; "": none needed (trusted LAN) */
	char *scram_sha256; /* base/scram.h; "": no challenge-response login */
	bool allow_weak_auth;
	char *clear_password; /* only for APOP and CRAM-MD5, with allow_weak_auth */
	char *full_name, *external_alias;
	struct strlist aliases;
	char *forward;
	bool keep;
	bool outside; /* may send to external addresses */
	enum conf_priority priority;
	bool save_sent; /* what they send is kept in their folder Sent */
	enum conf_language language; /* of messages that the gateway writes to them */
	bool archive; /* expired messages are kept there */
	int64_t expire; /* of messages in the Inbox, seconds; 0: never */
	struct conf_folder_ages expire_folders;
	struct strlist allow, deny; /* senders, as in [senders], of this user alone */
};

struct conf_account {
	char *name;
	struct conf_place place;
	struct conf_remote remote;
	int64_t keep_days; /* keep_on_server: 0 no, -1 yes (for ever), else days */
	struct conf_sizes max_size;
	int64_t give_up_after; /* attempts at one message; 0: never */
	struct strlist deliver_to, unsorted_to;
	enum conf_priority priority;
	bool enabled;
	bool compress; /* IMAP, where the server offers it */
	enum conf_attachments { ATTACHMENTS_NOW, ATTACHMENTS_LATER } attachments; /* IMAP */
	int64_t attachments_above; /* bytes */
	struct strlist attachments_types;
	enum conf_duplicates { DUPLICATES_DELIVER, DUPLICATES_DROP } duplicates; /* of messages that came through another account */
	bool idle;     /* IMAP, on a permanent line */
	int64_t every; /* -1: as [schedule] */
	int64_t timeout;	 /* of a silent server */
	int64_t session_timeout; /* 0: none */
	char *envelope_header;	 /* for a catch-all mailbox: "", "auto" or the name of a field */
	char *envelope_prefix;
	struct strlist trusted_received; /* domains of the provider's servers; none: by the url */
	struct strlist folders, folders_to;   /* IMAP: config/conf_folders.h */
	struct conf_folder_ages folders_keep; /* the same; -1: for ever */
};

/* Where a message comes from or goes to: bits of conf_scanner.on, in the order of its words. */
enum { CONF_FETCHED = 1, CONF_LOCAL = 2, CONF_OUTGOING = 4 };
#define CONF_LINE_DOWN 8u /* with sources: scanners with needs_line cannot be asked now */
enum conf_when_away { AWAY_DELIVER, AWAY_WAIT };

/* A scanner for viruses or spam. */
struct conf_scanner {
	char *name;
	struct conf_place place;
	char *url; /* clamd://, spamd://, rspamd://; see config/scanner_url.h */
	unsigned on; /* CONF_... */
	int64_t timeout;  /* for one message */
	int64_t max_size; /* 0: none */
	enum conf_when_away when_away;
	bool needs_line; /* it asks the internet: only while the line is up; false if that is always so */
	char *learn_url; /* where it learns; "": see scanner_url_to_learn() */
};

enum conf_virus { VIRUS_QUARANTINE, VIRUS_REJECT, VIRUS_TAG, VIRUS_STRIP /* attachments only */ };

/* What follows from verdicts; scores in thousandths, 0: never. */
struct conf_filter {
	enum conf_virus virus;
	int64_t spam_junk, spam_quarantine;
	struct strlist attachments_forbidden; /* names "*.exe", and types "application/x-dosexec" */
	unsigned attachments_kinds;	      /* enum attachment_kind */
	unsigned attachments_on;	      /* CONF_... */
	enum conf_virus attachments;	      /* what becomes of a message with one */
	int64_t expire; /* of the quarantine, seconds; 0: never */
	bool daily_list; /* users get lists of what is kept back from them */
	struct conf_numbers daily_list_at; /* time of day */
	unsigned user_release;		/* enum kept_kind: what users may release themselves; never viruses */
	bool learn; /* scanners for spam learn from what users do */
};

/* Friends and foes of the whole office: addresses and domains. */
struct conf_senders {
	struct strlist allow, deny;
	int64_t friends; /* for how long an address is a friend after a user has written to it, seconds; 0: never */
};

struct conf_sorter {
	bool by_address, fold_yo;
	struct strlist unsorted_to;
};

/* Users under one name: allowed wherever the configuration has a list of users. */
struct conf_group {
	char *name;
	struct conf_place place;
	struct strlist members;
};

/* A mailbox that nobody logs in to. IMAP shows it to its members as Shared/NAME, each with \Seen of their own. */
struct conf_shared {
	char *name;
	struct conf_place place;
	struct strlist members; /* users, aliases, groups; "maria:read" may only read */
	struct strlist aliases;
	char *external_alias;
	int64_t quota; /* 0: as in [limits] */
	bool archive;
	int64_t expire;
	struct conf_folder_ages expire_folders;
};
/* What a user may do in a shared mailbox. */
enum conf_share { SHARE_NONE, SHARE_READ, SHARE_WRITE };

/* When a rule is applied: to the fetched message, or to its header while it is on the server. */
enum conf_rule_on { RULE_FETCHED, RULE_LISTED };

struct conf_rule {
	char *name;
	struct conf_place place;      /* of the section */
	struct conf_place when_place; /* of its `when` */
	char *when;
	struct strlist deliver, copy; /* users, aliases, groups, shared mailboxes, perhaps with a folder: "ivan/Invoices" */
	struct strlist reject_to; /* users, aliases, groups, shared mailboxes */
	struct strlist forward, redirect;        /* addresses */
	bool drop;
	char *tag, *subject_prefix;
	char *reply; /* \n is stored as two characters */
	int64_t reply_days;
	bool stop;
	enum conf_rule_on on;
	bool fetch, stub, leave, remove; /* of RULE_LISTED: what becomes of the message */
	enum conf_priority priority;	 /* of RULE_LISTED; normal: as its recipients */
};

struct conf {
	struct conf_gateway gateway;
	struct conf_lan lan;
	struct conf_limits limits;
	struct conf_schedule schedule;
	struct conf_line line;
	struct conf_way *ways; /* [line NAME] */
	size_t way_count;
	struct conf_log log;
	struct conf_sorter sorter;
	struct conf_smarthost *smarthosts; /* in file order */
	size_t smarthost_count;
	struct conf_dkim *dkims;
	size_t dkim_count;
	struct conf_user *users;
	size_t user_count;
	struct conf_account *accounts;
	size_t account_count;
	struct conf_group *groups;
	size_t group_count;
	struct conf_shared *shareds; /* [mailbox NAME] */
	size_t shared_count;
	struct conf_rule *rules;
	size_t rule_count;
	struct conf_filter filter;
	struct conf_senders senders;
	struct conf_scanner *scanners;
	size_t scanner_count;
	struct strlist files; /* the files that were read; place.file points here */
};

/* One problem found in the files. */
struct conf_problem {
	struct conf_place place;
	bool is_warning; /* usable, but the admin should know */
	bool is_exposed; /* the file has passwords, and other users can read it: conf_private_mode() is the fix */
	char *phrase;	 /* base/phrase.h: one line without place and newline */
};
struct conf_problems {
	struct conf_problem *items;
	size_t count, errors; /* count includes the warnings */
};
void conf_problem_add(struct conf_problems *problems, struct conf_place place, bool is_warning,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The private mode for a file with passwords: readable by its group if that is the service's group. */
mode_t conf_private_mode(const char *path);
void conf_problems_clear(struct conf_problems *problems);
/* Converts the problem to an error with its place in front ("FILE:LINE: ", only FILE if no line is
 * concerned). Returns -1. */
int conf_problem_error(const struct conf_problem *problem, struct error *error);
/* By file (in the order in which they first appear) and line. */
void conf_problems_sort(struct conf_problems *problems);

/* Reads lanpost.conf and the files beside it, and checks everything that can be checked without
 * other modules (sorter/ checks rule conditions). Returns a new conf, or NULL if there was any
 * error. *problems (initialised by the caller to zero) gets all findings; it may contain
 * warnings even if a conf is returned. place.file of a problem stays valid until
 * conf_problems_clear(). */
struct conf *conf_load(const char *path, struct conf_problems *problems);
/* The same with text instead of the content of the file `edited` (one of those that conf_load() reads; it need
 * not exist): to check a change before it is made. */
struct conf *conf_load_edited(const char *path, const char *edited, struct slice text,
    struct conf_problems *problems);
/* As conf_load(), but returns everything that could be read in spite of errors: only for other
 * modules to find more problems (rule conditions). An invalid `when` of a rule becomes "always". */
struct conf *conf_load_broken(const char *path, struct conf_problems *problems);
/* Both: everything that could be read, with text instead of the file `edited`. */
struct conf *conf_load_edited_broken(const char *path, const char *edited, struct slice text,
    struct conf_problems *problems);
void conf_free(struct conf *conf);

/* These return NULL if there is no match. Users are found by their exact lower-case name only;
 * for aliases and addresses see mail/route.h. */
const struct conf_user *conf_find_user(const struct conf *conf, const char *name);
/* Whether a list of users names this one, or a group that they are in. */
bool conf_users_have(const struct conf *conf, const struct strlist *users, const char *user);
const struct conf_group *conf_find_group(const struct conf *conf, const char *name);
const struct conf_shared *conf_find_shared(const struct conf *conf, const char *name);
/* What the user may do in this shared mailbox (SHARE_NONE also if there is no such mailbox). */
enum conf_share conf_share_of(const struct conf *conf, const char *shared, const char *user);
const struct conf_account *conf_find_account(const struct conf *conf, const char *name);
/* Whether attachments of mail from or to there (CONF_FETCHED ...) are looked at. */
bool conf_forbids_attachments(const struct conf *conf, unsigned sources);
/* Whether any mail is filtered: by scanners, or for its attachments. */
bool conf_has_filters(const struct conf *conf);
/* Whether a scanner looks for SCAN_VIRUS or SCAN_SPAM in mail from one of these sources (CONF_...). */
bool conf_scans(const struct conf *conf, unsigned what, unsigned sources);
/* Whether any scanner learns from what users do. */
bool conf_learns(const struct conf *conf);
const struct conf_scanner *conf_find_scanner(const struct conf *conf, const char *name);
const struct conf_smarthost *conf_find_smarthost(const struct conf *conf, const char *name);
/* The identity of the account's mailbox upstream, independent of the account's name and protocol: "login host", with
 * the port if it is not a standard port. Lower case, in new memory. */
char *conf_mailbox(const struct conf_account *account);
/* The first enabled account before this one that fetches the same mailbox; NULL: none. */
const struct conf_account *conf_account_twin(const struct conf *conf, const struct conf_account *account);
/* The user who owns this address or bare local name: name, alias or external alias, not
 * case-sensitive. `postmaster` and `daemon` are not found here. */
const struct conf_user *conf_owner_of(const struct conf *conf, struct slice address);
/* The name of the mailbox to which this address or bare local name leads: of the user who owns it, or of a shared mailbox, by its
 * name, aliases or external alias. NULL: none. `postmaster` and `daemon` are not found here. */
const char *conf_mailbox_at(const struct conf *conf, struct slice address);
/* Appends the names of all mailboxes: postmaster, then the users, then the shared ones. */
void conf_mailbox_names(const struct conf *conf, struct strlist *names);
/* Whether there is a mailbox of this exact name. */
bool conf_has_mailbox(const struct conf *conf, const char *name);
/* How long messages stay in a mailbox, in seconds (0: for ever), and whether they go to the archive then. */
struct conf_expiry {
	int64_t inbox;
	const struct conf_folder_ages *folders;
	bool archive;
};
struct conf_expiry conf_mailbox_expiry(const struct conf *conf, const char *name);
/* The bytes that it may hold; 0: no limit. postmaster's mailbox is never full: it receives the reports. */
int64_t conf_mailbox_quota(const struct conf *conf, const char *name);
/* The smarthost for this sender address: exact address, then domain, then the one without
 * `senders`. NULL: no smarthost is configured for it. */
const struct conf_smarthost *conf_smarthost_for(const struct conf *conf, struct slice sender);
/* How mail of this domain is signed; NULL: it is not. */
const struct conf_dkim *conf_dkim_for(const struct conf *conf, const char *domain);
/* Whether the smarthost is named in another's `fallback`: without `senders` it only replaces
 * that one. */
bool conf_is_fallback(const struct conf *conf, const struct conf_smarthost *smarthost);
/* True for a name that can be a folder: 1 to 64 of a-z 0-9 . _ -, beginning with a letter or
 * digit, and not `daemon` (which has no mailbox). */
bool conf_is_mailbox_name(struct slice name);
const struct conf_rule *conf_find_rule(const struct conf *conf, struct slice name); /* NULL: there is none */
/* Whether there is a rule for messages on the server of the provider. */
bool conf_has_listed_rules(const struct conf *conf);
/* Whether the rule has no action. */
bool conf_rule_does_nothing(const struct conf_rule *rule);
/* Whether this time of day is within these hours (seconds since midnight), which may cross midnight; from == to: all day. */
bool conf_hours_have(int64_t from, int64_t to, const struct tm *tm);
/* The limit at this time (seconds since 1970; local hours): of the first range that has it, else the usual one, which is also that of time 0. */
int64_t conf_size_at(const struct conf_sizes *sizes, int64_t now);
/* The line to try after `last` (NULL: the first one) at this time, by `order` and the order of the file; NULL: none is left. */
const struct conf_way *conf_way_next(const struct conf *conf, const struct conf_way *last, int64_t now);
/* Uses it from now on. Only for a process with a configuration of its own, before its first thread. */
void conf_way_use(struct conf *conf, const struct conf_way *way);
const struct conf_way *conf_find_way(const struct conf *conf, const char *name);
/* Whether any line has a connect_command: else the line is always on. */
bool conf_line_is_dialled(const struct conf *conf);
/* True if the address is in one of the ranges. An IPv6 range contains IPv4 only if it begins with ::ffff:. */
bool conf_nets_have(const struct conf_nets *nets, const struct in6_addr *address);

#define CONF_POSTMASTER "postmaster"
#define CONF_DAEMON "daemon"

/* Overwrites all secrets in the configuration (the types of value_is_secret()), for a process that needs none, or only those of one server:
 * except, of conf; NULL: none. */
void conf_wipe_secrets(struct conf *conf, const struct conf_remote *except);

#endif
