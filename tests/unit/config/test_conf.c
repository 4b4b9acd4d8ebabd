#include "base/alloc.h"
#include "base/clock.h"
#include "base/file/fsx.h"
#include "config/conf.h"
#include "config/conf_reference.h"
#include "tests/unit/cpu_time.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HASH "$y$j9T$c7NgxuS5U52UaySdA7cbX1$tvDrj3Uk7ni9Mof6GS/CpaocilFpLvKtr0sWhoxNvs8"

static char folder[] = "/tmp/test_conf.XXXXXX";
static char *conf_path;

static int make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	conf_path = xasprintf("%s/lanpost.conf", folder);
	return 0;
}

static int drop_folder(void **state)
{
	(void)state;
	free(conf_path);
	return rmdir(folder);
}

static char *put(const char *name, const char *text, unsigned mode)
{
	char *path = xasprintf("%s/%s", folder, name);
	struct slice part = slice_of(text);
	struct error error = ERROR_INIT;

	assert_int_equal(fsx_create(path, &part, 1, 0600, &error), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static void take_away(char *path)
{
	unlink(path);
	free(path);
}

/* Loads a text after a [gateway] with a spool that can be written; text's first line is line 4. */
static struct conf *load(const char *text, struct conf_problems *problems)
{
	char *whole = xasprintf("[gateway]\nspool = %s/spool\nlocal_domain = office.lan\n%s", folder, text);
	char *path = put("lanpost.conf", whole, 0600);
	struct conf *conf = conf_load(path, problems);

	take_away(path);
	free(whole);
	return conf;
}

static void show(const struct conf_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++)
		print_message("  %s:%d: %s%s\n", problems->items[i].place.file,
		    problems->items[i].place.line, problems->items[i].is_warning ? "warning: " : "",
		    PHRASE_EN(problems->items[i].phrase));
}

static void defaults_are_those_of_the_contract(void **state)
{
	struct conf_problems problems = {0};
	struct conf *conf = load("", &problems);
	struct conf_net net;

	(void)state;
	show(&problems);
	assert_int_equal(problems.count, 0);
	assert_non_null(conf);
	assert_string_not_equal(conf->gateway.hostname, "");
	assert_string_equal(conf->gateway.boss, "");
	assert_false(conf->gateway.relay_unknown);
	assert_int_equal(conf->lan.listen.count, 2);
	assert_int_equal(conf->lan.smtp_port, 25);
	assert_int_equal(conf->lan.submission_port, 587);
	assert_int_equal(conf->lan.smtps_port, 465);
	assert_int_equal(conf->lan.pop3_port, 110);
	assert_int_equal(conf->lan.pop3s_port, 995);
	assert_int_equal(conf->lan.timeout, 60);
	assert_int_equal(conf->lan.max_sessions, 1000);
	assert_int_equal(conf->lan.max_sessions_per_ip, 50);
	assert_false(conf->lan.require_auth);
	assert_int_equal(conf->lan.allow.count, 8);
	assert_int_equal(conf->lan.deny.count, 0);
	assert_true(inet_pton(AF_INET6, "::ffff:192.168.3.4", &net.first) == 1);
	assert_true(conf_nets_have(&conf->lan.allow, &net.first));
	assert_true(inet_pton(AF_INET6, "::ffff:8.8.8.8", &net.first) == 1);
	assert_false(conf_nets_have(&conf->lan.allow, &net.first));
	assert_int_equal(conf->limits.max_message_size, 50 << 20);
	assert_int_equal(conf->limits.max_outgoing_size, 0);
	assert_int_equal(conf->schedule.every, 900);
	assert_int_equal(conf->schedule.at.count, 0);
	assert_int_equal(conf->schedule.days, 0x7f);
	assert_int_equal(conf->schedule.hours_from, conf->schedule.hours_to);
	assert_true(conf->schedule.on_start);
	assert_int_equal(conf->log.level, CONF_LOG_INFO);
	assert_int_equal(conf->log.max_size, 102400);
	assert_true(conf->sorter.by_address);
	assert_int_equal(conf->sorter.unsorted_to.count, 1);
	assert_string_equal(conf->sorter.unsorted_to.items[0], "postmaster");
	conf_free(conf);
	conf_problems_clear(&problems);
}

static const char whole_conf[] =
    "hostname = GW.office.lan\npostmaster = admin\nboss = Admin ; all of it\nlanguage = ru\n"
    "[lan]\nsmtp_port = 2525\npop3_port = 0\nallow = 192.168, ::1\n"
    "[limits]\nmax_message_size = 10M\n"
    "[schedule]\nevery = 0\nat = 08:30, 13:00\ndays = mon-fri\nhours = 08:00-19:00\non_start = no\n"
    "[line]\nconnect_command = 'pon x; sleep 1'\nproxy = socks5h://127.0.0.1:1080\n"
    "[smarthost default]\nurl = smtps://smtp.example.ru:465\nuser = b@example.ru\npassword = p\n"
    "[smarthost other]\nurl = smtp://h\ntls = none\nsenders = Second.ru, i@third.ru\nretry = 1s, 2m\n"
    "[user admin]\npassword = " HASH "\n"
    "[user Ivan]\npassword = " HASH "\nfull_name = Иван Петров\nexternal_alias = ivan@example.ru\n"
    "aliases = Petrov, i.petrov, sales@example.ru\nforward = admin\nkeep = no\nexpire = 90d\n"
    "[account Sales]\nurl = pop3s://pop.example.ru:995\nuser = s\npassword_command = echo x\n"
    "keep_on_server = 14d\nmax_size = 5M\ndeliver_to = ivan, postmaster\nevery = 1h\n"
    "[rule invoices]\nwhen = 'subject contains \"a;b\"'\ndeliver = ivan, admin\nforward = a@b.ru\nstop = yes\n"
    "[rule Второе]\nwhen = always\ndrop = yes\n";

static void all_sections_come_typed(void **state)
{
	struct conf_problems problems = {0};
	struct conf *conf = load(whole_conf, &problems);
	const struct conf_user *ivan;

	(void)state;
	show(&problems);
	assert_int_equal(problems.count, 0);
	assert_non_null(conf);
	assert_string_equal(conf->gateway.hostname, "gw.office.lan");
	assert_string_equal(conf->gateway.boss, "admin");
	assert_int_equal(conf->gateway.language, LANGUAGE_RU);
	assert_int_equal(conf->lan.pop3_port, 0);
	assert_int_equal(conf->lan.allow.count, 2);
	assert_int_equal(conf->schedule.every, 0);
	assert_int_equal(conf->schedule.at.items[1], 46800);
	assert_int_equal(conf->schedule.days, 0x3e);
	assert_string_equal(conf->line.connect_command, "pon x; sleep 1");
	assert_int_equal(conf->smarthost_count, 2);
	assert_int_equal(conf->smarthosts[0].expire, 5 * 86400);
	assert_string_equal(conf->smarthosts[0].default_sender, "b@example.ru");
	assert_string_equal(conf->smarthosts[1].default_sender, "");
	assert_int_equal(conf->smarthosts[1].remote.tls, TLS_NONE);
	assert_int_equal(conf->smarthosts[1].retry.items[1], 120);
	ivan = conf_find_user(conf, "ivan");
	assert_non_null(ivan);
	assert_string_equal(ivan->full_name, "Иван Петров");
	assert_int_equal(ivan->aliases.count, 3);
	assert_false(ivan->keep);
	assert_int_equal(ivan->expire, 90 * 86400);
	assert_non_null(conf_find_account(conf, "sales"));
	assert_int_equal(conf->accounts[0].keep_days, 14);
	assert_int_equal(conf->accounts[0].every, 3600);
	assert_int_equal(conf->accounts[0].remote.tls, TLS_REQUIRED);
	assert_int_equal(conf->rule_count, 2);
	assert_string_equal(conf->rules[0].when, "subject contains \"a;b\"");
	assert_int_equal(conf->rules[0].when_place.line, conf->rules[0].place.line + 1);
	assert_string_equal(conf->rules[0].when_place.file, conf_path);
	assert_true(conf->rules[0].stop);
	assert_string_equal(conf->rules[1].name, "Второе");
	conf_free(conf);
	conf_problems_clear(&problems);
}

static void owners_and_smarthosts(void **state)
{
	static const struct {
		const char *address, *owner;
	} owners[] = {
	    {"ivan", "ivan"}, {"IVAN", "ivan"}, {"petrov", "ivan"}, {"Petrov@Office.LAN", "ivan"},
	    {"Ivan@Example.ru", "ivan"}, {"sales@example.ru", "ivan"}, {"ivan@office.lan", "ivan"},
	    {"sales", NULL}, {"petrov@example.ru", NULL}, {"nobody", NULL}, {"", NULL},
	    {"postmaster", NULL}, {"daemon", NULL}, {"Postmaster@office.lan", NULL},
	};
	static const struct {
		const char *sender, *smarthost;
	} smarthosts[] = {
	    {"x@first.ru", "default"}, {"x@second.RU", "other"}, {"I@third.ru", "other"},
	    {"x@third.ru", "default"}, {"", "default"}, {"second.ru", "default"},
	};
	struct conf_problems problems = {0};
	struct conf *conf = load(whole_conf, &problems);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(owners); i++) {
		const struct conf_user *owner = conf_owner_of(conf, slice_of(owners[i].address));

		print_message("%s\n", owners[i].address);
		if (owners[i].owner == NULL)
			assert_null(owner);
		else
			assert_string_equal(owner->name, owners[i].owner);
	}
	for (size_t i = 0; i < ARRAY_LEN(smarthosts); i++) {
		print_message("%s\n", smarthosts[i].sender);
		assert_string_equal(conf_smarthost_for(conf, slice_of(smarthosts[i].sender))->name,
		    smarthosts[i].smarthost);
	}
	conf_free(conf);
	conf_problems_clear(&problems);
}

