/*
 * lanpost scanner test: asks a scanner about two messages of our own, a harmless one and one that it must find.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "base/process/sealed.h"
#include "config/scanner_url.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/verbs/verbs.h"
#include "upstream/scanner/scanner.h"

#include <stdio.h>
#include <unistd.h>

static const char harmless[] = "From: lanpost <>\r\nTo: postmaster\r\nSubject: test\r\n\r\nIs the scanner there?\r\n";
/* The test file of EICAR, which every virus scanner knows, in two pieces so that no scanner finds it here; and GTUBE for spam. */
#define EICAR "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-" "ANTIVIRUS-TEST-FILE!$H+H*"
#define GTUBE "From: lanpost <>\r\nTo: postmaster\r\nSubject: test\r\n\r\nXJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-" "ANTI-UBE-TEST-EMAIL*C.34X\r\n"

struct outcome {
	const struct conf_scanner *scanner;
	struct scan_verdict first, second;
	int64_t ms;
	bool is_done; /* the first message has a verdict */
	struct error error;
};

static int scan(const struct conf_scanner *conf, struct slice bytes, struct scan_verdict *verdict, struct error *error)
{
	int fd = sealed_new("lanpost-test", bytes, error), result;
	struct scanner *scanner;
	struct scan_facts facts;

	if (fd < 0)
		return -1;
	scan_facts_init(&facts);
	scan_facts_set(&facts.id, SLICE_LITERAL("test"));
	scanner = scanner_new(conf);
	result = scanner_scan(scanner, &(struct scanner_message){.file = fd, .size = bytes.len, .facts = &facts},
	    clock_now_ms() + conf->timeout * 1000, verdict, error);
	scanner_free(scanner);
	scan_facts_clear(&facts);
	close(fd);
	return result;
}

static bool looks_for_viruses(const struct conf_scanner *scanner)
{
	return scanner_url_looks_for(scanner_url_of(scanner->url).kind) == SCAN_VIRUS;
}

static void test(struct outcome *outcome)
{
	int64_t began = clock_now_ms();
	bool is_virus = looks_for_viruses(outcome->scanner);

	outcome->is_done = scan(outcome->scanner, SLICE_LITERAL(harmless), &outcome->first, &outcome->error) == 0;
	outcome->ms = clock_now_ms() - began;
	if (!outcome->is_done ||
	    scan(outcome->scanner, is_virus ? SLICE_LITERAL(EICAR) : SLICE_LITERAL(GTUBE), &outcome->second, &outcome->error) != 0)
		return;
	outcome->error = (struct error)ERROR_INIT;
	if (is_virus && outcome->second.virus[0] == '\0')
		error_set(&outcome->error, ERROR_CONFIG, N_("it does not find the test virus (EICAR): its signatures are missing; run freshclam"));
}

static json_t *outcome_json(const struct outcome *outcome)
{
	bool is_virus = looks_for_viruses(outcome->scanner), failed = outcome->error.class != ERROR_NONE;

	return json_pack("{s:s, s:s, s:b, s:I, s:o, s:o, s:o}", "name", outcome->scanner->name, "url", outcome->scanner->url, "ok", !failed, "ms",
	    (json_int_t)outcome->ms, "virus", is_virus && outcome->is_done ? cli_json_text(outcome->second.virus) : json_null(), "score",
	    !is_virus && outcome->is_done ? json_real((double)outcome->second.score / 1000) : json_null(), "error",
	    failed ? json_string(ERROR_SAID(&outcome->error)) : json_null());
}

static void print_outcome(const struct outcome *outcome)
{
	printf(_("Scanner:  %s (%s)\n"), outcome->scanner->name, outcome->scanner->url);
	if (!outcome->is_done)
		return;
	printf(_("Answer:   after %lld ms\n"), (long long)outcome->ms);
	if (outcome->second.looked & SCAN_SPAM)
		printf(_("Test:     score %s for the test message for spam (GTUBE)\n"), SCAN_SCORE(outcome->second.score));
	else if (outcome->second.virus[0] != '\0')
		printf(_("Test:     found %s\n"), outcome->second.virus);
}

/* Says also what to do when the scanner has given no verdict at all. */
static int fail(const struct outcome *outcome)
{
	/* Debian's names. */
	static const char *const units[] = {[SCANNER_CLAMD] = "clamav-daemon", [SCANNER_SPAMD] = "spamd", [SCANNER_RSPAMD] = "rspamd"};
	const char *name = outcome->scanner->name, *said = ERROR_SAID(&outcome->error);

	if (outcome->is_done)
		return cli_fail(CLI_FAILED, _("scanner %s: %s"), name, said);
	return cli_fail(CLI_FAILED, _("scanner %s: %s. Is it running? `systemctl status %s` shows it"), name, said,
	    units[scanner_url_of(outcome->scanner->url).kind]);
}

int cmd_scanner_test(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	struct outcome outcome = {.error = ERROR_INIT};
	int result = CLI_DONE;

	if (conf == NULL)
		return CLI_FAILED;
	outcome.scanner = conf_find_scanner(conf, cli->words[0]);
	if (outcome.scanner == NULL) {
		conf_free(conf);
		return cli_fail(CLI_FAILED, _("there is no scanner %s in the configuration"), cli->words[0]);
	}
	test(&outcome);
	if (cli->json)
		result = cli_print_json(outcome_json(&outcome));
	else
		print_outcome(&outcome);
	if (outcome.error.class != ERROR_NONE)
		result = fail(&outcome);
	conf_free(conf);
	return result;
}
