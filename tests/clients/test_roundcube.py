"""Webmail: Roundcube on the gateway's IMAP and SMTP, in Chromium: log in, read, answer, send, move, search. docs/webmail.md is its set-up."""
import email
import email.policy
import shutil

import pytest

from browser import Browser
from harness.gateway import PASSWORD
from harness.letters import letter
from harness.waiting import until
from roundcube import PAGES, Roundcube

pytestmark = pytest.mark.skipif(not (shutil.which("chromedriver") and shutil.which("php") and PAGES.exists()),
                                reason="roundcube, chromium-driver or php-cli is not installed: tests/clients/run.sh installs them")
ROWS = ("Array.from(document.querySelectorAll('#messagelist tbody tr .subject a')).filter(one => one.offsetParent !== null)"
        ".map(one => one.innerText)")


@pytest.fixture
def office(make_gateway):
    office = make_gateway(users={"ivan": {"full_name": "Иван Петров", "save_sent": "yes"}, "anna": {}})
    for subject, body in (("Отчёт за ноябрь", "Всё готово."), ("second", "text")):
        office.send("anna@office.lan", ["ivan@office.lan"],
                    letter(sender="anna@office.lan", to="ivan@office.lan", subject=subject, body=body, charset="utf-8"))
    until(lambda: len(office.files("ivan")) == 2, 15, "the messages")
    return office


@pytest.fixture(params=["plain", "tls"])
def webmail(request, office, folder):
    """On one computer nothing needs TLS; from another one it is as in docs/webmail.md."""
    settings = {}
    if request.param == "tls":
        options = {"ssl": {"verify_peer": True, "verify_peer_name": False, "cafile": str(office.spool / "tls" / "cert.pem")}}
        settings = {"imap_host": f"ssl://127.0.0.1:{office.imaps_port}", "smtp_host": f"tls://127.0.0.1:{office.submission_port}",
                    "imap_conn_options": options, "smtp_conn_options": options}
    webmail = Roundcube(folder, office, **settings)
    yield webmail
    webmail.close()


@pytest.fixture
def browser(folder):
    browser = Browser(folder)
    yield browser
    browser.close()


def log_in(browser, webmail, password=PASSWORD):
    browser.go(webmail.url)
    browser.type("#rcmloginuser", "ivan")
    browser.type("#rcmloginpwd", password)
    browser.click("#rcmloginsubmit")


def message(folder, office):
    """The only one, once it is there."""
    until(lambda: office.files(f"ivan/.{folder}"), 30, f"a message in {folder}")
    path, = office.files(f"ivan/.{folder}")
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def test_read_answer_send_move_and_search(office, webmail, browser):
    log_in(browser, webmail, "wrong")
    browser.wait("document.body.innerText.includes('Login failed')", "the refusal")
    log_in(browser, webmail)
    browser.wait(f"{ROWS}.length == 2", "two messages")
    folders = browser.run("return Array.from(document.querySelectorAll('#mailboxlist li')).map(one => one.className.split(' ')).flat()")
    assert {"inbox", "drafts", "sent", "junk", "trash"} <= set(folders) and "Archive" in browser.text(), folders

    uid = browser.run("return Object.values(rcmail.message_list.rows).find(row => row.obj.innerText.includes('Отчёт за ноябрь')).uid")
    browser.go(f"{webmail.url}?_task=mail&_mbox=INBOX&_uid={uid}&_action=show")
    browser.wait("document.body.innerText.includes('Всё готово.')", "the text")
    with office.imap("ivan") as client:
        client.select()
        assert client.search(None, "SEEN")[1][0].split() == [str(uid).encode()]

    browser.go(f"{webmail.url}?_task=mail&_mbox=INBOX&_reply_uid={uid}&_action=compose")
    browser.type("#composebody", "Спасибо.")
    browser.click(".formbuttons .send")
    sent, = office.mailbox_when("anna", 1, 60)
    sent = email.message_from_bytes(sent, policy=email.policy.default)
    assert sent["Subject"] == "Re: Отчёт за ноябрь" and sent["From"].addresses[0].addr_spec == "ivan@office.lan"
    assert "Спасибо." in sent.get_content() and "logged in as ivan" in sent.as_string()
    until(lambda: office.files("ivan/.Sent"), 30, "the copy in Sent")
    browser.wait("document.querySelector('#messagelist') || location.search.includes('_action=show')", "the page after it")
    assert message("Sent", office)["Subject"] == "Re: Отчёт за ноябрь"  # one: the gateway's copy is the one that Roundcube appends
    with office.imap("ivan") as client:
        client.select()
        until(lambda: client.search(None, "ANSWERED")[1][0].split() == [str(uid).encode()], 30, "the mark of the answer")

    browser.go(f"{webmail.url}?_task=mail&_mbox=INBOX")
    browser.wait(f"{ROWS}.length == 2", "two messages")
    browser.run("rcmail.message_list.select(Object.values(rcmail.message_list.rows).find(row => row.obj.innerText.includes('second')).uid);"
                "rcmail.command('move', 'Archive')")
    browser.wait(f"{ROWS}.length == 1", "one message")
    assert message("Archive", office)["Subject"] == "second"
    browser.run(f"rcmail.message_list.select({uid}); rcmail.command('delete')")
    browser.wait(f"{ROWS}.length == 0", "no message")
    assert message("Trash", office)["Subject"] == "Отчёт за ноябрь"

    browser.go(f"{webmail.url}?_task=mail&_mbox=Trash")
    browser.wait(f"{ROWS}.length == 1", "the message")
    browser.type("#mailsearchform", "ОТЧЕТ")
    browser.run("rcmail.command('search')")
    browser.wait("document.body.innerText.includes('1 messages found')", "what was found")
    assert all("Login failed" in error for error in webmail.errors()), webmail.errors()


def test_a_message_that_comes_meanwhile_is_shown(office, webmail, browser):
    log_in(browser, webmail)
    browser.wait(f"{ROWS}.length == 2 && document.querySelector('#mailboxlist .inbox .unreadcount').innerText == '2' && !rcmail.busy",
                 "all that the page asks for at first")
    office.send("anna@office.lan", ["ivan@office.lan"], letter(sender="anna@office.lan", subject="news"))
    until(lambda: len(office.files("ivan")) == 3, 15, "the message")
    browser.run("rcmail.command('checkmail')")
    browser.wait(f"{ROWS}.includes('news')", "the new message")
