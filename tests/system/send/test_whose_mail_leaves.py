"""What came from outside and is sent on leaves as it came: no field of it becomes another."""
import re

import pytest

from harness.sink import Sink


@pytest.fixture
def sink():
    server = Sink()
    yield server
    server.stop()


def fields(content):
    return re.findall(rb"(?m)^([A-Za-z-]+):", content.replace(b"\r\n", b"\n").split(b"\n\n")[0])


def forwarding_office(make_gateway, dovecot, account, sink, **more):
    users = {"ivan": {"external_alias": "ivan@branch.example"}, "fwd": {"forward": "somebody@far.example", "keep": "no"}}
    return make_gateway(users=users, accounts={"a": account}, smarthosts={
        "default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none"}}, **more)


def test_a_cr_in_the_header_makes_no_field(make_gateway, dovecot, account, sink):
    dovecot.deliver("office", b"From: a@evil.example\nTo: fwd@office.lan\nSubject: hello\rX-Injected: yes\rBcc: victim@x.example\n"
                              b"Message-ID: <1@evil.example>\nDate: Mon, 23 Nov 2026 10:00:00 +0300\n\nx\n")
    office = forwarding_office(make_gateway, dovecot, account, sink)
    office.session()
    office.cli("queue", "flush")
    content = sink.letters[0].content
    assert b"X-Injected" not in fields(content) and b"Bcc" not in fields(content)
    assert b"Subject: hello X-Injected: yes Bcc: victim@x.example" in content


def test_what_strangers_wrote_is_neither_signed_nor_renamed(make_gateway, dovecot, account, sink, tmp_path):
    """A From of ours can be written by anybody; only what the office itself wrote is vouched for."""
    office = forwarding_office(make_gateway, dovecot, account, sink, start=False)
    with open(office.conf, "a") as conf:
        conf.write(f"\n[dkim branch.example]\nselector = s1\nkey_file = {tmp_path / 'key'}\n")
    assert office.cli("dkim", "branch.example", "--new", "ed25519").returncode == 0
    office.start()
    for number, author in enumerate(("boss@branch.example", "ivan@office.lan")):
        dovecot.deliver("office", f"From: {author}\nTo: fwd@office.lan\nSubject: from {author}\nMessage-ID: <{number}@evil.example>\n"
                                  "Date: Mon, 23 Nov 2026 10:00:00 +0300\n\nx\n".encode())
    office.session()
    office.cli("queue", "flush")
    assert sorted(re.search(rb"From: (\S+)", l.content).group(1) for l in sink.letters) == [b"boss@branch.example", b"ivan@office.lan"]
    assert not any(b"DKIM-Signature" in l.content for l in sink.letters)
    office.send("ivan@office.lan", ["client@bank.ru"], b"From: ivan@office.lan\r\nTo: client@bank.ru\r\nSubject: ours\r\n\r\nx\r\n")
    office.session("--send-only")
    ours = sink.letters[-1].content
    assert b"From: ivan@branch.example" in ours and b"DKIM-Signature" in ours and b"d=branch.example" in ours
