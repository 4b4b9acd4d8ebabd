"""What each screen of lanpost shows: all of it, and what may be done about it."""
import pytest

from harness.terminal import Terminal
from harness.waiting import until


@pytest.fixture
def terminal():
    """terminal(gateway, width=, height=, language=): the screens of a gateway, closed after the test."""
    opened = []

    def make(gateway, **settings):
        opened.append(Terminal("-c", gateway.conf, **settings))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def fill_mailbox(gateway, user, count):
    folder = gateway.spool / "mailboxes" / user / "new"
    for number in range(count):
        text = f"From: sender{number}@example.ru\r\nSubject: number {number:04} here\r\n\r\nText\r\n"
        (folder / f"{1700000000 + number}.M{number}P1.elsewhere,S={len(text)}").write_text(text, newline="")


@pytest.mark.parametrize("language, words", [("en", "2500 messages"), ("ru", "2500 писем")])
def test_mailbox_shows_all_messages_and_filters_all(make_gateway, terminal, language, words):
    gateway = make_gateway(users={"ivan": {}})
    until((gateway.spool / "mailboxes" / "ivan" / "new").is_dir, what="the mailbox")
    fill_mailbox(gateway, "ivan", 2500)
    term = terminal(gateway, language=language)
    term.keys("F7").wait("ivan", "2500")
    term.keys("Down", "Enter").wait(words, "number 2499")
    term.keys("End").wait("number 0000")
    term.keys("/").type("number 0007")
    term.keys("Enter").wait("number 0007", without=["number 0008"])
    fill_mailbox(gateway, "ivan", 1)  # the file stands there already: nothing new
    gateway.send("ivan@office.lan", ["ivan@office.lan"], "Subject: one more\r\n\r\nText\r\n")
    term.keys("Escape").wait(" 2501 ")
    term.keys("Home").wait("one more")


@pytest.mark.parametrize("language, words", [("en", "(no such user)"), ("ru", "(пользователя нет)")])
def test_mailbox_of_a_removed_user_is_shown_and_emptied(make_gateway, terminal, language, words):
    gateway = make_gateway(users={"ivan": {}, "olga": {}})
    gateway.send("ivan@office.lan", ["olga@office.lan"], "Subject: left behind\r\n\r\nText\r\n")
    until(lambda: gateway.files("olga"), what="delivery")
    assert gateway.cli("user", "remove", "olga").returncode == 0
    term = terminal(gateway, language=language)
    term.keys("F7").wait("ivan", "olga " + words)
    term.keys("End", "Enter").wait("left behind")
    term.keys("Escape").wait("olga " + words)