static void no_smarthost_for_others(void **state)
{
	struct conf_problems problems = {0};
	struct conf *conf = load("[smarthost a]\nurl = smtp://h\nsenders = a.ru\n", &problems);

	(void)state;
	assert_non_null(conf_smarthost_for(conf, slice_of("x@a.ru")));
	assert_null(conf_smarthost_for(conf, slice_of("x@b.ru")));
	conf_free(conf);
	conf_problems_clear(&problems);
}

#define USERS "[user ivan]\npassword = " HASH "\n[user olga]\npassword = " HASH "\n" /* lines 4 to 7 */
#define ACCOUNT "[account a]\nurl = pop3s://h\nuser = u\n"

/* A thousand users, each of whom forwards to the next: reported, and quickly. */
static void a_long_chain_of_forwards_is_told(void **state)
{
	struct conf_problems problems = {0};
	struct buf text = BUF_INIT(1 << 20);
	struct conf *conf;
	size_t told = 0;
	int64_t start = cpu_ms();

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		buf_printf(&text, "[user u%u]\npassword = " HASH "\nforward = u%u\n", i, i + 1);
	buf_append_text(&text, "[user u1000]\npassword = " HASH "\n");
	conf = load(buf_text(&text), &problems);
	assert_non_null(conf);
	for (size_t i = 0; i < problems.count; i++)
		told += strstr(PHRASE_EN(problems.items[i].phrase), "forwarded more than 20 times") != NULL;
	assert_int_equal(told, 980);
	assert_true(cpu_ms() - start < 20000); /* 200 without a sanitizer */
	conf_free(conf);
	conf_problems_clear(&problems);
	buf_clear(&text);
}

