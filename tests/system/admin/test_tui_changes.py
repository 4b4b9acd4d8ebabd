"""What is changed on the screens of lanpost: users, accounts, rules, settings, and two admins at once."""
import poplib
import socket
import time

import pytest

from harness.gateway import PASSWORD
from harness.letters import letter
from harness.terminal import Terminal
from harness.waiting import until

SIZES = [(80, 24), (200, 50)]
WORDS = {
    "en": {"running": "the gateway is running", "new user": "New user", "again": "the two passwords differ",
           "weak": "Weak: it contains the name.", "settings": "Settings of the mail program", "yes": "Yes, remove",
           "saved": "saved in", "messages": "messages: 1", "test": "Test of the account", "login": "login",
           "catches": "matches 2 of the last 3 messages", "new rule": "New rule", "two": "Edit conflict",
           "was": "full_name = Anna Boss (was: )", "default": "(15m)", "full name": "Full name ", "left": "Discard your changes?", "down": "Down",
           "no time": "is not a duration", "mailbox": "Mailbox anna", "gone": "1 message ", "plan": "1 message ("},
    "ru": {"running": "шлюз работает", "new user": "Новый пользователь", "again": "пароли не совпадают",
           "weak": "Слабый: в нём есть имя.", "settings": "Настройки почтовой программы", "yes": "Да, удалить",
           "saved": "сохранено в", "messages": "писем: 1", "test": "Проверка учётной записи", "login": "вход",
           "catches": "подходит писем: 2 из последних 3", "new rule": "Новое правило", "two": "Файл изменил кто-то ещё",
           "was": "full_name = Anna Boss (было: )", "default": "(15m)", "full name": "Полное имя ", "left": "Закрыть без сохранения?", "down": "Ниже",
           "no time": "15mx", "mailbox": "Ящик anna", "gone": "1", "plan": "1 письмо ("},
}


@pytest.fixture(params=["en", "ru"])
def language(request):
    return request.param


@pytest.fixture(params=SIZES, ids=lambda size: "%dx%d" % size)
def size(request):
    return request.param


@pytest.fixture
def terminal(language, size):
    """terminal(gateway): its screens in this language and size, closed after the test."""
    opened = []

    def make(gateway):
        opened.append(Terminal("-c", gateway.conf, width=size[0], height=size[1], language=language))
        opened[-1].wait("gw.office.lan")
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def clear(term):
    """Empties the field that the cursor is in."""
    return term.keys("End", "C-u")


def text_of(gateway, file):
    return (gateway.folder / file).read_text()


def test_user_is_added_changed_and_removed(make_gateway, terminal, language):
    words = WORDS[language]
    gateway = make_gateway(users={"anna": {}})
    users = gateway.folder / "users.conf"
    users.write_text("; who works here\n" + users.read_text())
    term = terminal(gateway)
    term.keys("F3").wait("anna")
    term.keys("a").wait(words["new user"])
    term.type("olga")
    term.keys("Tab").type("olga-12345")
    term.wait(words["weak"])
    term.keys("C-u").type("Sonne-7-Mond")
    term.wait("************", without=[words["weak"]])
    term.keys("Tab").type("Sonne-7-Mund")
    term.keys("C-s").wait(words["again"])
    term.keys("C-u").type("Sonne-7-Mond")
    term.keys("Tab").type("Ольга Ким")
    term.keys("C-s").wait(words["settings"], "olga@office.lan", str(gateway.pop3_port))
    term.keys("Escape").wait("Ольга Ким", without=[words["settings"]])
    assert text_of(gateway, "users.conf").startswith("; who works here\n[user anna]\n")
    client = poplib.POP3("127.0.0.1", gateway.pop3_port, timeout=90)
    client.user("olga")
    assert client.pass_("Sonne-7-Mond").startswith(b"+OK")  # the gateway knows already
    client.quit()
    term.keys("Enter").wait("olga", "(yes)", words["full name"])
    term.keys("Down", "Down").wait("full_name:")
    clear(term).type("Olga Kim-Lee")
    term.keys("Escape").wait(words["left"])  # nothing that was typed is lost without a question
    term.keys("Escape").wait("Olga Kim-Lee", without=[words["left"]])
    term.keys("C-s").wait(words["saved"], "Olga Kim-Lee")
    assert "full_name = Olga Kim-Lee\n" in text_of(gateway, "users.conf")
    term.keys("p").wait("olga", without=["full_name"])
    term.type("Regen-8-Bogen")
    term.keys("Tab").type("Regen-8-Bogen")
    term.keys("C-s").wait(words["saved"])
    gateway.pop3("olga", "Regen-8-Bogen").quit()
    term.keys("d").wait(words["yes"])
    term.keys("Down", "Enter").wait(without=["Kim-Lee"])
    assert "olga" not in text_of(gateway, "users.conf")


