/*
 * lanpost, the admin's program: the table of its verbs; cli.c reads the arguments.
 */
#include "base/alloc.h"
#include "base/err.h"
#include "base/i18n.h"
#include "ui-tui/command/prompt.h"
#include "ui-tui/screens/tui.h"
#include "ui-tui/verbs/verbs.h"

#include <errno.h>
#include <unistd.h>

static const struct verb verbs[] = {
    {"setup", cmd_setup, 0, 0, "", "", N_("set up lanpost interactively")},
    {"check", cmd_check, 0, 0, "[--json]", "--json", N_("check the configuration and list every problem")},
    {"status", cmd_status, 0, 0, "[--json]", "--json",
	N_("show the state of the gateway")},
    {"who", cmd_who, 0, 0, "[--json]", "--json", N_("list the connected mail programs")},
    {"usage", cmd_usage, 0, 0, "[--month YYYY-MM|--days N] [--json]", "--month --days --json",
	N_("show what the lines, accounts and users have carried and paid")},
    {"session", cmd_session, 0, 0, "[--account A]... [--fetch-only|--send-only] [--no-wait|--plan] | --watch | --cancel",
	"--account --fetch-only --send-only --no-wait --plan --watch --cancel --json",
	N_("run a session now, watch the running one, or cancel it")},
    {"user list", cmd_user_list, 0, 0, "[--json]", "--json", N_("list users")},
    {"user add", cmd_user_add, 1, 1, "NAME [--no-password] [--KEY VALUE]...", "--KEY --no-password",
	N_("add a user; asks for the password")},
    {"user set", cmd_user_set, 1, 1, "NAME [--KEY VALUE]... [--unset KEY]...", "--KEY --unset", N_("change the settings of a user")},
    {"user passwd", cmd_user_passwd, 1, 1, "NAME [--no-password]", "--no-password", N_("set a user's password")},
    {"user friends", cmd_user_friends, 1, 1, "NAME [--forget ADDRESS] [--json]", "--forget --json",
	N_("list whom a user has written to: their mail is not spam")},
    {"user remove", cmd_user_remove, 1, 1, "NAME", "", N_("remove a user; the mailbox stays")},
    {"account list", cmd_account_list, 0, 0, "[--json]", "--json",
	N_("list accounts (mailboxes at providers)")},
    {"account add", cmd_account_add, 1, 1, "NAME --url URL --user USER [--no-password] [--KEY VALUE]...", "--KEY --no-password",
	N_("add an account; asks for the password")},
    {"account import", cmd_account_import, 1, 1, "FILE [--dry-run]", "--dry-run",
	N_("add the accounts of a .fetchmailrc, .mpoprc or getmailrc")},
    {"account set", cmd_account_set, 1, 1, "NAME [--KEY VALUE]... [--unset KEY]...", "--KEY --unset",
	N_("change the settings of an account")},
    {"account passwd", cmd_account_passwd, 1, 1, "NAME", "", N_("set the password of an account")},
    {"account login", cmd_account_login, 1, 1, "NAME", "",
	N_("sign in at the provider of an account with oauth2, by a code that is entered on a page")},
    {"account enable", cmd_account_enable, 1, 1, "NAME", "", N_("enable fetching from an account")},
    {"account disable", cmd_account_disable, 1, 1, "NAME", "", N_("disable fetching from an account")},
    {"account test", cmd_account_test, 1, 1, "NAME [--json]", "--json",
	N_("test an account and report what to fix")},
    {"account remove", cmd_account_remove, 1, 1, "NAME", "", N_("remove an account")},
    {"smarthost test", cmd_smarthost_test, 1, 1, "NAME [--json]", "--json",
	N_("test a smarthost and report what to fix; sends nothing")},
    {"smarthost login", cmd_smarthost_login, 1, 1, "NAME", "",
	N_("sign in at the provider of a smarthost with oauth2")},
    {"scanner test", cmd_scanner_test, 1, 1, "NAME [--json]", "--json",
	N_("test a scanner with a harmless message and with one that it must find")},
    {"rule list", cmd_rule_list, 0, 0, "[--json]", "--json", N_("list the rules of the sorter, in order")},
    {"rule add", cmd_rule_add, 1, 1, "NAME --when CONDITION [--KEY VALUE]... [--before RULE|--after RULE]",
	"--KEY --before --after --yes", N_("add a rule; by default as the last one")},
    {"rule set", cmd_rule_set, 1, 1, "NAME [--KEY VALUE]... [--unset KEY]... [--yes]", "--KEY --unset --yes",
	N_("change a rule; it keeps its place")},
    {"rule move", cmd_rule_move, 1, 2, "NAME POSITION|--before RULE|--after RULE", "--before --after",
	N_("move a rule to another place in the order")},
    {"rule remove", cmd_rule_remove, 1, 1, "NAME", "", N_("remove a rule")},
    {"rule test", cmd_rule_test, 0, 1, "NAME|--all [--since 7d] [--rules FILE] [--json]",
	"--all --since --rules --json",
	N_("list recent mail that the rules would deliver differently")},
    {"sort", cmd_sort, 1, -1, "FILE... [--account A] [--json]", "--account --json",
	N_("show what the rules would do with these messages")},
    {"decode", cmd_decode, 1, -1, "FILE... [--json]", "--json", N_("print decoded headers")},
    {"queue list", cmd_queue_list, 0, 0, "[--json]", "--json", N_("outgoing mail in the queue")},
    {"queue show", cmd_queue_show, 1, 1, "ID", "--json", N_("show one message of the queue")},
    {"queue flush", cmd_queue_flush, 0, 0, "", "--json", N_("send queued mail now and report the result")},
    {"queue hold", cmd_queue_hold, 1, -1, "ID...", "", N_("put messages on hold")},
    {"queue release", cmd_queue_release, 1, -1, "ID...", "", N_("release held messages")},
    {"queue retry", cmd_queue_retry, 1, -1, "ID...", "", N_("retry messages in the next session")},
    {"queue delete", cmd_queue_delete, 1, -1, "ID... [--tell] [--yes]", "--tell --yes",
	N_("delete messages after confirmation")},
    {"quarantine list", cmd_quarantine_list, 0, 0, "[--json]", "--json", N_("list the messages that the filter keeps")},
    {"quarantine show", cmd_quarantine_show, 1, 1, "ID [--json]", "--json", N_("show one of them")},
    {"quarantine release", cmd_quarantine_release, 1, -1, "ID...", "", N_("deliver them to those they were for")},
    {"quarantine delete", cmd_quarantine_delete, 1, -1, "ID... [--yes]", "--yes", N_("delete them after confirmation")},
    {"quarantine learn", cmd_learn, 2, -1, "spam|ham ID...", "", N_("let the scanners learn them as spam, or as not spam")},
    {"learn", cmd_learn, 2, -1, "spam|ham MESSAGE...", "", N_("let the scanners learn messages (files, ids) as spam, or as not spam")},
    {"mailbox list", cmd_mailbox_list, 0, 0, "[--json]", "--json", N_("list mailboxes and their sizes")},
    {"mailbox show", cmd_mailbox_show, 1, 1, "USER [--json]", "--json",
	N_("list the messages in a mailbox")},
    {"mailbox fetch", cmd_mailbox_fetch, 2, -1, "USER ID... [--no-wait]", "--no-wait",
	N_("fetch the whole messages of stubs")},
    {"mailbox purge", cmd_mailbox_purge, 1, 1, "USER --older TIME [--dry-run] [--yes] [--json]", "--older --dry-run --yes --json",
	N_("remove old messages from a mailbox after confirmation")},
    {"mailbox archive", cmd_mailbox_archive, 1, 1, "USER --older TIME [--mbox FILE]", "--older --mbox --json",
	N_("move old messages to the archive of the user, or to an mbox file")},
    {"mailbox add", cmd_mailbox_add, 1, 1, "NAME --members USERS [--KEY VALUE]...", "--KEY",
	N_("add a mailbox that several users share")},
    {"mailbox set", cmd_mailbox_set, 1, 1, "NAME [--KEY VALUE]... [--unset KEY]...", "--KEY --unset",
	N_("change the settings of a shared mailbox")},
    {"mailbox remove", cmd_mailbox_remove, 1, 1, "NAME", "", N_("remove a shared mailbox; its messages stay")},
    {"trace", cmd_trace, 0, 1, "[QUERY] [--since TIME] [--until TIME] [--json]", "--since --until --json",
	N_("show the history of messages (by id, address, subject, user, account or rule)")},
    {"client-setup", cmd_client_setup, 1, 1, "USER [--host HOST] [--write FOLDER] [--json]", "--host --write --json",
	N_("print settings for the mail programs of a user, or write them to files")},
    {"backup", cmd_backup, 1, 1, "FILE [--with-passwords] [--json]", "--with-passwords --json",
	N_("save everything in one tar file; the gateway may run")},
    {"restore", cmd_restore, 1, 1, "FILE [--to FOLDER] [--force] [--json]", "--to --force --json",
	N_("restore a backup; the gateway must be stopped")},
    {"dkim", cmd_dkim, 1, 1, "DOMAIN [--new rsa|ed25519] [--json]", "--new --json",
	N_("print the DKIM DNS record of a domain; creates its key with --new")},
    {"config-reference", cmd_config_reference, 0, 2, "[man]", "",
	N_("describe every setting")},
    {"completion", cmd_completion, 1, -1, "bash|zsh|fish", "", N_("print a shell completion script")},
    {"reload", cmd_reload, 0, 0, "", "", N_("make the gateway reload its configuration")},
    {"stop", cmd_stop, 0, 0, "", "", N_("stop the gateway and wait until it has exited")},
    {"demo", cmd_demo, 0, 0, "[--once]", "--once",
	N_("run a provider and a branch office on this computer")},
};

/* After the installation, setup is offered first. */
static int open_screens(struct cli *cli)
{
	bool is_there = access(cli->config, F_OK) == 0;

	if (!is_there && errno != ENOENT)
		return cli_fail(CLI_FAILED, _("cannot read %s: %s. Run it as root: sudo lanpost"), cli->config,
		    _(error_errno_word(errno)));
	if (!is_there && prompt_confirm(_("There is no configuration yet. Create one now?"), true) &&
	    cmd_setup(cli) != CLI_DONE)
		return CLI_FAILED;
	return tui_main(cli);
}

int main(int argc, char **argv)
{
	return cli_main(argc, argv, verbs, ARRAY_LEN(verbs), open_screens);
}