/* Text begins at line 4; each case has exactly this one problem. */
static void each_fault_is_told_once_where_it_is(void **state)
{
	static const struct {
		const char *text;
		int line;
		bool is_warning;
		const char *told;
	} cases[] = {
	    {"hostnme = x\n", 4, false, "did you mean `hostname`?"},
	    {"smtp_port = 25\n", 4, false, "it belongs to [lan]"},
	    {"[lna]\nx = 1\n", 4, false, "did you mean [lan]?"},
	    {"[quite_different]\n", 4, false, "unknown section"},
	    {"[lan]\nmax_sessions_per_network = 1000\n", 5, true, "one computer with IPv6 can use all connections"},
	    {"[lan x]\n", 4, false, "takes no name"},
	    {"[user]\n", 4, false, "needs a name, such as [user ivan]"},
	    {"[user ../x]\n", 4, false, "is not a valid name of a user"},
	    {"[user a b]\n", 4, false, "is not a valid name of a user"},
	    {"[account a b]\nurl = pop3://h\nuser = u\n", 4, false, "is not a valid name"},
	    {"[user daemon]\n", 4, false, "cannot be a user"},
	    {"boss = daemon\n", 4, false, "daemon has no mailbox"},
	    {"postmaster = daemon\n", 4, false, "daemon has no mailbox"},
	    {USERS "[sorter]\nunsorted_to = ivna\n", 9, false, "did you mean `ivan`?"},
	    {"boss = nobody_at_all\n", 4, false, "lanpost user add nobody_at_all"},
	    {USERS "[rule r]\nwhen = always\ndeliver = olga, ivam\n", 10, false, "did you mean `ivan`?"},
	    {USERS "[rule r]\nwhen = always\ndeliver = olga/Invoices, ivam/Invoices\n", 10, false, "did you mean `ivan`?"},
	    {USERS "[rule r]\nwhen = always\ncopy = olga/../x\n", 10, false, "nor a user and a folder"},
	    {USERS ACCOUNT "deliver_to = ivam\n", 11, false, "deliver_to: there is no user `ivam`"},
	    {USERS ACCOUNT "unsorted_to = postmaste\n", 11, false, "did you mean `postmaster`?"},
	    {USERS "aliases = ivan\n", 8, false, "is already a name of user ivan"},
	    {USERS "[mailbox ivan]\nmembers = olga\n", 8, false, "`ivan` is already a name of user ivan"},
	    {USERS "[mailbox info]\nmembers = olga\naliases = Ivan\n", 10, false, "already a name of user ivan"},
	    {USERS "aliases = info\n[mailbox info]\nmembers = olga\n", 8, false, "already a name of mailbox info"},
	    {USERS "[mailbox info]\n", 8, false, "needs members"},
	    {"boss = info\n" USERS "[mailbox info]\nmembers = olga\n", 4, false, "boss: `info` is a shared mailbox"},
	    {USERS "[mailbox info]\nmembers = olga, ivam:read\n", 9, false, "there is no user `ivam`; did you mean `ivan`?"},
	    {USERS "[mailbox info]\nmembers = olga:write\n", 9, false, "nor a user with the right to read"},
	    {USERS "[mailbox a]\nmembers = olga\n[mailbox b]\nmembers = a\n", 11, false, "`a` is a shared mailbox"},
	    {USERS "[mailbox daemon]\nmembers = olga\n", 8, false, "reserved for the gateway"},
	    {USERS "[mailbox postmaster]\nmembers = olga\n", 8, false, "reserved for the gateway"},
	    {USERS "[mailbox In/fo]\nmembers = olga\n", 8, false, "not a valid name of a user, group or mailbox"},
	    {USERS "[group g]\nmembers = olga\n[mailbox g]\nmembers = olga\n", 10, false, "already the name of a group"},
	    {USERS "[mailbox info]\nmembers = olga\nexternal_alias = info@office.lan\n", 10, false, "in local_domain"},
	    {USERS "[mailbox info]\nmembers = olga\nexpire = 90s\n", 10, true, "removed from mailbox info"},
	    {USERS "[rule r]\nwhen = always\ndeliver = inof\n[mailbox info]\nmembers = olga\n", 10, false, "did you mean `info`?"},
	    {USERS "aliases = postmaster\n", 8, false, "reserved for the gateway"},
	    {USERS "aliases = Daemon@office.lan\n", 8, false, "reserved for the gateway"},
	    {"[user a]\npassword = " HASH "\naliases = x\n[user b]\npassword = " HASH
	     "\naliases = y, X@office.lan\n", 9, false, "is already a name of user a "},
	    {"[user a]\npassword = " HASH "\nexternal_alias = x@y.ru\n[user b]\npassword = " HASH
	     "\nexternal_alias = X@y.ru\n", 9, false, "is already a name of user a "},
	    {"[user a]\npassword = " HASH "\nexternal_alias = a@office.lan\n", 6, false, "in local_domain"},
	    {"[user a]\npassword = " HASH "\nforward = a\n", 6, false, "forwards to the same user"},
	    {"[user a]\npassword = " HASH "\nforward = b\n[user b]\npassword = " HASH "\nforward = c@office.lan\n"
	     "[user c]\npassword = " HASH "\naliases = x\nforward = A\n", 6, true, "forwarded in a loop"},
	    {USERS "forward = ivam\n", 8, false, "did you mean `ivan`?"},
	    {"[user a]\npassword = secret\n", 5, false, "lanpost user passwd"},
	    {"[user a]\n", 4, true, "no password"},
	    {"[user a]\npassword =\n", 5, true, "no password"},
	    {"[user a]\npassword = " HASH "\nexpire = 90\n", 6, false, "write 90d"},
	    {"[user a]\npassword = " HASH "\nexpire = 90s\n", 6, true, "older than 90s are permanently removed"},
	    {"[user a]\npassword = " HASH "\nexpire = 23h\narchive = yes\n", 6, true, "to the archive"},
	    {"[smarthost a]\nurl = smtp://h\nexpire = 5\n", 6, false, "write 5d"},
	    {"[smarthost a]\nurl = smtp://h\nexpire = 5m\n", 6, true, "are returned to their sender"},
	    {"[schedule]\nevery = 15\n", 5, false, "write 15m"},
	    {"[smarthost a]\n", 4, false, "needs a url"},
	    {"[smarthost a]\nurl =\n", 5, false, "needs a url"},
	    {"[smarthost a]\nurl = pop3://h\n", 5, false, "smtps://, smtp://"},
	    {"[smarthost a]\nurl = smtp://h\n[smarthost b]\nurl = smtp://g\n", 6, false, "all senders"},
	    {"[smarthost a]\nurl = smtps://h\ntls = none\n", 6, true, "always uses encryption"},
	    {"[smarthost a]\nurl = smtp://h\npassword = x\n", 6, false, "no user"},
	    {"[account a]\nuser = u\n", 4, false, "needs a url"},
	    {"[account a]\nurl = pop3://h\n", 4, false, "needs a user"},
	    {ACCOUNT "password = x\npassword_command = echo\n", 8, false, "both password and"},
    {ACCOUNT "password = x\noauth2_token_command = echo\n", 8, false, "both a password and"},
    {ACCOUNT "auth = xoauth2\n", 7, false, "needs oauth2 or oauth2_token_command"},
    {ACCOUNT "oauth2 = microsoft\n", 7, false, "no oauth2_client_id"},
    {ACCOUNT "oauth2 = microsoft\noauth2_client_id = x\npassword = x\n", 7, false, "both a password and oauth2;"},
    {ACCOUNT "oauth2 = microsoft\noauth2_client_id = x\noauth2_token_command = echo\n", 9, false, "both oauth2 and"},
    {ACCOUNT "oauth2 = own\noauth2_client_id = x\noauth2_client_secret = s\noauth2_token_url = https://h/t\n", 7, false, "needs oauth2_device_url"},
    {ACCOUNT "oauth2 = own\noauth2_client_id = x\noauth2_token_url = https://h/t\noauth2_device_url = http://h/d\n", 10, false, "not a URL with https"},
    {ACCOUNT "oauth2 = own\noauth2_client_id = x\n", 7, false, "needs oauth2_device_url and oauth2_token_url"},
    {ACCOUNT "oauth2 = microsoft\noauth2_client_id = x\noauth2_client_secret = s\noauth2_client_secret_command = echo\n", 10, false, "both oauth2_client_secret and"},
    {ACCOUNT "oauth2 = google\noauth2_client_id = x\n", 7, true, "no access to mail"},
	    {ACCOUNT "ca_file = /nowhere/ca.pem\n", 7, false, "cannot read /nowhere/ca.pem"},
	    {ACCOUNT "ca_file = /tmp\n", 7, false, "not a regular file"},
	    {"[lan]\nsmtp_port = 110\n", 5, false, "smtp_port and pop3_port are both 110"},
	    {"[lan]\nsmtp_port = 0\npop3_port = 0\nallow =\n", 7, true, "nobody may connect"},
	    {"[lan]\nallow = ::/0\n[user a]\n", 6, true, "anybody there can read"},
	    {"[lan]\nallow = 10.0.0.0/7\n[smarthost a]\nurl = smtp://h\n", 5, true, "anybody there can send"},
	    {"[lan]\nallow = 192.168.0.0-192.169.0.0\n[smarthost a]\nurl = smtp://h\n", 5, true, "anybody there can send"},
	    {"[account a]\nurl = pop3://h\nuser = u\ntls = none\n", 7, true, "can be read on the network"},
	    {"[account a]\nurl = imap://localhost.example.ru\nuser = u\ntls = none\n", 7, true, "can be read on the network"},
	    {"[account a]\nurl = imap://127.example.ru\nuser = u\ntls = opportunistic\n", 7, true, "if the server does not offer it"},
	    {"[smarthost a]\nurl = smtp://[fd00::1]:25\nuser = u\ntls = none\n", 7, true, "can be read on the network"},
	    {"[smarthost a]\nurl = smtp://h\nuser = u\ntls = none\npin_sha256 = MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=\n", 7, true,
		"require encryption"},
	    {"[lan]\ntls_cert = /dev/null/x\ntls_key = /etc/passwd\n", 5, false, "cannot read"},
	    {"[lan]\ntls_key = /etc/passwd\n", 5, false, "tls_cert is not"},
	    {"[lan]\ntls_cert = /etc/passwd\n", 5, false, "tls_key is not"},
	    {"[lan]\ntimeout = 0\n", 5, false, "from 1s to 1d"},
	    {"[limits]\nmax_outgoing_size = 60M\n", 5, true, "max_message_size"},
	    {"[line]\ndisconnect_command = x\n", 5, true, "connect_command is not"},
	    {"[rule r]\nstop = yes\n", 4, false, "needs a condition"},
	    {"[rule r]\nwhen =\nstop = yes\n", 5, false, "needs a condition"},
	    {"[rule r]\nwhen = subject contains \"a;b\"\ndrop = yes\n", 5, false, "single quotes"},
	    {"[rule r]\nwhen = always\n", 4, true, "does nothing"},
	    {USERS "[rule r]\nwhen = always\ndrop = yes\ndeliver = ivan\n", 10, true, "drop wins"},
	    {"[rule r]\nwhen = always\nforward = ivan\n", 6, false, "is not a mail address"},
	    {"[rule r]\nwhen = always\ntag = X Tag: y\n", 6, false, "is not a header line"},
	    {USERS "[rule r]\nwhen = always\nreject_to = ivan\ncopy = olga\n", 10, true, "only the users of reject_to"},
	    {USERS "[rule r]\nwhen = always\ncopy = ivam\n", 10, false, "copy: there is no user `ivam`"},
	    {USERS "[rule r]\nwhen = always\nreject_to = ivam\n", 10, false, "reject_to: there is"},
	    {"[rule r]\nwhen = always\nredirect = ivan\n", 6, false, "is not a mail address"},
	    {"[rule r]\nwhen = always\nstop = yes\nreply_days = 3\n", 7, true, "no reply"},
	    {"[rule r]\nwhen = always\nreply = x\nreply_days = 61\n", 7, false, "from 1 to 60"},
	    {"[rule r]\nwhen = always\nsubject_prefix = "
	     "1234567890123456789012345678901234567890123456789012345678901\n", 6, false, "longer than 60"},
	    {USERS "[group g]\n", 8, false, "needs members"},
	    {USERS "[group g]\nmembers = ivan, olgg\n", 9, false, "did you mean `olga`?"},
	    {USERS "[group ivan]\nmembers = olga\n", 8, false, "is already a name of user ivan"},
	    {USERS "[group postmaster]\nmembers = olga\n", 8, false, "reserved for the gateway"},
	    {USERS "[group daemon]\nmembers = olga\n", 8, false, "reserved for the gateway"},
	    {USERS "[group ../x]\nmembers = olga\n", 8, false, "is not a valid name of a user"},
	    {USERS "[group g]\nmembers = h\n[group h]\nmembers = olga\n", 9, false, "is a group;"},
	    {USERS "[group desk]\nmembers = olga\n[rule r]\nwhen = always\ndeliver = dsek\n", 12, false,
		"did you mean `desk`?"},
	    {"[filter]\nspam_junk = 7\n", 5, true, "spam_junk has no effect: no [scanner]"},
	    {"[filter]\nspam_quarantine = 7\n[scanner s]\nurl = spamd://127.0.0.1\non = local\n", 5, true, "spam_quarantine has no effect"},
	    {"[filter]\nvirus = reject\n[scanner s]\nurl = spamd://127.0.0.1\n", 5, true, "virus has no effect"},
	    {"[filter]\nattachments = strip\n", 5, true, "attachments_forbidden and attachments_kinds are empty"},
	    {"[filter]\nattachments_forbidden = *.js, x/y, autorun.inf, .exe\n", 5, true, "for all files with this ending write *.exe"},
	    {"[scanner s]\nurl = clamd://127.0.0.1:3310\nlearn_url = rspamd://127.0.0.1:1\n", 6, true, "clamd does not learn"},
	    {"boss = x\nboss = y\n", 5, false, "twice"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf_problems problems = {0};
		struct conf *conf = load(cases[i].text, &problems);

		print_message("%s", cases[i].text);
		show(&problems);
		if (strstr(cases[i].text, "boss = y") != NULL) { /* and its user is missing, too */
			assert_int_equal(problems.errors, 2);
		} else {
			assert_int_equal(problems.count, 1);
		}
		assert_int_equal(problems.items[problems.count - 1].place.line, cases[i].line);
		assert_int_equal(problems.items[problems.count - 1].is_warning, cases[i].is_warning);
		assert_non_null(strstr(PHRASE_EN(problems.items[problems.count - 1].phrase), cases[i].told));
		if (cases[i].is_warning)
			assert_non_null(conf);
		else
			assert_null(conf);
		conf_free(conf);
		conf_problems_clear(&problems);
	}
}

static void what_is_true_of_no_harm_is_not_told(void **state)
{
	static const char *const texts[] = {
	    "[smarthost a]\nurl = smtp://h\n",
	    "[lan]\nallow = 10.1, 172.31.0.0/16, 192.168.1.1-192.168.2.9, fd00::/8, ::1\n[smarthost a]\nurl = smtp://h\n",
	    "[lan]\nallow = ::/0, 0.0.0.0/0\nrequire_auth = yes\n[smarthost a]\nurl = smtp://h\n",
	    "[lan]\nallow = ::/0, 0.0.0.0/0\n",
	    "[account a]\nurl = pop3://127.0.0.5:110/\nuser = u\ntls = none\n",
	    "[account a]\nurl = imap://[::1]:143\nuser = u\ntls = opportunistic\n",
	    "[smarthost a]\nurl = smtp://LocalHost:25\nuser = u\ntls = none\n",
	    "[smarthost a]\nurl = smtp://h\ntls = none\n", /* no password */
	    "[account a]\nurl = pop3://h\nuser = u\ntls = opportunistic\npin_sha256 = MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct conf_problems problems = {0};

		print_message("%s", texts[i]);
		conf_free(load(texts[i], &problems));
		show(&problems);
		assert_int_equal(problems.count, 0);
		conf_problems_clear(&problems);
	}
}

static void groups_and_aliases_may_stand_where_users_are_listed(void **state)
{
	struct conf_problems problems = {0};
	struct conf *conf = load(USERS "aliases = smirnova\n[group desk]\nmembers = ivan, smirnova, postmaster\n"
				       "[sorter]\nunsorted_to = desk\nfold_yo = yes\n" ACCOUNT
				       "unsorted_to = desk, smirnova\n[rule r]\nwhen = always\ndeliver = DESK\n"
				       "copy = smirnova\nreply = a\\nb\n",
	    &problems);

	(void)state;
	show(&problems);
	assert_int_equal(problems.count, 0);
	assert_int_equal(conf->group_count, 1);
	assert_int_equal(conf_find_group(conf, "desk")->members.count, 3);
	assert_null(conf_find_group(conf, "des"));
	assert_true(conf->sorter.fold_yo);
	assert_string_equal(conf->rules[0].deliver.items[0], "desk");
	assert_string_equal(conf->rules[0].reply, "a\\nb");
	assert_int_equal(conf->rules[0].reply_days, 7);
	conf_free(conf);
	conf_problems_clear(&problems);
}

static void shared_mailboxes_have_members_with_rights(void **state)
{
	struct conf_problems problems = {0};
	struct conf *conf;
	struct strlist names = {NULL, 0};
	struct conf_expiry expiry;

	(void)state;
	conf = load("[limits]\nmailbox_quota = 5M\n" USERS "aliases = o.petrova\n[user anna]\npassword = " HASH "\n[user max]\npassword = " HASH "\n"
	    "[group sales]\nmembers = ivan, anna\n"
	    "[mailbox info]\nmembers = sales, Anna : read, O.Petrova\naliases = office, mail\nexternal_alias = Info@example.ru\nexpire = 90d\nexpire_folders = Done 365d\n"
	    "[mailbox big]\nmembers = max:read\nquota = 1G\narchive = yes\n"
	    "[rule r]\nwhen = always\ndeliver = info/Clients, office\n[account a]\nurl = pop3s://h\nuser = u\ndeliver_to = big\n",
	    &problems);
	show(&problems);
	assert_non_null(conf);
	assert_int_equal(conf_share_of(conf, "info", "ivan"), SHARE_WRITE);
	assert_int_equal(conf_share_of(conf, "info", "olga"), SHARE_WRITE);
	assert_int_equal(conf_share_of(conf, "info", "anna"), SHARE_READ); /* by name, not as one of the group */
	assert_int_equal(conf_share_of(conf, "info", "max"), SHARE_NONE);
	assert_int_equal(conf_share_of(conf, "big", "max"), SHARE_READ);
	assert_int_equal(conf_share_of(conf, "big", "nobody"), SHARE_NONE);
	assert_int_equal(conf_share_of(conf, "ivan", "max"), SHARE_NONE);
	assert_string_equal(conf_mailbox_at(conf, SLICE_LITERAL("OFFICE@office.lan")), "info");
	assert_string_equal(conf_mailbox_at(conf, SLICE_LITERAL("info@EXAMPLE.ru")), "info");
	assert_string_equal(conf_mailbox_at(conf, SLICE_LITERAL("o.petrova")), "olga");
	assert_null(conf_mailbox_at(conf, SLICE_LITERAL("info@elsewhere.ru")));
	assert_null(conf_owner_of(conf, SLICE_LITERAL("info")));
	assert_null(conf_find_user(conf, "info"));
	assert_int_equal(conf_mailbox_quota(conf, "info"), 5 << 20);
	assert_int_equal(conf_mailbox_quota(conf, "big"), 1 << 30);
	assert_int_equal(conf_mailbox_quota(conf, "postmaster"), 0);
	expiry = conf_mailbox_expiry(conf, "info");
	assert_int_equal(expiry.inbox, 90 * 86400);
	assert_int_equal(expiry.folders->items[0].seconds, 365 * 86400);
	assert_false(expiry.archive);
	conf_mailbox_names(conf, &names);
	assert_int_equal(names.count, 7);
	assert_true(conf_has_mailbox(conf, "big") && conf_has_mailbox(conf, "postmaster") && !conf_has_mailbox(conf, "sales"));
	strlist_clear(&names);
	conf_free(conf);
	conf_problems_clear(&problems);
}

static void there_is_a_limit_to_users(void **state)
{
	struct buf text = BUF_INIT(1u << 20);
	struct conf_problems problems = {0};

	(void)state;
	for (int i = 0; i <= CONF_USERS_MAX; i++)
		buf_printf(&text, "[user u%d]\npassword = " HASH "\n", i);
	conf_free(load(buf_text(&text), &problems));
	assert_int_equal(problems.errors, 1);
	conf_problems_clear(&problems);
	buf_clear(&text);
}

static void any_section_may_stand_in_any_file(void **state)
{
	char *users = put("users.conf", "[user ivan]\npassword = " HASH "\n", 0600);
	char *accounts = put("accounts.conf", ACCOUNT "deliver_to = ivan\n", 0600);
	char *rules = put("rules.conf", "[rule r]\nwhen = always\ndeliver = ivn\n", 0644);
	struct conf_problems problems = {0};
	struct conf *conf = load("", &problems);

	(void)state;
	assert_null(conf);
	assert_int_equal(problems.errors, 1);
	assert_string_equal(problems.items[0].place.file, rules);
	assert_int_equal(problems.items[0].place.line, 3);
	conf_problems_clear(&problems);

	take_away(rules);
	rules = put("rules.conf", "[user ivan]\n", 0644);
	conf = load("", &problems);
	assert_null(conf);
	assert_non_null(strstr(PHRASE_EN(problems.items[0].phrase), "twice"));
	assert_non_null(strstr(PHRASE_EN(problems.items[0].phrase), "users.conf:1"));
	conf_problems_clear(&problems);

	take_away(rules);
	conf = load("", &problems);
	assert_int_equal(problems.count, 0);
	assert_non_null(conf);
	assert_int_equal(conf->user_count, 1);
	assert_string_equal(conf->users[0].place.file, users);
	conf_free(conf);
	take_away(users);
	take_away(accounts);
}

static void passwords_that_others_can_read_are_told(void **state)
{
	char *users = put("users.conf", "[user ivan]\nfull_name = I\npassword = " HASH "\n", 0640);
	struct conf_problems problems = {0};
	struct conf *conf = load("", &problems);

	(void)state;
	assert_non_null(conf);
	assert_int_equal(problems.count, 1);
	assert_true(problems.items[0].is_warning);
	assert_int_equal(problems.items[0].place.line, 3);
	assert_non_null(strstr(PHRASE_EN(problems.items[0].phrase), "chmod 600"));
	conf_free(conf);
	conf_problems_clear(&problems);

	/* As in the package: the gateway's group reads files that root has written. */
	assert_int_equal(chmod(folder, 0750), 0);
	conf = load("", &problems);
	assert_int_equal(problems.count, 0);
	assert_int_equal(chmod(folder, 0700), 0);
	conf_free(conf);
	take_away(users);
}

static void a_file_that_is_not_there(void **state)
{
	struct conf_problems problems = {0};

	(void)state;
	assert_null(conf_load("/nowhere/lanpost.conf", &problems));
	assert_int_equal(problems.errors, 1);
	assert_non_null(strstr(PHRASE_EN(problems.items[0].phrase), "/nowhere/lanpost.conf"));
	conf_problems_clear(&problems);
}

static void the_spool_must_be_writable(void **state)
{
	char *path = put("lanpost.conf", "[gateway]\nspool = /proc/lanpost/spool\n", 0600);
	char *other = put("other.conf", "[gateway]\nspool = /etc/passwd/spool\n", 0600);
	struct conf_problems problems = {0};

	(void)state;
	assert_null(conf_load(path, &problems));
	show(&problems);
	assert_int_equal(problems.items[0].place.line, 2);
	/* Root gets an error about the folder, another user about the permission. */
	assert_true(strstr(PHRASE_EN(problems.items[0].phrase), "is not writable") != NULL ||
		    strstr(PHRASE_EN(problems.items[0].phrase), "you have no write permission") != NULL);
	conf_problems_clear(&problems);
	assert_null(conf_load(other, &problems));
	show(&problems);
	assert_non_null(strstr(PHRASE_EN(problems.items[0].phrase), "is not writable"));
	conf_problems_clear(&problems);
	take_away(path);
	take_away(other);
}

static void a_change_is_tried_before_it_is_made(void **state)
{
	char *path = put("lanpost.conf", "", 0600);
	char *whole = xasprintf("[gateway]\nspool = %s\nboss = ivan\n", folder);
	char *users = xasprintf("%s/users.conf", folder);
	struct conf_problems problems = {0};
	struct conf *conf;

	(void)state;
	take_away(path);
	path = put("lanpost.conf", whole, 0600);
	assert_null(conf_load(path, &problems));
	conf_problems_clear(&problems);
	conf = conf_load_edited(path, users, slice_of("[user ivan]\npassword = " HASH "\n"), &problems);
	assert_non_null(conf);
	assert_int_equal(problems.count, 0);
	assert_int_equal(access(users, F_OK), -1);
	conf_free(conf);
	conf = conf_load_broken(path, &problems);
	assert_non_null(conf);
	assert_int_equal(problems.errors, 1);
	conf_free(conf);
	conf_problems_clear(&problems);
	take_away(path);
	free(whole);
	free(users);
}

static void passwords_come_from_commands(void **state)
{
	static const struct {
		const char *password, *command, *expected; /* NULL: fails */
	} cases[] = {
	    {"p w", "", "p w"},
	    {"", "", ""},
	    {"", "echo secret", "secret"},
	    {"", "printf 'a b\\r\\nmore\\n'", "a b"},
	    {"", "printf secret", "secret"},
	    {"", "yes secret", "secret"},
	    {"", "read line; echo \"got:$line\"", "got:"}, /* standard input is empty */
	    {"", "sleep 30 2>/dev/null & echo quick", "quick"},
	    {"", "exit 3", NULL},
	    {"", "echo secret; exit 3", NULL},
	    {"", "true", NULL},
	    {"", "echo", NULL},
	    {"", "printf 'a\\000b\\n'", NULL},
	    {"", "head -c 5000 /dev/zero | tr '\\000' x", NULL},
	    {"", "/nowhere/command 2>/dev/null", NULL},
	};
	int64_t begun = clock_now_ms();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf_remote remote = {.password = (char *)cases[i].password,
		    .password_command = (char *)cases[i].command,
		    .oauth2_token_command = "", .oauth2 = OAUTH2_NONE};
		struct error error = ERROR_INIT;
		char *secret = NULL;

		print_message("%s\n", cases[i].command);
		if (cases[i].expected == NULL) {
			assert_int_equal(conf_remote_password(&remote, NULL, &secret, &error), -1);
			assert_null(strstr(ERROR_EN(&error), "secret"));
			print_message("  %s\n", ERROR_EN(&error));
		} else {
			assert_int_equal(conf_remote_password(&remote, NULL, &secret, &error), 0);
			assert_string_equal(secret, cases[i].expected);
		}
		conf_secret_free(secret);
	}
	assert_true(clock_now_ms() - begun < 20000);
}

