"""Tables fit the terminal; a pipe gets every column in full; names of any width keep their columns."""
import unicodedata

import pytest

from harness.gateway import BUILD, environment
from harness.letters import encoded_word, letter
from harness.terminal import Terminal

LONG = "Очень длинная тема письма о поставке " * 8


def width(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


@pytest.fixture
def office(make_gateway):
    office = make_gateway(users={"ivan": {"external_alias": "ivan.petrov.the.first@branch.example.ru", "full_name": "日本語の名前 " * 4,
                                          "aliases": "petrov, i.petrov, office.head, branch.head", "forward": "ivan@home.example", "expire": "90d"},
                                 "buh": {}},
                          rules={"r1": {"when": 'subject contains "' + "x" * 120 + '"', "deliver": "ivan, buh"}},
                          accounts={"a-rather-long-name-of-an-account": {"url": "pop3s://127.0.0.1:1", "user": "office@provider.example.ru"}},
                          smarthosts={"default": {"url": "smtp://127.0.0.1:1", "tls": "none"}})
    office.send("ivan@office.lan", ["buh", "a.client.with.a.long.name@bank.example.ru"], letter(subject=encoded_word("日本" * 40 + LONG, "utf-8")))
    office.mailbox_when("buh", 1)
    office.session(code=1)
    return office


LISTS = [["user", "list"], ["account", "list"], ["rule", "list"], ["queue", "list"], ["mailbox", "list"], ["mailbox", "show", "buh"], ["status"]]


@pytest.mark.parametrize("columns", [80, 100, 200])
@pytest.mark.parametrize("words", LISTS, ids=" ".join)
def test_no_row_is_wrapped_by_the_terminal(office, words, columns):
    """With a terminal too low to scroll into, a wrapped row would show as one more line."""
    term = Terminal("-c", office.conf, *words, width=columns, height=60)
    term.wait_end()
    shown = term.screen("-J").rstrip("\n").split("\n")  # -J: lines that tmux has wrapped come as one
    assert max(map(width, shown)) <= columns, "\n".join(shown)
    heads = next(line for line in shown if line.isupper())
    assert heads.split()[0] in ("USER", "ACCOUNT", "RULE", "ID", "MAILBOX")
    term.close()


@pytest.mark.parametrize("words, texts", [
    (["queue", "list"], ["LAST REPLY", LONG.strip()]), (["mailbox", "show", "buh"], [LONG.strip()]), (["rule", "list"], ["x" * 120]),
    (["user", "list"], ["branch.head", "ivan@home.example", "90d", "ALIASES"])], ids=lambda value: value[0])
def test_a_pipe_gets_all(office, words, texts):
    shown = office.cli(*words).stdout
    assert all(text in shown for text in texts), shown


def test_the_id_comes_first(office):
    ident = office.files("buh")[0].name.split(".")[1]
    assert office.cli("mailbox", "show", "buh").stdout.splitlines()[1].startswith(ident)
    term = Terminal("-c", office.conf, "mailbox", "show", "buh", width=80)
    term.wait(ident, "…")
    term.close()


def test_an_error_is_shown_whole(office):
    """The state of an account goes on in more lines."""
    error = office.status()["accounts"][0]["error"]
    term = Terminal("-c", office.conf, "status", width=80, height=60)
    term.wait_end()
    lines = term.lines()
    column = next(line for line in lines if line.startswith("ACCOUNT")).index("STATE")
    first = next(number for number, line in enumerate(lines) if line.startswith("a-rather"))
    said = "".join("".join(line[column:].split()) for line in lines[first:first + 6])
    assert said.startswith("".join(error.split())), (said, error)
    term.close()
