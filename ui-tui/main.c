/*
 * lanpost: the admin's hand. This is the table of its verbs; cli.c reads the arguments.
 */
#include "base/alloc.h"
#include "base/err.h"
#include "base/i18n.h"
#include "ui-tui/command/question.h"
#include "ui-tui/screens/tui.h"
#include "ui-tui/verbs/verbs.h"

#include <errno.h>
#include <unistd.h>

static const struct verb verbs[] = {
    {"setup", cmd_setup, 0, 0, "", "", N_("a first configuration, by questions")},
    {"check", cmd_check, 0, 0, "[--json]", "--json", N_("validate the configuration, telling every problem")},
    {"status", cmd_status, 0, 0, "[--json]", "--json",
	N_("gateway, line, sessions, accounts, mailboxes, queue")},
    {"who", cmd_who, 0, 0, "[--json]", "--json", N_("the mail programs that are connected now")},
    {"session", cmd_session, 0, 0, "[--account A]... [--fetch-only|--send-only] [--no-wait] | --watch | --cancel",
	"--account --fetch-only --send-only --no-wait --watch --cancel --json",
	N_("run a communication session now, watch the one that runs, or end it")},
    {"user list", cmd_user_list, 0, 0, "[--json]", "--json", N_("users and their names")},
    {"user add", cmd_user_add, 1, 1, "NAME [--no-password] [--KEY VALUE]...", "--KEY --no-password",
	N_("add a user; asks for the password")},
    {"user set", cmd_user_set, 1, 1, "NAME [--KEY VALUE]... [--unset KEY]...", "--KEY --unset", N_("change settings of a user")},
    {"user passwd", cmd_user_passwd, 1, 1, "NAME [--no-password]", "--no-password", N_("set a user's password")},
    {"user remove", cmd_user_remove, 1, 1, "NAME", "", N_("remove a user; the mailbox stays")},
    {"account list", cmd_account_list, 0, 0, "[--json]", "--json",
	N_("mailboxes at providers from which mail is fetched")},
    {"account add", cmd_account_add, 1, 1, "NAME --url URL --user USER [--no-password] [--KEY VALUE]...", "--KEY --no-password",
	N_("add an account; asks for its password")},
    {"account set", cmd_account_set, 1, 1, "NAME [--KEY VALUE]... [--unset KEY]...", "--KEY --unset",
	N_("change settings of an account")},
    {"account passwd", cmd_account_passwd, 1, 1, "NAME", "", N_("set the password for an account")},
    {"account enable", cmd_account_enable, 1, 1, "NAME", "", N_("fetch an account again")},
    {"account disable", cmd_account_disable, 1, 1, "NAME", "", N_("do not fetch an account for now")},
    {"account test", cmd_account_test, 1, 1, "NAME [--json]", "--json",
	N_("log in, count, say what failed and what to do")},
    {"account remove", cmd_account_remove, 1, 1, "NAME", "", N_("remove an account")},
    {"smarthost test", cmd_smarthost_test, 1, 1, "NAME [--json]", "--json",
	N_("connect, log in, tell the limits; say what failed and what to do; sends nothing")},
    {"rule list", cmd_rule_list, 0, 0, "[--json]", "--json", N_("rules of the sorter, in order")},
    {"rule add", cmd_rule_add, 1, 1, "NAME --when CONDITION [--KEY VALUE]... [--before RULE|--after RULE]",
	"--KEY --before --after --yes", N_("add a rule, as the last one if nothing else is said")},
    {"rule set", cmd_rule_set, 1, 1, "NAME [--KEY VALUE]... [--unset KEY]... [--yes]", "--KEY --unset --yes",
	N_("change a rule; its place stays")},
    {"rule move", cmd_rule_move, 1, 2, "NAME POSITION|--before RULE|--after RULE", "--before --after",
	N_("move a rule to another place in the order")},
    {"rule remove", cmd_rule_remove, 1, 1, "NAME", "", N_("remove a rule")},
    {"rule test", cmd_rule_test, 0, 1, "NAME|--all [--since 7d] [--rules FILE] [--json]",
	"--all --since --rules --json",
	N_("what of the last days would have gone elsewhere with the rules as they are now written")},
    {"sort", cmd_sort, 1, -1, "FILE... [--account A] [--json]", "--account --json",
	N_("what the rules would do with these messages; delivers nothing")},
    {"decode", cmd_decode, 1, -1, "FILE... [--json]", "--json", N_("headers as people read them")},
    {"queue list", cmd_queue_list, 0, 0, "[--json]", "--json", N_("outgoing mail that waits")},
    {"queue show", cmd_queue_show, 1, 1, "ID", "--json", N_("one message of the queue")},
    {"queue flush", cmd_queue_flush, 0, 0, "", "--json", N_("send what waits, and tell the outcome")},
    {"queue hold", cmd_queue_hold, 1, -1, "ID...", "", N_("keep messages back")},
    {"queue release", cmd_queue_release, 1, -1, "ID...", "", N_("let go of messages on hold")},
    {"queue retry", cmd_queue_retry, 1, -1, "ID...", "", N_("try messages again with the next session")},
    {"queue delete", cmd_queue_delete, 1, -1, "ID... [--tell] [--yes]", "--tell --yes",
	N_("delete messages; asks first; --tell notifies the senders")},
    {"mailbox list", cmd_mailbox_list, 0, 0, "[--json]", "--json", N_("mailboxes and their sizes")},
    {"mailbox show", cmd_mailbox_show, 1, 1, "USER [--json]", "--json",
	N_("the messages in a mailbox")},
    {"mailbox purge", cmd_mailbox_purge, 1, 1, "USER --older TIME [--dry-run] [--yes] [--json]", "--older --dry-run --yes --json",
	N_("remove old messages from a mailbox; asks first")},
    {"mailbox archive", cmd_mailbox_archive, 1, 1, "USER --older TIME [--mbox FILE]", "--older --mbox --json",
	N_("move old messages to the user's archive, a folder a month, or to a new mbox file")},
    {"trace", cmd_trace, 0, 1, "[QUERY] [--since TIME] [--until TIME] [--json]", "--since --until --json",
	N_("all that happened to a message: by id, Message-ID, address, subject, user, account or rule")},
    {"client-setup", cmd_client_setup, 1, 1, "USER [--host HOST] [--write FOLDER] [--json]", "--host --write --json",
	N_("settings for a user's mail programs and phone; writes files that set them up")},
    {"backup", cmd_backup, 1, 1, "FILE [--with-passwords] [--json]", "--with-passwords --json",
	N_("configuration, mailboxes, queue and memory in one tar file, while the gateway runs")},
    {"restore", cmd_restore, 1, 1, "FILE [--to FOLDER] [--force] [--json]", "--to --force --json",
	N_("put a backup back; the gateway must be stopped")},
    {"dkim", cmd_dkim, 1, 1, "DOMAIN [--new rsa|ed25519] [--json]", "--new --json",
	N_("what the DNS of a domain must say for its signatures; makes its key")},
    {"config-reference", cmd_config_reference, 0, 2, "[man]", "",
	N_("every setting and what it means")},
    {"completion", cmd_completion, 1, -1, "bash|zsh|fish", "", N_("what a shell needs to complete the words of lanpost")},
    {"reload", cmd_reload, 0, 0, "", "", N_("make the gateway read its configuration again")},
    {"stop", cmd_stop, 0, 0, "", "", N_("stop the gateway and wait for its end")},
    {"demo", cmd_demo, 0, 0, "[--once]", "--once",
	N_("a provider and a branch office on this computer: one whole session, explained")},
};

/* Who has just installed it is asked first. */
static int open_screens(struct cli *cli)
{
	bool is_there = access(cli->config, F_OK) == 0;

	if (!is_there && errno != ENOENT)
		return cli_fail(CLI_FAILED, _("cannot read %s: %s. Run it as root: sudo lanpost"), cli->config,
		    _(error_errno_word(errno)));
	if (!is_there && question_confirm(_("There is no configuration yet. Make one now?"), true) &&
	    cmd_setup(cli) != CLI_DONE)
		return CLI_FAILED;
	return tui_main(cli);
}

int main(int argc, char **argv)
{
	return cli_main(argc, argv, verbs, ARRAY_LEN(verbs), open_screens);
}
