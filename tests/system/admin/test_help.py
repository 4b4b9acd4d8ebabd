"""--help: of lanpost, of a group and of a verb; it fits 80 columns, and a wrong option leads to it."""
import re
import subprocess
import unicodedata

import pytest

from harness.gateway import BUILD, environment

DONE, FAILED, USAGE = range(3)


def run(*args, language="en"):
    return subprocess.run([BUILD / "lanpost", "-c", "/nonexistent/lanpost.conf", *args], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=90, env=environment(language))


def width(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


GROUPS = {"user": ["list", "add", "set", "passwd", "remove"], "account": ["add", "set", "enable", "disable", "test"],
          "rule": ["add", "set", "move", "test"], "queue": ["list", "show", "flush", "hold", "delete"], "mailbox": ["list", "show", "purge"]}


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_has_its_help(group):
    done = run(group, "--help")
    assert done.returncode == DONE and done.stderr == ""
    listed = re.findall(r"(?m)^  (\w+)", done.stdout)
    assert set(GROUPS[group]) <= set(listed), done.stdout
    assert run(group).returncode == USAGE and f"lanpost {group} --help" in run(group).stderr


@pytest.mark.parametrize("language", ["en", "ru"])
def test_all_help_fits_80_columns(language):
    verbs = [[group, verb] for group, verbs in GROUPS.items() for verb in verbs]
    singles = [[verb] for verb in ("status", "who", "session", "trace", "check", "setup", "sort", "decode", "backup", "restore", "dkim", "client-setup")]
    for words in [[], *[[group] for group in GROUPS], *verbs, *singles]:
        done = run(*words, "--help", language=language)
        assert done.returncode == DONE, words
        assert not [line for line in done.stdout.splitlines() if width(line) > 80], (words, done.stdout)


def test_the_whole_help_is_grouped_and_has_examples():
    help = run("--help").stdout
    assert len(help.splitlines()) <= 70
    for text in ("Mail\n", "Configuration\n", "Examples\n", "lanpost session", "user ", "queue ", "--lang en|ru"):
        assert text in help, help


@pytest.mark.parametrize("verb, texts", [
    (["user", "add"], ["--expire", "with s, m, h, d or w", "Default: yes", "first line of standard input", "--no-password"]),
    (["mailbox", "purge"], ["90d", "--yes", "--dry-run"]), (["account", "set"], ["--keep-on-server", "14d", "--unset KEY"]),
    (["rule", "add"], ["--when", "lanpost-rules(5)", "--before RULE"]), (["account", "import"], ["only show the accounts that would be added"]),
    (["sort"], ["as mail of this account"]), (["session"], ["only this account"])], ids=lambda value: " ".join(value))
def test_a_verb_tells_values_defaults_units_and_input(verb, texts):
    help = " ".join(run(*verb, "--help").stdout.split())
    for text in texts:
        assert text in help, help
    assert "--clear-password" not in help and "--scram-sha256" not in help and "--password " not in help


@pytest.mark.parametrize("args, texts", [
    (["user", "add", "ivan", "--ful-name", "x"], ["--full-name", "lanpost user add --help"]),
    (["queue", "list", "--wholly-different"], ["lanpost queue list --help"]), (["--wholly-different"], ["see lanpost --help"]),
    (["queue", "list", "--older", "9d"], ["lanpost queue list --help"]),
    (["user", "add", "ivan", "--password", "x"], ["--password", "command line"])], ids=lambda value: " ".join(value))
def test_a_wrong_option_leads_to_the_verbs_help(args, texts):
    done = run(*args)
    assert done.returncode == USAGE and all(text in done.stderr for text in texts), done.stderr


def test_a_usage_line_ends_where_it_ends():
    assert run("stop", "now").stderr == "lanpost: usage: lanpost stop\n"
