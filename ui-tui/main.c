/*
 * lanpost: the admin's hand. This is the table of its verbs; cli.c reads the arguments.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/cli.h"

static const struct verb verbs[] = {
    {"setup", cmd_setup, 0, 0, "", "", N_("a first configuration, by questions")},
    {"check", cmd_check, 0, 0, "", "", N_("validate the configuration, telling every problem")},
    {"status", cmd_status, 0, 0, "[--json]", "--json",
	N_("gateway, line, sessions, accounts, mailboxes, queue")},
    {"session", cmd_session, 0, 0, "[--account A]... [--fetch-only|--send-only] [--no-wait] | --watch | --cancel",
	"--account --fetch-only --send-only --no-wait --watch --cancel --json",
	N_("run a communication session now, watch the one that runs, or end it")},
    {"user list", cmd_user_list, 0, 0, "[--json]", "--json", N_("users and their names")},
    {"user add", cmd_user_add, 1, 1, "NAME [--KEY VALUE]...", "--KEY",
	N_("add a user; asks for the password")},
    {"user passwd", cmd_user_passwd, 1, 1, "NAME", "", N_("set a user's password")},
    {"user remove", cmd_user_remove, 1, 1, "NAME", "", N_("remove a user; the mailbox stays")},
    {"account list", cmd_account_list, 0, 0, "[--json]", "--json",
	N_("mailboxes at providers from which mail is fetched")},
    {"account add", cmd_account_add, 1, 1, "NAME --url URL --user USER [--KEY VALUE]...", "--KEY",
	N_("add an account; asks for its password")},
    {"account test", cmd_account_test, 1, 1, "NAME [--json]", "--json",
	N_("log in, count, say what failed and what to do")},
    {"account remove", cmd_account_remove, 1, 1, "NAME", "", N_("remove an account")},
    {"rule list", cmd_rule_list, 0, 0, "[--json]", "--json", N_("rules of the sorter, in order")},
    {"rule add", cmd_rule_add, 1, 1, "NAME --when CONDITION [--KEY VALUE]... [--before RULE|--after RULE]",
	"--KEY --before --after", N_("add a rule, as the last one if nothing else is said")},
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
	N_("remove messages; nobody is told unless so wanted")},
    {"mailbox list", cmd_mailbox_list, 0, 0, "[--json]", "--json", N_("mailboxes and their sizes")},
    {"mailbox show", cmd_mailbox_show, 1, 1, "USER [--json]", "--json",
	N_("the messages in a mailbox")},
    {"mailbox purge", cmd_mailbox_purge, 1, 1, "USER --older TIME", "--older --json",
	N_("remove old messages from a mailbox")},
    {"trace", cmd_trace, 1, 1, "QUERY [--json]", "--json",
	N_("all that happened to a message: by id, Message-ID, address or subject")},
    {"client-setup", cmd_client_setup, 1, 1, "USER [--host HOST] [--write FOLDER] [--json]", "--host --write --json",
	N_("settings for a user's mail programs and phone; writes files that set them up")},
    {"backup", cmd_backup, 1, 1, "FILE [--with-passwords] [--json]", "--with-passwords --json",
	N_("configuration, mailboxes, queue and memory in one tar file, while the gateway runs")},
    {"restore", cmd_restore, 1, 1, "FILE [--to FOLDER] [--force] [--json]", "--to --force --json",
	N_("put a backup back; the gateway must be stopped")},
    {"dkim", cmd_dkim, 1, 1, "DOMAIN [--new rsa|ed25519] [--json]", "--new --json",
	N_("what the DNS of a domain must say for its signatures; makes its key")},
    {"completion", cmd_completion, 1, -1, "bash|zsh|fish", "", N_("what a shell needs to complete the words of lanpost")},
    {"reload", cmd_reload, 0, 0, "", "", N_("make the gateway read its configuration again")},
    {"stop", cmd_stop, 0, 0, "", "", N_("stop the gateway and wait for its end")},
    {"demo", cmd_demo, 0, 0, "[--once]", "--once",
	N_("a provider and a branch office on this computer: one whole session, explained")},
    {"config-reference", cmd_config_reference, 0, 1, "[man]", "", NULL},
};

int main(int argc, char **argv)
{
	return cli_main(argc, argv, verbs, ARRAY_LEN(verbs));
}
