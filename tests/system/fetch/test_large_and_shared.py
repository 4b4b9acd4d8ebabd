"""Stubs for large letters and how the whole is had; one catch-all mailbox for many people; many accounts at once."""
import base64
import collections
import email
import email.policy
import os
import quopri
import re
import threading
from pathlib import Path

import pytest

from harness.gateway import PASSWORD
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.raw import Raw
from harness.waiting import descendants, until
from harness.numbered import in_mailbox

PEOPLE = {"ivan": {"external_alias": "ivan@example.ru"}, "olga": {"external_alias": "olga@example.ru"}}


def account_at(server, **keys):
    return {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y", **keys}


def stub_and_id(office):
    stub = office.mailbox("ivan")[0]
    assert b"X-Lanpost-Stub" in stub and len(stub) < 10_000
    return stub, re.search(rb"\[fetch ([0-9a-z]{20})\]", stub)[1].decode()


def large_letter_office(make_gateway, **keys):
    server = MisbehavingPop3([letter(number=1, body="long\n" * 100_000)])
    office = make_gateway(users=PEOPLE, accounts={"a": account_at(server, max_size="100K", **keys)})
    for _ in range(2):
        office.session()
    assert len(office.files("ivan")) == 1 and len(server.left) == 1
    return office, server


def test_mail_to_the_daemon_brings_the_whole_of_a_large_letter(make_gateway):
    office, server = large_letter_office(make_gateway)
    _, stub_id = stub_and_id(office)
    office.send("ivan@office.lan", ["daemon"], f"Subject: fetch {stub_id}\r\n\r\n")
    until(lambda: any(len(m) > 400_000 for m in office.mailbox("ivan")), 15, office.log()[-2000:])
    until(lambda: server.left == [], 10, "the deletion upstream")
    server.stop()


def test_a_reply_to_the_stub_brings_it_too_and_it_may_stay_on_the_server(make_gateway):
    office, server = large_letter_office(make_gateway, keep_on_server="yes")
    stub, stub_id = stub_and_id(office)
    assert b"Reply-To: daemon@office.lan" in stub
    office.send("ivan@office.lan", ["daemon"], f"Subject: Re: hello [fetch {stub_id}]\r\n\r\nplease\r\n")
    until(lambda: any(len(m) > 400_000 for m in office.mailbox("ivan")), 15, office.log()[-2000:])
    office.session()
    server.stop()
    assert len([m for m in office.mailbox("ivan") if len(m) > 400_000]) == 1 and len(server.left) == 1


PHOTOS = (b"From: Bank <billing@bank.ru>\r\nTo: ivan@example.ru\r\nSubject: photos\r\nMessage-ID: <photos@bank.ru>\r\n"
          b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
          b"Content-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
          + "Вот фотографии.\r\n".encode("koi8-r") +
          b"--b\r\nContent-Type: image/jpeg; name=\"=?utf-8?B?0LTQvtC8LmpwZw==?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
          + b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\r\n" * 4000 + b"--b--\r\n")


@pytest.fixture
def photos(make_gateway):
    server = MisbehavingPop3([PHOTOS])
    office = make_gateway(users=PEOPLE, accounts={"a": account_at(server, max_size="100K")}, sections={"gateway": {"language": "ru"}})
    office.session()
    return office, email.message_from_bytes(office.mailbox("ivan")[0], policy=email.policy.default)


def test_a_stub_shows_text_and_names_what_is_attached(photos):
    text = photos[1].get_content()
    assert "Вот фотографии." in text and "дом.jpg (image/jpeg)" in text
    assert "QUJDREVG" not in text and "--b" not in text
    assert "daemon@office.lan" in text and "billing@bank.ru" in text


def encoded(kind, charset, encoding, body):
    return (f"From: billing@bank.ru\r\nTo: ivan@example.ru\r\nSubject: {kind} {charset}\r\nMessage-ID: <{kind}.{charset}.{encoding}@bank.ru>\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: text/{kind}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n").encode() + body


WORDS = "Счёт за ноябрь: 100 рублей.\r\n"
HTML = f"<html><style>p {{color: red}}</style><p>Счёт за <b>ноябрь</b>: 100&nbsp;рублей.</p><script>no()</script>{'<p>далее</p>' * 8000}</html>\r\n"


def test_the_text_of_a_stub_is_decoded_whatever_its_charset_and_encoding(make_gateway):
    """It breaks off within it."""
    forms = [encoded("plain", "koi8-r", "quoted-printable", quopri.encodestring((WORDS * 4000).encode("koi8-r")).replace(b"\n", b"\r\n")),
             encoded("plain", "windows-1251", "8bit", (WORDS * 4000).encode("cp1251")),
             encoded("plain", "utf-8", "base64", base64.encodebytes((WORDS * 4000).encode()).replace(b"\n", b"\r\n")),
             encoded("html", "utf-8", "base64", base64.encodebytes(HTML.encode()).replace(b"\n", b"\r\n")),
             encoded("html", "koi8-r", "quoted-printable", quopri.encodestring(HTML.replace("><", ">\n<").encode("koi8-r")).replace(b"\n", b"\r\n"))]
    server = MisbehavingPop3(forms)
    office = make_gateway(users=PEOPLE, accounts={"a": account_at(server, max_size="100K")})
    office.session()
    stubs = [email.message_from_bytes(message, policy=email.policy.default) for message in office.mailbox("ivan")]
    server.stop()
    assert len(stubs) == len(forms)
    for stub in stubs:
        text = stub.get_content().replace("\u00a0", " ")
        assert "Its beginning:" in text and "Счёт за ноябрь: 100 рублей." in text, text
        shown = text.split("Its beginning:")[1]
        assert not re.search(r"[A-Za-z0-9+/]{30}|=[0-9A-F]{2}|<p>|color: red|no\(\)|\ufffd", shown), shown


def reply_to(stub, text):
    quote = "".join(f"> {line}\r\n" for line in stub.get_content().splitlines())
    return (f"From: ivan@office.lan\r\nTo: {stub['Reply-To']}\r\nSubject: Re: {stub['Subject']}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"In-Reply-To: {stub['Message-ID']}\r\n\r\n{text}Bank wrote:\r\n{quote}").encode()


def test_a_reply_without_words_brings_the_whole_and_is_eaten(photos):
    office, stub = photos
    office.send("ivan@office.lan", [stub["Reply-To"]], reply_to(stub, ""))
    until(lambda: any(len(message) > 200_000 for message in office.mailbox("ivan")), 20, "the whole message")
    assert not any(b"Bank wrote" in message for message in office.mailbox("ivan"))


def test_an_answer_that_was_meant_for_the_author_comes_back(photos):
    office, stub = photos
    office.send("ivan@office.lan", [stub["Reply-To"]], reply_to(stub, "Thank you very much!\r\n\r\n"))
    until(lambda: any(b"Thank you very much!" in message for message in office.mailbox("ivan")), 20, "the answer")


def test_an_id_that_is_no_stub_starts_nothing(make_gateway):
    office, server = large_letter_office(make_gateway)
    office.send("ivan@office.lan", ["daemon"], "Subject: fetch 1k0xv0th41wnd4q9249t\r\n\r\n")
    until(lambda: any(b"Report of the mail gateway" in m for m in office.mailbox("ivan")), 15, "the report")
    server.stop()
    assert not any(len(m) > 400_000 for m in office.mailbox("ivan"))


def copy(number, delivered_to, to="ivan@example.ru, olga@example.ru", field="Delivered-To"):
    return f"{field}: {delivered_to}\r\n".encode() + letter(number=number).replace(b"To: ivan@example.ru", b"To: " + to.encode())


def catch_all(make_gateway, messages, sessions=1, **keys):
    server = MisbehavingPop3(messages)
    office = make_gateway(users=PEOPLE, accounts={"a": account_at(server, **keys)})
    for _ in range(sessions):
        office.session()
    server.stop()
    assert server.left == []
    return office


def test_each_copy_in_a_catch_all_mailbox_goes_to_its_own_recipient(make_gateway):
    office = catch_all(make_gateway, [copy(1, "ivan@example.ru"), copy(1, "olga@example.ru"),
                                      copy(2, "olga@example.ru", to="list@lists.example.org")],
                       envelope_header="Delivered-To")
    assert in_mailbox(office, "ivan") == collections.Counter([1])
    assert in_mailbox(office, "olga") == collections.Counter([1, 2])


def test_the_providers_prefix_is_cut_off(make_gateway):
    office = catch_all(make_gateway, [copy(1, "mbox-user-olga@example.ru", to="x@lists.example.org")],
                       envelope_header="Delivered-To", envelope_prefix="mbox-user-")
    assert in_mailbox(office, "olga") == collections.Counter([1])


def test_auto_finds_the_field_that_names_one_of_us(make_gateway):
    received = b"Received: from x by mx (Postfix) with ESMTP id 1\r\n\tfor <olga@example.ru>; Mon, 23 Nov 2026 09:00:00 +0300\r\n"
    office = catch_all(make_gateway, [copy(1, "catchall@provider.ru", to="x@lists.example.org").replace(
        b"From:", b"X-Original-To: ivan@example.ru\r\nFrom:", 1),
        b"Delivered-To: catchall@provider.ru\r\n" + received + letter(number=2).replace(b"To: ivan", b"To: nobody")],
        envelope_header="auto")
    assert in_mailbox(office, "ivan") == collections.Counter([1])
    assert in_mailbox(office, "olga") == collections.Counter([2])


def test_copies_that_do_not_say_for_whom_they_are_are_not_doubled(make_gateway):
    both = letter(number=1).replace(b"To: ivan@example.ru", b"To: ivan@example.ru, olga@example.ru")
    other = b"Received: from b by c id 2; Mon, 23 Nov 2026 09:00:00 +0300\r\n" + both
    office = catch_all(make_gateway, [both, other], sessions=2, envelope_header="auto")
    assert in_mailbox(office, "ivan") == collections.Counter([1])
    assert in_mailbox(office, "olga") == collections.Counter([1])


@pytest.mark.parametrize("to, body", [("olga", "Hello\n"), ("ivan", "Another\n"), ("olga", "Another\n")])
def test_another_message_with_the_same_id_is_no_copy(make_gateway, to, body):
    """By a mistake of the program that wrote both, or by somebody who wants the second one to get lost."""
    one, other = letter(number=1, body="Hello\n"), letter(number=1, body=body, to=f"{to}@example.ru")
    office = catch_all(make_gateway, [one, other], envelope_header="auto")
    assert in_mailbox(office, "ivan") + in_mailbox(office, "olga") == collections.Counter([1, 1])


@pytest.mark.parametrize("field", [b"Content-Type: multipart/mixed; boundary=nothing", b"Reply-To: thief@example.com", b"not a field"])
def test_a_forged_copy_that_shows_something_else_keeps_nothing_out(make_gateway, field):
    right = letter(number=1)
    office = catch_all(make_gateway, [field + b"\r\n" + right, right], envelope_header="auto")
    assert in_mailbox(office, "ivan") == collections.Counter([1, 1])


def test_a_hundred_accounts_of_which_one_is_dead(make_gateway):
    servers = [MisbehavingPop3([letter(number=n)]) for n in range(1, 100)]
    accounts = {f"a{n}": account_at(server) for n, server in enumerate(servers)}
    dead = MisbehavingPop3([], "hangs_before_greeting")
    office = make_gateway(users=PEOPLE, accounts={**accounts, "dead": {**account_at(dead), "timeout": "1h"}})
    office.cli("session", "--no-wait")
    until(lambda: len(office.files("ivan")) == 99, 30, office.log()[-2000:])
    for server in [*servers, dead]:
        server.stop()
    office.kill_all()
    assert in_mailbox(office.start(), "ivan") == collections.Counter(range(1, 100))


def test_accounts_at_one_server_wait_for_each_other(make_gateway):
    server = MisbehavingPop3([letter(number=n) for n in range(1, 4)])
    office = make_gateway(users=PEOPLE, accounts={f"a{n}": account_at(server) for n in range(6)},
                          sections={"line": {"max_per_server": 1}})
    office.session()
    server.stop()
    assert server.most_at_once <= 2  # the server notices a goodbye a moment later


def peak_memory(office, run):
    """The most that any process of the gateway had in memory while run() worked, in MiB."""
    most, over = 0, threading.Event()

    def watch():
        nonlocal most
        while not over.wait(0.01):
            for pid in descendants(office.process.pid):
                try:
                    text = Path(f"/proc/{pid}/status").read_text()
                    most = max(most, int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024)
                except (OSError, TypeError):
                    pass

    thread = threading.Thread(target=watch)
    thread.start()
    run()
    over.set()
    thread.join()
    return most


def test_a_message_of_100_mib_is_streamed(make_gateway, dovecot, account):
    dovecot.deliver("office", letter(number=1, body=("y" * 70 + "\n") * 1_480_000))
    office = make_gateway(users=PEOPLE, accounts={"a": account})
    assert peak_memory(office, office.session) < 33
    assert len(office.files("ivan")) == 1 and dovecot.left("office") == []


def test_after_session_timeout_the_rest_waits_for_the_next_one(make_gateway):
    server = MisbehavingPop3([letter(number=n) for n in range(1, 41)], "answers_retr_after_a_while")
    office = make_gateway(users=PEOPLE, accounts={"a": account_at(server, session_timeout="1s")})
    office.session()
    first = len(office.files("ivan"))
    assert 0 < first < 40
    server.misdeed = lambda event, argument, connection: None
    office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter(range(1, 41)) and server.left == []


@pytest.mark.slow
def test_a_byte_now_and_then_holds_up_nobody(make_gateway):
    slow = MisbehavingPop3([letter(number=n) for n in (1, 2)], "sends_a_byte_at_a_time")
    quick = MisbehavingPop3([letter(number=n) for n in (3, 4)])
    office = make_gateway(users=PEOPLE, accounts={"slow": account_at(slow, session_timeout="3s"),
                                                  "quick": account_at(quick)})
    office.cli("session", timeout=90)
    assert in_mailbox(office, "ivan") == collections.Counter([3, 4]) and quick.left == []
    slow.misdeed = lambda event, argument, connection: None
    office.session()
    slow.stop()
    quick.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1, 2, 3, 4]) and slow.left == []


def test_a_provider_may_have_an_ipv6_address(make_gateway):
    try:
        server = MisbehavingPop3([letter(number=1)], host="::1")
    except OSError:
        pytest.skip("this machine has no ::1")
    office = make_gateway(users=PEOPLE, accounts={"six": {**account_at(server), "url": f"pop3://[::1]:{server.port}"}})
    office.session()
    server.stop()
    assert in_mailbox(office, "ivan") == collections.Counter([1])


def test_a_message_that_is_cut_while_it_is_read_breaks_one_connection(make_gateway):
    office = make_gateway(users=PEOPLE)
    office.send("olga@office.lan", ["ivan@office.lan"], letter(number=1, body=("z" * 70 + "\n") * 300_000))
    until(lambda: len(office.files("ivan")) == 1, 20, "delivery")
    other = office.pop3("olga")
    reader = Raw(office.pop3_port)
    for command in (b"USER ivan", b"PASS " + PASSWORD.encode()):
        reader.send(command + b"\r\n")
        assert reader.line().startswith(b"+OK")
    reader.send(b"RETR 1\r\n")
    assert reader.line().startswith(b"+OK")  # the rest waits for us in the gateway
    os.truncate(office.files("ivan")[0], 1000)
    assert not reader.rest().endswith(b"\r\n.\r\n")
    reader.close()
    assert other.noop().startswith(b"+OK")  # everybody else goes on
    other.quit()
    until(lambda: "event=message-unreadable" in office.log(), 10, "a word in the log")
    assert "event=lan-ended" not in office.log()