def test_account_is_filled_in_from_its_address_tested_and_saved(make_gateway, terminal, language, dovecot):
    words = WORDS[language]
    dovecot.deliver("office", letter(number=1))
    gateway = make_gateway(users={"ivan": {}})
    term = terminal(gateway)
    term.keys("F4", "a").type("sales@gmail.com")
    term.wait("pop3s://pop.gmail.com:995", "Gmail")
    clear(term).type("kasse@yandex.ru")
    term.wait("pop3s://pop.yandex.ru:995", "kasse@yandex.ru")
    term.keys("Tab")
    clear(term).type(f"pop3s://127.0.0.1:{dovecot.tls_port}")
    term.keys("Tab")
    clear(term).type("office")
    term.keys("Tab").type("wrong")
    term.keys("NPage", "Right", "Right", "Right", "Enter").wait("password_command:")  # the button that shows the other fields
    term.keys(*["Tab"] * 11).wait("ca_file:")
    term.type(str(dovecot.ca))
    term.keys("PPage", "PPage", "PPage").wait("kasse")
    term.keys("NPage", "Right", "Right", "Enter").wait(words["test"], "[AUTH]")  # the password is wrong
    term.keys("Escape").wait(without=["[AUTH]"])
    term.keys("PPage", "Down", "Down", "Down", "Down")
    clear(term).type("provider-pw")
    term.keys("NPage", "Right", "Right", "Enter").wait(words["test"], words["messages"])
    term.keys("Escape").wait(without=[words["messages"]])
    assert not gateway.accounts and "kasse" not in text_of(gateway, "accounts.conf")  # tested before it is saved
    term.keys("C-s").wait(words["saved"], "kasse")
    gateway.session()
    term.keys("t").wait(words["test"], words["login"])
    term.keys("Escape").wait(without=[words["test"]])
    term.keys("d").wait(words["yes"])
    term.keys("Down", "Enter").wait(without=["pop3s://"])


def test_rule_shows_what_it_would_catch_while_it_is_written(make_gateway, terminal, language, dovecot, account):
    words = WORDS[language]
    for number, subject in enumerate(["Счёт 118", "Обед", "счёт 119"]):
        dovecot.deliver("office", letter(subject=subject, charset="koi8-r", to="x@y.ru", number=number))
    gateway = make_gateway(users={"ivan": {}, "buh": {}}, accounts={"office": account},
                           rules={"last": {"when": "always", "deliver": "ivan"}})
    gateway.session()
    term = terminal(gateway)
    term.keys("F5").wait("last")
    term.keys("a").wait(words["new rule"])
    term.type("invoices")
    term.keys("Tab", "Tab", "Tab").type("СЧЁТ")
    term.wait('subject contains "СЧЁТ"', words["catches"], "Счёт 118", "счёт 119")
    term.keys("Down", "Down").keys("F4").type("bu")
    term.wait("buh", without=["ivan  "])
    term.keys("Enter").wait("deliver")
    term.keys("C-s").wait(words["saved"], "invoices", "deliver buh")
    assert text_of(gateway, "rules.conf").count('when = subject contains "СЧЁТ"\ndeliver = buh\n') == 1
    term.keys("K")  # up: it comes first
    until(lambda: text_of(gateway, "rules.conf").index("invoices") < text_of(gateway, "rules.conf").index("last"),
          what="the rule to be moved")
    term.keys("d").wait(words["yes"])
    term.keys("Down", "Enter").wait("last", without=["invoices  "])
    until(lambda: "invoices" not in text_of(gateway, "rules.conf"), what="the rule to be gone")


def test_second_of_two_admins_is_told_and_both_changes_stay(make_gateway, terminal, language, size):
    words = WORDS[language]
    gateway = make_gateway(users={"anna": {}, "ivan": {}})
    term = terminal(gateway)
    term.keys("F3").wait("anna")
    term.keys("Enter").wait("external_alias")
    term.keys("Down", "Down", "Down").type("anna@example.ru")
    users = gateway.folder / "users.conf"
    users.write_text(users.read_text().replace("[user anna]\n", "[user anna]\n; the boss\nfull_name = Anna Boss\n"))
    if size == SIZES[1]:
        term.wait("Anna Boss")  # above the form: the screens have read the files again
    term.keys("C-s").wait(words["two"], words["was"])
    term.keys("Enter").wait(words["saved"], "Anna Boss", "anna@example.ru")
    text = users.read_text()
    assert "; the boss\nfull_name = Anna Boss\n" in text and "external_alias = anna@example.ru\n" in text


