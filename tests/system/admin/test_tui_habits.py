"""What people know from other terminal programs: move, find, sort, mark, undo, and read all of a row."""
import re

import pytest

from harness.terminal import Terminal
from harness.waiting import until


@pytest.fixture
def office(make_gateway):
    """Four messages in the queue, three users, two rules, two accounts that cannot connect."""
    account = {"user": "x@example.ru", "password": "x", "tls": "none"}
    gateway = make_gateway(
        users={name: {"external_alias": f"{name}@example.ru"} for name in ("ivan", "anna", "olga")},
        smarthosts={"default": {"url": "smtp://127.0.0.1:1", "tls": "none"}},
        accounts={"one": {**account, "url": "pop3://127.0.0.1:9"}, "two": {**account, "url": "pop3://127.0.0.1:9"}},
        rules={"first": {"when": 'subject contains "a"', "deliver": "olga"},
               "second": {"when": 'subject contains "b"', "deliver": "olga"}})
    for number, word in enumerate(["pear", "apple", "cherry", "banana"]):
        gateway.send("ivan@office.lan", [f"kunde{number}@example.ru"],
                     f"Subject: {word} {'and more of it ' * 8}end of {word}\r\n\r\n{'x' * number * 1000}\r\n")
    gateway.cli("session")
    return gateway


@pytest.fixture
def term(office):
    term = Terminal("-c", office.conf)
    term.wait("the gateway is running")
    yield term
    term.close()


def order(term, words):
    screen = "\n".join(term.lines()[:19])
    return sorted((word for word in words if f" {word} " in screen), key=lambda word: screen.index(f" {word} "))


def test_list_is_sorted_by_any_column_and_back(term):
    words = ["pear", "apple", "cherry", "banana"]
    term.keys("6").wait("pear", "banana")
    assert order(term, words) == words
    for _ in range(6):  # STATE, SINCE, SIZE, FROM, TO, SUBJECT
        term.keys("o")
    term.wait("SUBJECT↑")
    assert order(term, words) == sorted(words)
    term.keys("O").wait("SUBJECT↓")
    assert order(term, words) == sorted(words, reverse=True)
    term.keys("o", "o", "o", "o", "o").wait("SIZE↑")
    assert order(term, words) == words
    assert "SIZE↓" in term.keys("O").wait("SIZE↓") and order(term, words) == words[::-1]


def selected(term):
    """The text of the selected row, recognised by its background."""
    for line in term.screen("-e").split("\n")[2:]:
        if re.search(r"\x1b\[[0-9;]*46m", line):
            return re.sub(r"\x1b\[[0-9;]*m", "", line)
    return ""


def test_letters_move_and_find(term):
    term.keys("6").wait("pear", "banana")
    for key, word in (("G", "banana"), ("g", "pear"), ("j", "apple"), ("k", "pear"), ("End", "banana"), ("C-u", "pear"),
                      ("C-d", "banana")):
        term.keys(key)
        until(lambda: word in selected(term), what=f"{key} to go to {word}")
    term.keys("/").type("an")
    term.wait("2 rows" if "apple" not in term.screen() else "Filter:")
    term.keys("C-u").type("cherry")
    term.wait("1 row", without=["apple"])
    term.keys("C-u").type("nothing like that")
    term.wait("Nothing matches", "SUBJECT")
    term.keys("C-u").type("end of").keys("Enter")
    term.keys("Escape").wait("pear", "banana", without=["Filter:"])
    term.keys("g", "n")
    until(lambda: "apple" in selected(term), what="n to find the next")
    term.keys("N", "N")
    until(lambda: "banana" in selected(term), what="N to find the one before, round the end")


def test_marked_rows_are_all_changed_with_one_question(office, term):
    term.keys("6").wait("pear", "banana")
    term.keys("Space", "Space").wait("2 marked")
    term.keys("h").wait("held", without=["2 marked"])
    until(lambda: len(office.queued_files("hold")) == 2, what="both to be held")
    term.wait("u Undo")
    term.keys("u").wait("undone: 2 messages held")
    until(lambda: not office.queued_files("hold"), what="both to be released")
    term.keys("u").wait("nothing to undo")
    term.keys("*").wait("4 marked")
    term.keys("j", "Space").wait("3 marked")
    term.keys("d").wait("Permanently delete 3 messages?", "cannot be undone")
    term.keys("Down", "Enter").wait("banana", without=["pear", "apple", "cherry"])
    assert len(office.queue()) == 1


