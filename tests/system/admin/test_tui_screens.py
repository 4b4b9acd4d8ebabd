"""What each screen of lanpost shows: all of it, and what may be done about it."""
import pytest

from harness.waiting import until


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
    fill_mailbox(gateway, "ivan", 1)  # the file already exists: nothing new
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


@pytest.mark.parametrize("language, inbox, question, yes", [("en", "Inbox", "Older than", "Yes, remove"), ("ru", "Входящие", "Старше", "Да, удалить")])
def test_mailbox_shows_its_folders(make_gateway, terminal, language, inbox, question, yes):
    gateway = make_gateway(users={"ivan": {}})
    until((gateway.spool / "mailboxes" / "ivan" / "new").is_dir, what="the mailbox")
    fill_mailbox(gateway, "ivan", 3)
    with gateway.imap("ivan") as client:
        assert client.append("Sent", None, "\"23-Nov-2026 09:00:00 +0000\"", b"From: ivan@office.lan\r\nSubject: offer 118\r\n\r\nText\r\n")[0] == "OK"
        assert client.create("Sent/2026")[0] == "OK"
    term = terminal(gateway, language=language)
    term.keys("F7").wait("ivan", " 4 ")
    term.keys("Down", "Enter").wait(inbox, " 3 ", "Drafts", "Sent/2026")
    term.keys("/").type("Sent")
    term.keys("Enter").wait("Sent", without=["Drafts"])
    term.keys("Enter").wait("offer 118", "ivan/Sent")
    term.keys("d").wait(question)
    term.type("1d")
    term.keys("Enter").wait(yes)
    term.keys("Down", "Enter").wait("ivan/Sent", without=[yes])
    until(lambda: not gateway.files("ivan/.Sent"), what="the message to be removed")
    term.wait("ivan/Sent", without=["offer 118"])  # until then Escape is a key of the removal
    term.keys("Escape").wait("Sent/2026")
    term.keys("Escape").wait("Drafts")
    term.keys("Home", "Enter").wait("number 0002", without=["offer"])
    term.keys("Escape").wait("Drafts")
    term.keys("Escape").wait("postmaster")


def broken_office(make_gateway, accounts=5):
    """Accounts and a smarthost that nobody answers for."""
    account = {"user": "x@example.ru", "password": "x", "tls": "none", "url": "pop3://127.0.0.1:1"}
    gateway = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}}, smarthosts={"default": {"url": "smtp://127.0.0.1:1", "tls": "none"}},
                           accounts={f"branch{number}": {**account, "user": f"x{number}@example.ru"} for number in range(accounts)})
    gateway.send("ivan@office.lan", ["kunde@example.ru"], "Subject: Offer 7\r\n\r\nHello\r\n")
    gateway.cli("session")
    return gateway


@pytest.mark.parametrize("language, words", [("en", ("Problems", " outgoing ")),
                                             ("ru", ("Неполадки", " исходящие "))])
def test_overview_scrolls_to_all_problems_and_accounts(make_gateway, terminal, language, words):
    gateway = broken_office(make_gateway, accounts=14)
    term = terminal(gateway, language=language)
    term.wait(words[0], "branch0", "↓", without=["branch9"])
    term.keys("G").wait("default", "↑", without=["branch0"])
    term.keys("g").wait("branch0", without=["↑"])
    term.keys("s").wait("branch0")
    until(lambda: words[1] in term.keys("G").screen(), what="the rows of the session below the problems")
    term.wait(words[1], "branch", "↑")  # in the order in which they have ended


@pytest.mark.parametrize("language, words", [("en", ("Accounts", "Last events", "accepted", "Offer 7")),
                                             ("ru", ("Аккаунты", "Последние события", "принято", "Offer 7"))])
def test_overview_uses_a_large_window(make_gateway, terminal, language, words):
    gateway = broken_office(make_gateway)
    term = terminal(gateway, width=200, height=50, language=language)
    term.wait(*words, "Problem" if language == "en" else "Неполадки", without=["↓"])

    def table_is_there():
        row = next((line for line in term.screen().split("\n") if line.startswith(" branch3 ")), "")
        return "127.0.0.1:1" in row and "F4" in row

    until(table_is_there, what="the row of branch3 in the table of accounts")
    term.click_on(" branch3 ")
    term.keys("Enter").wait("branch3", "x3@example.ru", "pop3://127.0.0.1:1")


def test_provider_hint_stands_whole_at_each_field_it_is_about(make_gateway, terminal):
    gateway = make_gateway(users={"ivan": {}})
    term = terminal(gateway)
    term.keys("F4").wait("Press a to add one")
    term.keys("a").wait("New account")
    term.type("office@gmail.com")

    def whole():
        return "settings of Gmail" in term.screen().replace("│", " ").replace("\n", " ") or "Gmail." in term.screen()

    until(whole, what="the end of the hint")
    term.keys("Down", "Down").wait("Gmail does not accept the password")
    until(whole, what="the hint at another field")


def test_rule_form_speaks_russian(make_gateway, terminal):
    gateway = make_gateway(users={"ivan": {}})
    term = terminal(gateway, language="ru")
    term.keys("F5", "a").wait("Новое правило")
    term.keys("Down", "Space").wait("‹тема›")
    term.keys("Down", "Space").wait("содержит", "начинается с", without=["contains"])


@pytest.mark.parametrize("language, words", [("en", "Make the file private"), ("ru", "Закрыть файл от посторонних")])
def test_problem_of_a_file_is_mended_or_shown(make_gateway, terminal, language, words):
    gateway = make_gateway(users={"anna": {}, "ivan": {"forward": "ivan"}}, start=False)
    users = gateway.folder / "users.conf"
    users.chmod(0o644)
    assert "chmod 600" in gateway.cli("check").stdout
    term = terminal(gateway, language=language)
    term.wait("users.conf")
    term.keys("/").type("chmod")
    term.keys("Enter", "Enter").wait(words + " (chmod 600)", "[user anna]", "***")
    assert "$y$" not in term.screen()
    term.keys("Enter").wait(without=[words])
    until(lambda: users.stat().st_mode & 0o777 == 0o600, what="the file to be closed")


def test_problem_of_a_file_leads_to_its_row(make_gateway, terminal):
    gateway = make_gateway(users={"anna": {}, "ivan": {"external_alias": "not an address"}}, start=False)
    term = terminal(gateway)
    term.wait("users.conf:")
    term.keys("/").type("users.conf:")
    term.keys("Enter", "Enter").wait("[user ivan]", "> ", "not an address", "Go to Users")
    term.keys("Enter").wait("USER", "ivan", without=["Go to Users"])
    term.keys("Enter").wait("User ivan")
