"""`trace` finds what came in by whatever people remember of it, and tells its way: the picture of the README."""
import json
import re

import pytest

from harness.misbehaving import MisbehavingPop3
from harness.waiting import until

INVOICE = ("Return-Path: <bounces+42@mailer.bank.example>\r\n"
           "Delivered-To: box17@provider.example\r\n"
           "From: =?utf-8?B?0JHQsNC90Lo=?= <billing@bank.example>\r\n"
           "To: office@example.ru\r\nCc: archive@example.ru, =?koi8-r?B?9Q==?= <third@example.ru>\r\n"
           "Subject: =?utf-8?B?0KHRh9GR0YIg0L3QsCDQvtC/0LvQsNGC0YMgMTE4?=\r\n"
           "Message-ID: <118.invoice@bank.example>\r\nDate: Mon, 23 Nov 2026 08:20:00 +0300\r\n\r\ntext\r\n").encode()
OTHER = (b"From: x@elsewhere.example\r\nTo: y@elsewhere.example\r\nSubject: hello\r\nMessage-ID: <1@elsewhere.example>\r\n\r\n\r\n")


@pytest.fixture
def office(make_gateway):
    server = MisbehavingPop3([INVOICE, OTHER])
    office = make_gateway(
        users={"buh": {"forward": "away@forward.example"}, "ivan": {}}, rules={"invoices": {"when": 'subject contains "счёт"', "deliver": "buh"}},
        accounts={"branch": {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y"}})
    office.session("--fetch-only")
    until(lambda: len(office.files("buh")) == 1, 10, "delivery")
    return office


def found(office, *words):
    done = office.cli("trace", *words, "--json")
    return [message["message_id"] for message in json.loads(done.stdout)] if done.returncode == 0 else []


def test_what_has_happened_before_it_was_asked_is_there(office):
    """Also of a message of which the journal knows something already: the newest events are still in the log."""
    assert "removed" not in office.cli("trace", "118.invoice@bank.example").stdout
    office.empty("buh")
    assert "removed" in office.cli("trace", "118.invoice@bank.example").stdout


@pytest.mark.parametrize("words", [
    "billing@bank.example", "bounces+42@mailer.bank.example", "office@example.ru", "archive@example.ru", "third@example.ru",
    "box17@provider.example", "buh", "away@forward.example", "rule invoices", "invoices", "118.invoice@bank.example", "<118.invoice@bank.example>",
    "счёт 118"])
def test_a_fetched_message_is_found_by(office, words):
    assert found(office, words) == ["<118.invoice@bank.example>"]


def test_an_account_finds_all_that_came_through_it(office):
    assert sorted(found(office, "account branch")) == sorted(["<118.invoice@bank.example>", "<1@elsewhere.example>"])
    assert found(office, "postmaster") and "<1@elsewhere.example>" in found(office, "postmaster")
    assert found(office, "account nosuch") == []


def test_the_picture_of_the_readme(office):
    lines = office.cli("trace", "счёт").stdout.splitlines()
    assert re.fullmatch(r"[0-9a-z]{20}  \d+ B, from <billing@bank\.example, bounces\+42@mailer\.bank\.example> to "
                        r"office@example\.ru, archive@example\.ru, third@example\.ru, box17@provider\.example", lines[0])
    assert lines[1] == "  Subject: Счёт на оплату 118"
    assert any(re.search(r"accepted .*account branch", line) for line in lines)
    assert any(re.search(r'delivered +buh: rule invoices: subject contains "счёт" matched "Счёт"', line) for line in lines)


def test_what_nobody_knows_is_said(office):
    done = office.cli("trace", "nobody@nowhere.example")
    assert done.returncode == 1 and "no message matches" in done.stderr


def test_mail_of_the_lan_keeps_its_envelope(office):
    office.send("ivan@office.lan", ["buh@office.lan"], b"From: Someone <someone@else.example>\r\nSubject: lan\r\n"
                b"Message-ID: <lan@office.lan>\r\n\r\n")
    until(lambda: found(office, "ivan@office.lan") == ["<lan@office.lan>"], 10, "the journal")
    assert found(office, "buh@office.lan") == ["<lan@office.lan>"]