static void assert_file_is(const char *path, struct buf *text)
{
	struct slice wanted = buf_slice(text), found;
	struct error error = ERROR_INIT;
	char *file;
	size_t len;

	assert_int_equal(fsx_read(path, 1024 * 1024, &file, &len, &error), 0);
	found = slice_make(file, len);
	for (int line = 1; found.len > 0 || wanted.len > 0; line++) {
		struct slice is = slice_cut(&found, '\n'), should = slice_cut(&wanted, '\n');

		if (!slice_equal(is, should))
			fail_msg("%s:%d: is not what config/schema.c says (make pages):\n%.*s", path, line, SLICE_PRINT(should));
	}
	free(file);
	buf_reset(text);
}

static void the_reference_is_what_the_table_says(void **state)
{
	struct buf text = BUF_INIT(1024 * 1024);

	(void)state;
	conf_reference_write(&text);
	assert_file_is("docs/configuration.md", &text);
	conf_reference_man(&text);
	assert_file_is("docs/lanpost.conf.5", &text);
	buf_clear(&text);
}

static void the_sample_is_good(void **state)
{
	struct conf_problems problems = {0};
	struct conf *conf = conf_load_broken("docs/lanpost.conf.sample", &problems);

	(void)state;
	show(&problems);
	/* Only the spool may be missing, since this computer may not have it. */
	for (size_t i = 0; i < problems.count; i++)
		assert_true(problems.items[i].is_warning ||
			    strstr(PHRASE_EN(problems.items[i].phrase), "spool") != NULL);
	conf_free(conf);
	conf_problems_clear(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_are_those_of_the_contract),
	    cmocka_unit_test(all_sections_come_typed),
	    cmocka_unit_test(owners_and_smarthosts),
	    cmocka_unit_test(no_smarthost_for_others),
	    cmocka_unit_test(each_fault_is_told_once_where_it_is),
	    cmocka_unit_test(what_is_true_of_no_harm_is_not_told),
	    cmocka_unit_test(groups_and_aliases_may_stand_where_users_are_listed),
	    cmocka_unit_test(shared_mailboxes_have_members_with_rights),
	    cmocka_unit_test(there_is_a_limit_to_users),
	    cmocka_unit_test(any_section_may_stand_in_any_file),
	    cmocka_unit_test(passwords_that_others_can_read_are_told),
	    cmocka_unit_test(a_file_that_is_not_there),
	    cmocka_unit_test(the_spool_must_be_writable),
	    cmocka_unit_test(a_change_is_tried_before_it_is_made),
	    cmocka_unit_test(passwords_come_from_commands),
	    cmocka_unit_test(the_reference_is_what_the_table_says),
	    cmocka_unit_test(a_long_chain_of_forwards_is_told),
	    cmocka_unit_test(the_sample_is_good),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