def test_setting_is_checked_as_it_is_typed(make_gateway, terminal, language):
    words = WORDS[language]
    gateway = make_gateway(users={"anna": {}})
    conf = gateway.conf
    conf.write_text(conf.read_text().replace("every = 0", "every = 15m   ; often enough"))
    term = terminal(gateway)
    term.keys("F9").wait("hostname")
    term.keys("/").type("every")
    term.wait("15m", without=["hostname"])
    term.keys("Enter", "Down", "Enter").wait("[schedule] every")  # below while_up_every
    term.type("x")
    term.wait(words["no time"])
    term.keys("C-s")  # which leads back to the field
    term.keys("BSpace", "BSpace").type("m")
    term.keys("C-u").type("30m")
    term.keys("C-s").wait(words["saved"], "30m")
    assert "every = 30m ; often enough\n" in conf.read_text()
    term.keys("Escape", "Home").wait("spool")
    term.keys("/").type("boss (")
    term.wait("boss", without=["spool"])
    term.keys("Enter", "Home", "Enter").wait("[gateway] boss")
    term.type("nobody-here")
    term.keys("C-s").wait("`nobody-here`")  # right in itself, wrong as a whole
    assert "nobody-here" not in conf.read_text()
    term.keys("C-u").keys("PPage", "C-u").keys("F4").wait("anna")
    term.keys("Down", "Enter").wait("anna")
    term.keys("C-s").wait(words["saved"])
    assert "boss = anna\n" in conf.read_text()


def test_mailboxes_and_old_letters(make_gateway, terminal, language):
    words = WORDS[language]
    gateway = make_gateway(users={"anna": {}})
    gateway.send("anna@office.lan", ["anna@office.lan"], letter(subject="Zahnarzt"))
    gateway.mailbox_when("anna", 1)
    term = terminal(gateway)
    term.keys("F7").wait("postmaster", "anna")
    term.keys("Down", "Enter").wait(words["mailbox"], "Zahnarzt")
    term.keys("Enter").wait("Message-ID:", "Zahnarzt")
    term.keys("Escape").wait(words["mailbox"], without=["Message-ID:"])
    term.keys("Escape").wait("postmaster")
    arrived = gateway.files("anna")[0].stat().st_mtime
    until(lambda: time.time() > arrived + 2, what="the letter to be older than a second")
    term.keys("d").wait("90d")
    term.type("soon")  # what is typed replaces 90d
    term.keys("Enter").wait("`soon`", without=["90dsoon"])
    term.type("1s")
    term.keys("Enter").wait(words["yes"], words["plan"])  # how many, and how new the newest
    term.keys("Down", "Enter").wait(words["gone"], without=[words["yes"]])
    until(lambda: not gateway.files("anna"), what="the letter to be removed")


def test_running_session_is_seen_and_cancelled(make_gateway, terminal, language):
    gateway = make_gateway(users={"anna": {}}, sections={"line": {"connect_command": "sleep 60"}})
    term = terminal(gateway)
    term.wait("sleep 60")
    term.keys("s")
    until(lambda: gateway.status()["session"]["running"], what="the session to run")
    term.keys("c")
    until(lambda: not gateway.status()["session"]["running"], what="the session to be cancelled")


def test_bars_are_seen_by_those_who_come_late(make_gateway, terminal, language, dovecot, account):
    dovecot.deliver("office", letter(number=1))
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and says nothing
        url = f"pop3s://127.0.0.1:{silent.getsockname()[1]}"
        gateway = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}},
                               accounts={"office": account, "silent": {**account, "url": url}})
        gateway.cli("session", "--no-wait")
        until(lambda: gateway.files("ivan"), what="the letter of the account that answers")
        term = terminal(gateway)
        screen = term.wait("office", "silent", "1/1", "░░░░░░░░")
        assert screen.index("office") != screen.index("silent")
        term.keys("c").wait(without=["1/1 ░"])
        until(lambda: not gateway.status()["session"]["running"], what="the session to be cancelled")


def test_password_of_the_harness_is_not_on_the_screen(make_gateway, terminal, dovecot, account):
    gateway = make_gateway(users={"anna": {}}, accounts={"office": account})
    term = terminal(gateway)
    term.keys("F4").wait("office")
    term.keys("Enter").wait("keep_on_server")
    assert "provider-pw" not in term.screen() and PASSWORD not in term.screen()