def test_what_was_changed_in_the_files_is_undone_step_by_step(office, term):
    rules, users = (office.folder / name for name in ("rules.conf", "users.conf"))
    before = rules.read_text(), users.read_text()
    term.keys("5").wait("first", "second")
    term.keys("J")
    until(lambda: rules.read_text().index("second") < rules.read_text().index("first"), what="the rule to be moved")
    term.keys("3").wait("anna")
    term.keys("*").wait("3 marked")
    term.keys("G", "Space").wait("2 marked")
    term.keys("d").wait("ivan, anna", "2 rows")
    term.keys("Down", "Enter")
    until(lambda: "[user ivan]" not in users.read_text() and "[user anna]" not in users.read_text(), what="two users less")
    term.keys("u").wait("undone: ivan, anna removed")
    assert users.read_text() == before[1]
    assert office.cli("user", "list").stdout.count("@example.ru") == 3
    term.keys("u").wait("undone: rule first moved")
    assert rules.read_text() == before[0]
    term.keys("5", "J").wait("u Undo")
    rules.write_text("; somebody else\n" + rules.read_text())
    term.keys("u").wait("another user or program has changed")
    assert rules.read_text().startswith("; somebody else\n")


def test_all_of_a_row_and_of_a_problem_is_read_at_80_columns(term):
    reason = "127.0.0.1:9: Connection refused"
    screen = term.keys("4").wait("STATE:")
    assert reason in re.sub(r"\s+", " ", screen)
    screen = term.keys("6").wait("SUBJECT:")
    assert "end of pear" in re.sub(r"\s+", " ", screen)
    term.keys("2").wait("Problems")
    screen = term.keys("Enter").wait("Go to Accounts")
    assert reason in re.sub(r"[\s│]+", " ", screen) and "t tests the account step by" in re.sub(r"[\s│]+", " ", screen)
    term.keys("Enter").wait("STATE:")
    term.keys("v").wait("ACCOUNT: one", "LOGIN: x@example.ru")


def test_screens_follow_tab_and_the_mouse_is_let_go(term):
    term.keys("Tab").wait("ALIASES")
    term.keys("BTab").wait("Problems")
    term.keys("9").wait("hostname")
    term.keys("Tab", "Tab")
    until(lambda: "connect_command" in selected(term), what="Tab to go to the next section")
    term.wait("connect_command")
    assert term.tmux("display-message", "-p", "#{mouse_any_flag}").strip() == "1"
    term.keys("M").wait("press M to take it back")
    assert term.tmux("display-message", "-p", "#{mouse_any_flag}").strip() == "0"
    term.keys("M").wait("works on the screens again")
    assert term.tmux("display-message", "-p", "#{mouse_any_flag}").strip() == "1"


KEYS = {"en": {"delete": {4: "d Remove", 5: "d Remove", 6: "d Delete", 9: "d Remove"}, "undo": "u Undo", "filter": "/ Filter",
               "end": "F10 Quit"},
        "ru": {"delete": {4: "d Удалить", 5: "d Удалить", 6: "d Удалить", 9: "d Удалить"}, "undo": "u Откат", "filter": "/ Фильтр",
               "end": "F10 Выход"}}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_deletes_undoes_and_filters_is_named_at_80_columns(office, language):
    term = Terminal("-c", office.conf, language=language)
    try:
        words = KEYS[language]
        term.keys("5").wait("second")
        term.keys("J").wait(words["undo"])
        for screen, delete in words["delete"].items():
            term.keys(str(screen)).wait(delete)
            last = term.screen().rstrip("\n").split("\n")[-1]
            assert all(text in last for text in (delete, words["undo"], words["filter"], words["end"])), last
            assert len(last) <= 80
    finally:
        term.close()


def test_text_in_a_box_is_searched(term):
    term.keys("F1").wait("lines 1 to")
    term.keys("/").wait("Find:")
    term.type("cyrillic").keys("Enter").wait("Cyrillic keyboard", without=["Words to"])
    term.keys("g").wait("lines 1 to")
    term.keys("n").wait("Cyrillic keyboard")
    term.keys("Escape").wait(without=["Cyrillic"])


def test_forms_speak_to_people_and_ask_before_they_forget(office, term):
    term.keys("3").wait("anna")
    term.keys("Enter").wait("Full name", "full_name", "More (", "Ctrl-S: save   Esc: cancel", without=["allow_weak_auth"])
    term.keys("NPage", "Right", "Right", "Enter").wait("allow_weak_auth", without=["More ("])
    term.keys("PPage", "Down", "Down").type("Ivan")
    for answer, gone in (("n", False), ("y", True)):
        term.keys("Escape").wait("Discard your changes?", "No, go on editing", "Yes, discard")
        term.keys(answer).wait(without=["Discard your changes?"] + (["full_name"] if gone else []))
    assert "Ivan" not in (office.folder / "users.conf").read_text()
